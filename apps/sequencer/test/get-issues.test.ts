import { createLedgerDatabase, startSequencer, valuesIn } from './sequencer'

let database: Awaited<ReturnType<typeof createLedgerDatabase>>
beforeAll(async () => void (database = await createLedgerDatabase()))
afterAll(() => database.drop())

const paths = ['/api/v1/next/SG', '/v1/sequence', '/api/v1/sequence/next']
const place = { site_id: 'site-1', partition_id: 'partition-a' }

test('with SEQUENCER_GET_ISSUES=false no GET issues, POST does, and the documents say so', async () => {
  const { api, stop } = await startSequencer(database, { SEQUENCER_GET_ISSUES: 'false' })
  for (const path of paths) {
    for (const method of ['GET', 'HEAD']) {
      const { status, headers } = await api.request({ method, path: `${path}?client_id=image` })
      expect([method, path, status, headers.get('allow')]).toEqual([method, path, 405, 'POST'])
    }
    expect((await api.post(path, path.endsWith('/sequence/next') ? place : {})).status).toBe(200)
  }
  const issuing = Object.entries(
    (await api.get('/openapi.json')).body.paths as Record<string, object>,
  ).filter(([path]) => /next|v1\/sequence$/.test(path))
  expect(issuing.map(([, methods]) => Object.keys(methods))).toEqual([['post'], ['post'], ['post']])
  await stop()
  for (const prefix of ['SG', 'DEFAULT', 'GLOBAL']) expect(await valuesIn(database, prefix)).toEqual([1])
})

test('the simplest call takes POST too, with nothing or an empty object', async () => {
  const { api, stop } = await startSequencer(database)
  const values = [
    await api.get('/v1/sequence'),
    await api.post('/v1/sequence'),
    await api.post('/v1/sequence', {}),
  ]
  expect(values.map(({ body }) => body.sequence as number)).toEqual([2, 3, 4])
  expect((await api.post('/v1/sequence', { count: 2 })).status).toBe(400)
  const plain = { rawBody: 'x', headers: { 'content-type': 'text/plain' } }
  expect((await api.request({ method: 'POST', path: '/v1/sequence', ...plain })).status).toBe(415)
  await stop()
})
