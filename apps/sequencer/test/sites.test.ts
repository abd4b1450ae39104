import { createHash } from 'node:crypto'
import { Client } from 'pg'
import { until, type ApiAnswer, type TestDatabase } from '@ordinal/testing'
import { createLedgerDatabase, queryAsAdmin, startSequencer, upTo } from './sequencer'
import { bearer, secret } from './tokens'

const machineKey = 'k'.repeat(43)
const env = {
  JWT_SECRET: secret,
  API_KEYS: `shop:${createHash('sha256').update(machineKey).digest('hex')}`,
}

let database: TestDatabase & { runtimeUrl: string }
let sequencer: Awaited<ReturnType<typeof startSequencer>>
let headers: Record<string, string>

beforeAll(async () => void (headers = await bearer('admin')))
beforeEach(async () => {
  database = await createLedgerDatabase()
  sequencer = await startSequencer(database, env)
})
afterEach(async () => {
  await sequencer.stop()
  await database.drop()
})

const add = (body: object) => sequencer.api.post('/api/v1/sites', body, { headers })
const change = (siteId: string, body: object, more: Record<string, string> = {}) =>
  sequencer.api.put(`/api/v1/sites/${siteId}`, body, { headers: { ...headers, ...more } })
const read = (siteId: string) => sequencer.api.get(`/api/v1/sites/${siteId}`, { headers })
const remove = (siteId: string, more: Record<string, string> = {}) =>
  sequencer.api.delete(`/api/v1/sites/${siteId}?reason=closed`, { headers: { ...headers, ...more } })
const draw = async (site_id: string, partition_id: string, of = sequencer) => {
  const { body } = await of.api.post('/api/v1/sequence/next', { site_id, partition_id })
  return (body.sequence_number ?? body.code) as number | string
}
const outcome = ({ status, body }: ApiAnswer) => [status, body.code]

test('there are two sites with two partitions each from the first start', async () => {
  const { body } = await sequencer.api.get('/api/v1/sites', { headers })
  const first = {
    version: 1,
    partitions: ['partition-a', 'partition-b'],
    simulation: true,
    active: true,
    created_at: expect.any(String),
    created_by: 'ordinal',
    reason: 'the first start',
  }
  expect(body.data).toEqual([
    { site_id: 'site-1', ...first },
    { site_id: 'site-2', ...first },
  ])
})

test('a site that is added draws at once, and what was not said is as it usually is', async () => {
  const { status, body, headers: got } = await add({ site_id: 'berlin', partitions: ['p.1'] })
  expect(status).toBe(201)
  expect(body).toMatchObject({ version: 1, simulation: true, active: true, created_by: 'ada', reason: null })
  expect([got.get('etag'), got.get('location')]).toEqual(['"1"', '/api/v1/sites/berlin'])
  expect(await draw('berlin', 'p.1')).toBe(1)
  expect(outcome(await add({ site_id: 'berlin', partitions: ['p.2'] }))).toEqual([409, 'site_exists'])
})

test('a change is a version more, with who made it and why, and counts at once', async () => {
  const { body, headers: got } = await change('site-1', { partitions: ['partition-b', 'c'], reason: 'moved' })
  expect(body).toMatchObject({
    version: 2,
    partitions: ['partition-b', 'c'],
    created_by: 'ada',
    reason: 'moved',
  })
  expect(got.get('etag')).toBe('"2"')
  expect(await draw('site-1', 'partition-a')).toBe('site_unknown')
  expect(await draw('site-1', 'c')).toBe(1)
  expect((await change('site-1', { simulation: true, reason: 'nothing' })).body.version).toBe(2)
  expect((await change('site-1', { simulation: false })).body).toMatchObject({
    version: 3,
    partitions: ['partition-b', 'c'],
    simulation: false,
  })
  const { versions } = (await read('site-1')).body
  expect(versions.map(({ version }: { version: number }) => version)).toEqual([3, 2, 1])
})

test('a site that was deleted draws nothing, and goes on when it is added again', async () => {
  expect(await draw('site-1', 'partition-a')).toBe(1)
  expect((await remove('site-1')).status).toBe(204)
  expect(await draw('site-1', 'partition-a')).toBe('site_unknown')
  expect((await read('site-1')).body).toMatchObject({ version: 2, active: false, reason: 'closed' })
  expect(outcome(await remove('site-1'))).toEqual([404, 'site_not_found'])
  expect(outcome(await change('site-1', { simulation: false }))).toEqual([404, 'site_not_found'])
  const list = (query: string) => sequencer.api.get(`/api/v1/sites${query}`, { headers })
  expect((await list('?active=true')).body.data).toHaveLength(1)
  const page = (await list('?page=2&page_size=1')).body
  expect(page).toMatchObject({ data: [{ site_id: 'site-2' }], pagination: { total: 2, total_pages: 2 } })
  expect((await add({ site_id: 'site-1', partitions: ['partition-a'] })).body.version).toBe(3)
  expect(await draw('site-1', 'partition-a')).toBe(2)
})

test('another instance knows a new site at once, and a change within a second or so', async () => {
  const other = await startSequencer(database, env)
  expect(await draw('site-1', 'partition-a', other)).toBe(1)
  await add({ site_id: 'new', partitions: ['p'] })
  expect(await draw('new', 'p', other)).toBe(2)
  await remove('site-1')
  await until(async () => (await draw('site-1', 'partition-a', other)) === 'site_unknown')
  await other.stop()
})

test('with If-Match only the version that was read is changed or deleted', async () => {
  expect(outcome(await change('site-1', { simulation: false }, { 'If-Match': '"7"' }))).toEqual([
    412,
    'version_mismatch',
  ])
  expect((await change('site-1', { simulation: false }, { 'If-Match': '"1"' })).status).toBe(200)
  expect(outcome(await remove('site-1', { 'If-Match': '"1"' }))).toEqual([412, 'version_mismatch'])
})

test('of ten changes at once one wins each version, and the others get a conflict', async () => {
  const answers = await Promise.all(upTo(10).map((n) => change('site-1', { partitions: [`p${n}`] })))
  const won = answers.filter(({ status }) => status === 200).length
  expect(won).toBeGreaterThanOrEqual(1)
  const lost = answers.filter(({ status }) => status !== 200).map(outcome)
  expect(lost).toEqual(Array(10 - won).fill([409, 'site_changed']))
  const versions = await queryAsAdmin<{ version: number }>(
    database,
    `SELECT version FROM sites WHERE site_id = 'site-1' ORDER BY version`,
  )
  expect(versions.map(({ version }) => version)).toEqual(upTo(won + 1))
})

test.each([
  [{ site_id: 'a b', partitions: ['p'] }],
  [{ site_id: 'x'.repeat(65), partitions: ['p'] }],
  [{ site_id: 'x' }],
  [{ site_id: 'x', partitions: [] }],
  [{ site_id: 'x', partitions: ['p', 'p'] }],
  [{ site_id: 'x', partitions: [''] }],
  [{ site_id: 'x', partitions: upTo(101).map(String) }],
  [{ site_id: 'x', partitions: ['p'], simulation: 'no' }],
  [{ site_id: 'x', partitions: ['p'], active: false }],
  [{ site_id: 'x', partitions: ['p'], version: 7 }],
  [{ site_id: 'x', partitions: ['p'], created_by: 'eve' }],
])('%.60j is no site', async (body) => {
  expect(outcome(await add(body))).toEqual([400, 'validation_failed'])
  expect(outcome(await read('x'))).toEqual([404, 'site_not_found'])
})

test.each([
  ['GET', '/api/v1/sites', undefined],
  ['GET', '/api/v1/sites/site-1', undefined],
  ['POST', '/api/v1/sites', { site_id: 'new', partitions: ['p'] }],
  ['PUT', '/api/v1/sites/site-1', { simulation: false }],
  ['DELETE', '/api/v1/sites/site-2', undefined],
])('%s %s needs a role: viewers read, administrators write', async (method, path, body) => {
  const ask = async (headers: Record<string, string>) =>
    outcome(await sequencer.api.request({ method, path, body, headers }))
  expect(await ask({})).toEqual([401, 'authentication_required'])
  const refused = [{ 'X-API-Key': machineKey }, await bearer('viewer'), await bearer('operator')]
  for (const headers of refused) expect((await ask(headers))[0]).toBe(method === 'GET' ? 200 : 403)
  expect((await ask(headers))[0]).toBeLessThan(300)
})

test('the database takes only the version that follows, and changes nothing, whoever asks', async () => {
  const as = async (url: string, sql: string) => {
    const client = new Client(url)
    await client.connect()
    return client.query(sql).finally(() => client.end())
  }
  const insert = (version: number) =>
    `INSERT INTO sites (site_id, version, partitions, created_by) VALUES ('site-1', ${version}, '{p}', 'x')`
  for (const version of [0, 1, 3])
    await expect(as(database.url, insert(version))).rejects.toMatchObject({ code: 'OR003' })
  await expect(as(database.url, `UPDATE sites SET simulation = false`)).rejects.toThrow('is append-only')
  await expect(as(database.runtimeUrl, insert(2))).rejects.toMatchObject({ code: '42501' })
  const call = `SELECT add_site('site-1', 2, '{p}', true, true, 'x', NULL, NULL)`
  await as(database.runtimeUrl, call)
  await expect(as(database.runtimeUrl, call)).rejects.toMatchObject({ code: 'OR003' })
})
