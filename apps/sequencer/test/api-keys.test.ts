import { createHash } from 'node:crypto'
import { idOfKey } from '@ordinal/api-keys'
import {
  callersOf,
  createCutProxy,
  until,
  type ApiAnswer,
  type TestCallers,
  type TestDatabase,
} from '@ordinal/testing'
import { createLedgerDatabase, queryAsAdmin, startSequencer } from './sequencer'

type Headers = Record<string, string>

let database: TestDatabase & { runtimeUrl: string }
let callers: TestCallers
let first: Awaited<ReturnType<typeof startSequencer>>
let second: typeof first
let admin: Headers

beforeAll(async () => {
  callers = await callersOf(['api-keys:follow'])
  admin = callers.admin
  database = await createLedgerDatabase()
  ;[first, second] = await Promise.all([
    startSequencer(database, callers.env),
    startSequencer(database, callers.env),
  ])
})
afterAll(async () => {
  await Promise.all([first.stop(), second.stop()])
  await database.drop()
})

const path = '/api/v1/api-keys'
const outcome = ({ status, body }: ApiAnswer) => [status, body?.code]
/** The answer of a request that makes a key, as one object: the text of the key beside what is known of it. */
const made = (answer: ApiAnswer): ApiAnswer =>
  answer.status === 201 ? { ...answer, body: { ...answer.body.api_key, key: answer.body.key } } : answer
const make = async (body: object, headers: Headers = {}) =>
  made(await first.api.post(path, body, { headers: { ...admin, ...headers } }))
const rotate = async (id: string, body: object, headers: Headers = {}, of = first) =>
  made(await of.api.post(`${path}/${id}/rotate`, body, { headers: { ...admin, ...headers } }))
const revoke = (id: string, of = first) => of.api.delete(`${path}/${id}?reason=leaked`, { headers: admin })
const read = (id: string) => first.api.get(`${path}/${id}`, { headers: admin })
/** The answer; a busy machine may be too late for one, and says so: such a call is repeated. */
const inTime = (ask: () => Promise<ApiAnswer>): Promise<ApiAnswer> =>
  until(async () => {
    const answer = await ask()
    return answer.body?.code !== 'database_unavailable' && answer
  })
/** What a call with the key is answered with. */
const use = async (key: string, of = first) =>
  (await of.api.get('/api/v1/status/SG', { headers: { 'X-API-Key': key } })).status
const verify = async () =>
  (await first.api.get('/api/v1/audit/verify', { headers: admin })).body as { fits: boolean }

test('a key that is made is shown once, works at once, and soon at the other instance', async () => {
  const { status, body, headers } = await make({ name: 'erp', scopes: ['numbers:read'], reason: 'ticket 1' })
  expect(status).toBe(201)
  expect(body).toMatchObject({ name: 'erp', scopes: ['numbers:read'], state: 'active', created_by: 'anna' })
  expect(headers.get('cache-control')).toBe('no-store')
  expect(headers.get('location')).toBe(`${path}/${body.id}`)
  expect(idOfKey(body.key)).toBe(body.id)
  expect(await use(body.key)).toBe(200)
  await until(async () => (await use(body.key, second)) === 200)

  const issued = await first.api.post('/api/v1/next/SG', {}, { headers: { 'X-API-Key': body.key } })
  expect(outcome(issued)).toEqual([403, 'scope_missing'])
  const listed = await first.api.get(path, { headers: admin })
  expect(JSON.stringify([listed.body, (await read(body.id)).body])).not.toContain(body.key)
})

test('the key is nowhere: not in the database, an export or a log line, and neither is one that is wrong', async () => {
  const { body } = await make({ name: 'secretive' })
  const wrong = `${body.key.slice(0, -1)}${body.key.endsWith('0') ? '1' : '0'}`
  expect(await use(wrong)).toBe(401)
  // As a mistake would have it.
  const asked = await first.api.get(`/api/v1/numbers/${body.key}`, { headers: admin })
  expect(asked.status).toBe(404)
  const rows = await queryAsAdmin<{ row: string }>(
    database,
    `SELECT k::text AS row FROM api_keys k UNION ALL SELECT r::text FROM register r`,
  )
  const exported = await first.api.get('/api/v1/audit/export', { headers: admin })
  const secret = body.key.slice(-46, -6)
  const all = JSON.stringify([rows, exported.body, first.lines, second.lines])
  expect(all).toContain(createHash('sha256').update(body.key).digest('hex'))
  expect(all).not.toContain(secret)
})

test('a key that is rotated: both are valid during the overlap, and the old one ends after it', async () => {
  const old = (await make({ name: 'shop', scopes: ['numbers:issue'] })).body
  const { status, body } = await rotate(old.id, { overlap_seconds: 600 })
  expect(status).toBe(201)
  expect(body).toMatchObject({ name: 'shop', scopes: ['numbers:issue'], replaces: old.id, expires_at: null })
  expect([await use(old.key), await use(body.key)]).toEqual([200, 200])

  const { body: third } = await rotate(body.id, { overlap_seconds: 1 })
  const ends = (await read(body.id)).body.expires_at as string
  await until(async () => (await use(body.key)) === 401)
  expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(ends))
  expect([await use(old.key), await use(third.key)]).toEqual([200, 200])
  expect((await read(body.id)).body.state).toBe('expired')
  expect(outcome(await rotate(body.id, { overlap_seconds: 1 }))).toEqual([409, 'api_key_ended'])
})

test('an overlap never makes a key live longer', async () => {
  const expires_at = new Date(Date.now() + 3_600_000).toISOString()
  const old = (await make({ name: 'short', expires_at })).body
  await rotate(old.id, { overlap_seconds: 86_400 })
  expect((await read(old.id)).body.expires_at).toBe(expires_at)
})

test('a key that is rotated ends when the old one would have, unless the rotation says otherwise', async () => {
  const expires_at = new Date(Date.now() + 3_600_000).toISOString()
  const old = (await make({ name: 'ending', expires_at })).body
  expect((await rotate(old.id, { overlap_seconds: 60 })).body.expires_at).toBe(expires_at)
  const other = (await make({ name: 'ending', expires_at })).body
  expect((await rotate(other.id, { overlap_seconds: 60, expires_at: null })).body.expires_at).toBeNull()
})

test('a key that is revoked ends here at once, at the other instance soon, and with its streams; it stays so', async () => {
  const { id, key } = (await make({ name: 'leaky' })).body
  await until(async () => (await use(key, second)) === 200)
  const headers = { 'X-API-Key': key }
  const listening = await fetch(`${second.url}/api/v1/stream`, { headers })
  expect(listening.status).toBe(200)
  expect((await revoke(id)).status).toBe(204)
  expect(await use(key)).toBe(401)
  // Without its end this goes on for as long as the test may take.
  await listening.text().catch(() => undefined)
  expect(await use(key, second)).toBe(401)

  expect((await revoke(id)).status).toBe(204)
  const expires_at = new Date(Date.now() + 60_000).toISOString()
  const revived = await first.api.put(`${path}/${id}`, { expires_at }, { headers: admin })
  expect(outcome(revived)).toEqual([409, 'api_key_ended'])
  await expect(
    queryAsAdmin(
      database,
      `INSERT INTO api_keys (id, version, name, sha256, active, created_at, created_by)
       SELECT id, version + 1, name, sha256, true, now(), 'x' FROM api_keys WHERE id = $1 AND NOT active`,
      [id],
    ),
  ).rejects.toThrow('has ended')
  expect((await read(id)).body).toMatchObject({ state: 'revoked', reason: 'leaked', changed_by: 'anna' })
})

test('a key ends at the time that it is given, and that can be changed until then', async () => {
  const { id, key, version } = (await make({ name: 'timed' })).body
  const change = (expires_at: string | null, headers: Headers = {}) =>
    first.api.put(`${path}/${id}`, { expires_at }, { headers: { ...admin, ...headers } })
  expect(outcome(await change(new Date(Date.now() - 1).toISOString()))).toEqual([400, 'validation_failed'])
  const later = new Date(Date.now() + 3_600_000).toISOString()
  expect(outcome(await change(later, { 'If-Match': '"7"' }))).toEqual([412, 'version_mismatch'])
  const { body, headers } = await change(later, { 'If-Match': `"${version}"` })
  expect([body.expires_at, headers.get('etag')]).toEqual([later, '"2"'])
  expect(await use(key)).toBe(200)
  // Later than a request takes to arrive: what is over by then is refused.
  const soon = new Date(Date.now() + 4_000).toISOString()
  expect((await change(soon, { 'If-Match': '"2"' })).body.expires_at).toBe(soon)
  await until(async () => (await use(key)) === 401)
  expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(soon))
})

test('a repeated request makes no second key, and says which one it made', async () => {
  const headers = { 'Idempotency-Key': 'make-once' }
  const { body } = await make({ name: 'once', scopes: ['audit:read'] }, headers)
  const again = await make({ name: 'once', scopes: ['audit:read'] }, headers)
  expect(outcome(again)).toEqual([409, 'api_key_shown_before'])
  expect(again.body.detail).toContain(body.id)
  expect(outcome(await make({ name: 'once' }, headers))).toEqual([422, 'idempotency_key_reused'])
  // If its answer was lost nobody has the key, and the remedy gives another in its place.
  const remedy = await rotate(body.id, { overlap_seconds: 0 })
  expect([remedy.status, await use(body.key), (await read(body.id)).body.state]).toEqual([
    201,
    401,
    'expired',
  ])

  const keyed = { 'Idempotency-Key': 'rotate-once' }
  const answers = await Promise.all(
    Array.from({ length: 6 }, (_, n) =>
      rotate(remedy.body.id, { overlap_seconds: 60 }, keyed, n % 2 ? first : second),
    ),
  )
  const codes = answers.map(outcome).map(String).sort()
  expect(codes).toEqual(['201,', ...Array.from({ length: 5 }, () => '409,api_key_shown_before')])
  const rows = await queryAsAdmin<{ id: string }>(
    database,
    `SELECT id FROM api_keys WHERE replaces = $1 AND version = 1`,
    [remedy.body.id],
  )
  expect(rows).toHaveLength(1)
})

test.each(['before', 'after', 'midway'] as const)(
  'a connection that is cut %s the commit: there is one key at most, and whoever asked for it gets it',
  async (moment) => {
    const url = new URL(database.runtimeUrl)
    const proxy = await createCutProxy({ host: url.hostname, port: Number(url.port) })
    url.port = String(proxy.port)
    const instance = await startSequencer({ ...database, runtimeUrl: url.href }, callers.env)
    try {
      const name = `cut-${moment}`
      const headers = { ...admin, 'Idempotency-Key': name }
      const ask = async () => made(await instance.api.post(path, { name }, { headers }))
      proxy.cutAt('add_api_key', moment)
      const asked = await ask()
      expect(proxy.cuts).toBe(1)
      const got = asked.status === 503 ? await ask() : asked
      expect([asked.status, got.status]).toEqual([moment === 'before' ? 503 : 201, 201])
      const rows = await queryAsAdmin(database, 'SELECT id FROM api_keys WHERE name = $1', [name])
      expect([rows, await use(got.body.key, instance)]).toEqual([[{ id: got.body.id }], 200])
    } finally {
      await instance.stop()
      await proxy.close()
    }
  },
)

test('of changes at once one is made and the others are refused, but a revocation always is carried out', async () => {
  const { id, key } = (await make({ name: 'busy' })).body
  const both = [first, second]
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, n) => inTime(() => rotate(id, { overlap_seconds: 60 }, {}, both[n % 2]))),
  )
  const codes = answers.map(outcome).map(String)
  expect(codes.filter((code) => code === '201,')).not.toHaveLength(0)
  expect(codes.filter((code) => !/^(201,|409,api_key_changed)$/.test(code))).toEqual([])

  const racing = await Promise.all([
    ...Array.from({ length: 4 }, (_, n) =>
      inTime(() => rotate(id, { overlap_seconds: 60 }, {}, both[n % 2])),
    ),
    inTime(() => revoke(id, first)),
    inTime(() => revoke(id, second)),
  ])
  expect(racing.slice(4).map(({ status }) => status)).toEqual([204, 204])
  await until(async () => (await use(key)) === 401 && (await use(key, second)) === 401)
  expect((await read(id)).body.state).toBe('revoked')
})

test.each([
  ['a name that is reserved', { name: 'sequencer' }],
  ['a name that looks like a reserved one', { name: '0rdinal' }],
  ['the own name of whoever makes it', { name: 'Anna' }],
  ['a scope that there is not', { name: 'x', scopes: ['numbers:*'] }],
  ['no scope at all', { name: 'x', scopes: [] }],
  ['a scope twice', { name: 'x', scopes: ['audit:read', 'audit:read'] }],
  ['an end in the past', { name: 'x', expires_at: '2020-01-01T00:00:00Z' }],
  ['a text of its own', { name: 'x', key: 'mine' }],
])('%s is refused', async (_, body) => {
  expect(outcome(await make(body))).toEqual([400, 'validation_failed'])
})

test('texts that only look like keys are 401, and cost no look at the database', async () => {
  const { key, id } = (await make({ name: 'real' })).body as { key: string; id: string }
  const texts = [
    key.toLowerCase(),
    key.slice(0, -1),
    `${key}0`,
    ` ${key} x`,
    `ordinal_${id}_`,
    `ordinal_${id}_${'0'.repeat(46)}`,
    key.replace(id, '0'.repeat(12)),
    `ordinal_${'A'.repeat(8_000)}`,
    '__proto__',
    'constructor',
  ]
  for (const text of texts) expect([text, await use(text)]).toEqual([text, 401])
})

test('the subject of a token is not the name of a key, as long as that is valid', async () => {
  const { id } = (await make({ name: 'vera' })).body
  const asVera = () => first.api.get('/api/v1/status/SG', { headers: callers.viewer })
  expect(outcome(await asVera())).toEqual([401, 'invalid_token'])
  await revoke(id)
  expect((await asVera()).status).toBe(200)
})

test('followers get the keys that have not ended, with nothing new if nothing is', async () => {
  const { id, key } = (await make({ name: 'followed' })).body
  const headers = callers.withScopes('api-keys:follow')
  const { status, body, headers: got } = await first.api.get(`${path}:digests`, { headers })
  expect([status, Number(got.get('age'))]).toEqual([200, expect.any(Number)])
  const sha256 = createHash('sha256').update(key).digest('hex')
  expect(body.data).toContainEqual({ id, name: 'followed', sha256, scopes: null, expires_at: null })
  const etag = got.get('etag')!
  const again = await first.api.get(`${path}:digests`, { headers: { ...headers, 'If-None-Match': etag } })
  expect([again.status, again.headers.get('etag'), again.headers.has('age')]).toEqual([304, etag, true])
  await revoke(id)
  const after = await first.api.get(`${path}:digests`, { headers: { ...headers, 'If-None-Match': etag } })
  expect(after.body.data.map((known: { id: string }) => known.id)).not.toContain(id)
  // Followers ask all day; one that may not is logged.
  await first.api.get(`${path}:digests`, { headers: callers.viewer })
  const logged = () => first.lines.filter((line) => line.includes(`${path}:digests`))
  await until(() => logged().length > 0)
  expect(logged()).toEqual([expect.stringContaining('"status":403')])
})

test('when a key was used is noted when the service ends at the latest, and as followers tell it', async () => {
  const { id, key } = (await make({ name: 'used' })).body
  const third = await startSequencer(database, callers.env)
  await until(async () => (await use(key, third)) === 200)
  expect((await read(id)).body.last_used_at).toBeNull()
  await third.stop()
  const noted = (await read(id)).body.last_used_at as string
  expect(Date.parse(noted)).toBeGreaterThan(Date.now() - 60_000)

  const tell = (last_used_at: string) =>
    first.api.post(
      `${path}:used`,
      {
        uses: [
          { id, last_used_at },
          { id: 'A'.repeat(12), last_used_at },
        ],
      },
      {
        headers: callers.withScopes('api-keys:follow'),
      },
    )
  expect((await tell('2020-01-01T00:00:00Z')).status).toBe(204)
  expect((await read(id)).body.last_used_at).toBe(noted)
  expect((await tell('2999-01-01T00:00:00Z')).status).toBe(204)
  const later = (await read(id)).body.last_used_at as string
  expect(Date.parse(later)).toBeGreaterThan(Date.parse(noted))
  expect(Date.parse(later)).toBeLessThan(Date.now() + 60_000)
})

test('verify passes with keys in the register, and finds a key that was altered, added or taken away by hand', async () => {
  const { id } = (await make({ name: 'audited', scopes: ['numbers:read'] })).body
  expect(await verify()).toMatchObject({ fits: true })
  const tamper = async (sql: string, undo: string) => {
    await queryAsAdmin(database, `ALTER TABLE api_keys DISABLE TRIGGER USER; ${sql}`)
    const found = await verify()
    await queryAsAdmin(
      database,
      `${undo}; ALTER TABLE api_keys ENABLE ALWAYS TRIGGER api_keys_append_only;
      ALTER TABLE api_keys ENABLE ALWAYS TRIGGER api_keys_register;
      ALTER TABLE api_keys ENABLE ALWAYS TRIGGER api_keys_next_version`,
    )
    return JSON.stringify(found)
  }
  const where = `WHERE id = '${id}'`
  const setScopes = (scopes: string) => `UPDATE api_keys SET scopes = ${scopes} ${where}`
  expect(await tamper(setScopes('NULL'), setScopes(`'{numbers:read}'`))).toContain(
    `api key ${id} version 1 was altered: its scopes is not what the register has`,
  )
  const copy = `INSERT INTO api_keys (id, version, name, sha256, created_at, created_by)
    VALUES ('${'B'.repeat(12)}', 1, 'intruder', repeat('ab', 32), now(), 'x')`
  expect(await tamper(copy, `DELETE FROM api_keys WHERE name = 'intruder'`)).toContain(
    'is not in the register: it was added by hand',
  )
  const moved = `UPDATE api_keys SET id = '${'C'.repeat(12)}' ${where}`
  const back = `UPDATE api_keys SET id = '${id}' WHERE id = '${'C'.repeat(12)}'`
  expect(await tamper(moved, back)).toContain(`api key ${id} version 1 is missing, and the register has it`)
  expect(await verify()).toMatchObject({ fits: true })
})

test('while the database is away, known keys go on for as long as allowed, and then are 503', async () => {
  const own = await createLedgerDatabase()
  // They are read every second, and a busy machine pauses for longer.
  const env = { ...callers.env, API_KEYS_MAX_AGE: '6' }
  const instance = await startSequencer(own, env)
  try {
    const { body } = await instance.api.post(path, { name: 'going-on' }, { headers: admin })
    const probe = () => instance.api.get(`${path}:digests`, { headers: { 'X-API-Key': body.key } })
    expect((await probe()).status).toBe(403)
    await queryAsAdmin(own, 'ALTER TABLE api_keys RENAME TO api_keys_away')
    expect((await probe()).status).toBe(403)
    let answer = await probe()
    await until(async () => (answer = await probe()).status === 503)
    expect(outcome(answer)).toEqual([503, 'api_keys_unavailable'])
    expect(answer.headers.get('retry-after')).toBe('2')
    expect((await instance.api.get('/api/v1/status/SG', { headers: callers.machine })).status).toBe(200)
    await queryAsAdmin(own, 'ALTER TABLE api_keys_away RENAME TO api_keys')
    await until(async () => (await probe()).status === 403)
  } finally {
    await instance.stop()
    await own.drop()
  }
})
