import fc from 'fast-check'
import { setUp } from './sample-service'

let running: Awaited<ReturnType<typeof setUp>>
beforeAll(async () => {
  running = await setUp()
})
afterAll(async () => {
  expect(running.logged.of('request failed')).toEqual([])
  await running.tearDown()
})

const root = '/api/v1/demo-widgets'
interface Answered {
  id: number
  name: string
  version: number
}
const create = async (name = 'One') => (await running.api.post(root, { name })).body as Answered

test('what was created is read, changed, listed and deleted', async () => {
  const created = await running.api.post(root, { name: ' The first ' })
  expect([created.status, created.body.name, created.headers.get('etag')]).toEqual([201, 'The first', '"1"'])
  const path = created.headers.get('location')!
  expect((await running.api.get(path)).body).toEqual(created.body)

  const changed = await running.api.patch(path, { name: 'Another' })
  expect([changed.body.name, changed.body.version]).toEqual(['Another', 2])
  const { body: list } = await running.api.get(root)
  expect(list.data).toContainEqual(changed.body)
  expect(list.pagination.total).toBe(list.data.length)

  expect((await running.api.delete(path)).status).toBe(204)
  const { status, body } = await running.api.get(path)
  expect([status, body.code]).toEqual([404, 'demo_widget_not_found'])
  expect((await running.api.delete(path)).status).toBe(404)
})

test('a request with the same key is answered again, and creates nothing', async () => {
  const send = (name: string) =>
    running.api.post(root, { name }, { headers: { 'Idempotency-Key': 'of-this-test' } })
  const answers = await Promise.all(Array.from({ length: 10 }, () => send('Once')))
  for (const { status, body } of answers) expect([status, body]).toEqual([201, answers[0]!.body])
  expect(answers.filter(({ headers }) => headers.get('idempotency-replayed') === null)).toHaveLength(1)
  expect((await send('Other')).body.code).toBe('idempotency_key_reused')
})

test('of twenty who change the version that they read, one does', async () => {
  const { id } = await create()
  const change = () =>
    running.api.request({
      method: 'PATCH',
      path: `${root}/${id}`,
      body: { name: 'Changed' },
      headers: { 'If-Match': '"1"' },
    })
  const answers = await Promise.all(Array.from({ length: 20 }, change))
  expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(19).fill(412)])
})

test('a list by cursor has each one once, in any page size', async () => {
  for (let n = 0; n < 7; n += 1) await create(`Listed ${n}`)
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 9 }), async (size) => {
      const ids: number[] = []
      for (let cursor: string | null = '0'; cursor !== null;) {
        const { body } = await running.api.get(`${root}?cursor=${cursor}&page_size=${size}`)
        ids.push(...(body.data as Answered[]).map(({ id }) => id))
        cursor = body.pagination.next_cursor as string | null
      }
      expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b))
      expect(ids.length).toBeGreaterThanOrEqual(7)
    }),
    { numRuns: 5 },
  )
})

test.each([{}, { name: '' }, { name: 1 }, { name: 'x'.repeat(201) }, { name: 'x', other: 1 }])(
  'a bad request is refused: %j',
  async (body) => {
    const answer = await running.api.post(root, body)
    expect([answer.status, answer.body.code]).toEqual([400, 'validation_failed'])
  },
)
