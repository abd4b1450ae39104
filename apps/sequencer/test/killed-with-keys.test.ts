import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { callersOf, startProgram, until, type TestCallers, type TestDatabase } from '@ordinal/testing'
import { createLedgerDatabase, queryAsAdmin, startSequencer } from './sequencer'

// The sequencer is killed between every two steps of a change of keys, by SIGKILL, and another instance finds what it left.
const making = ['a key is generated', 'a key is committed', 'a changed key is known here']
const ending = ['the end of a key is decided', 'the end of a key is committed', 'a changed key is known here']
const isBefore = (moment: string) => moment === making[0] || moment === ending[0]
// Each test starts a process.
jest.setTimeout(240_000)

const path = '/api/v1/api-keys'
const folder = mkdtempSync(join(tmpdir(), 'ordinal-killed-with-keys-'))
const bundled = (name: string) => join(folder, name, 'main.js')
let callers: TestCallers
let database: TestDatabase & { runtimeUrl: string }
let other: Awaited<ReturnType<typeof startSequencer>>

const bundle = (name: string, ...args: string[]) =>
  execFileSync(process.execPath, ['../../tools/build/src/bundle.mjs', join(folder, name), ...args], {
    cwd: join(__dirname, '..'),
  })

beforeAll(async () => {
  bundle('crashing', '--failpoints')
  callers = await callersOf([])
  database = await createLedgerDatabase()
  other = await startSequencer(database, callers.env)
})
afterAll(async () => {
  await other.stop()
  await database.drop()
  rmSync(folder, { recursive: true })
})

interface Asked {
  method: string
  path: string
  body?: object
  idempotencyKey?: string
}

const headersOf = ({ idempotencyKey }: Asked) => ({
  ...callers.admin,
  ...(idempotencyKey !== undefined && { 'Idempotency-Key': idempotencyKey }),
})

/** An instance of its own process, which dies at this moment of the request if it is one of its moments. */
function startCrashing(moment = '') {
  const { child, ended, port } = startProgram([bundled('crashing')], {
    ...callers.env,
    SEQUENCER_DATABASE_URL: database.runtimeUrl,
    SEQUENCER_MIGRATION_DATABASE_URL: database.url,
    SEQUENCER_PORT: '0',
    SEQUENCER_GRPC_PORT: '0',
    FAILPOINT: moment,
  })
  return {
    /** The status, or undefined if no answer came. */
    async ask(asked: Asked): Promise<number | undefined> {
      const url = `http://127.0.0.1:${await port()}${asked.path}`
      const headers = { 'Content-Type': 'application/json', ...headersOf(asked) }
      const body = asked.body && JSON.stringify(asked.body)
      return fetch(url, { method: asked.method, headers, ...(body && { body }) }).then(
        ({ status }) => status,
        () => undefined,
      )
    },
    async kill(): Promise<void> {
      child.kill('SIGKILL')
      await ended()
    },
    ended,
  }
}

/** Sends a request to an instance that dies at this moment of it. */
async function askAndKill(moment: string, asked: Asked): Promise<void> {
  const { ask, ended } = startCrashing(moment)
  expect(await ask(asked)).toBeUndefined()
  expect((await ended()).signal).toBe('SIGKILL')
}

/** The same request again, at the other instance. */
async function askAgain(asked: Asked) {
  const headers = headersOf(asked)
  if (asked.method === 'DELETE') return other.api.delete(asked.path, { headers })
  const send = asked.method === 'PUT' ? other.api.put : other.api.post
  return send(asked.path, asked.body, { headers })
}

const make = async (name: string) =>
  (await other.api.post(path, { name }, { headers: callers.admin })).body as {
    key: string
    api_key: { id: string }
  }
const use = async (key: string) =>
  (await other.api.get('/api/v1/status/SG', { headers: { 'X-API-Key': key } })).status
const versionsOf = (name: string) =>
  queryAsAdmin<{ id: string; version: number; active: boolean; ends: boolean; replaces: string | null }>(
    database,
    `SELECT id, version, active, expires_at IS NOT NULL AS ends, replaces FROM api_keys WHERE name = $1
     ORDER BY created_at, version`,
    [name],
  )

async function expectLedgerToFit(): Promise<void> {
  const { body } = await other.api.get('/api/v1/audit/verify', { headers: callers.admin })
  expect(body).toMatchObject({ fits: true })
}

/** The refusal names the key whose text is lost, and its remedy gives a key that works in place of it. */
async function expectWayOut(asked: Asked, lost: string): Promise<void> {
  const { status, body } = await askAgain(asked)
  expect([status, body.code]).toEqual([409, 'api_key_shown_before'])
  expect(body.detail).toContain(lost)
  const remedy = { method: 'POST', path: `${path}/${lost}/rotate`, body: { overlap_seconds: 0 } }
  const { status: rotated, body: made } = await askAgain({
    ...remedy,
    idempotencyKey: `${asked.idempotencyKey}-lost`,
  })
  expect(rotated).toBe(201)
  expect(await use(made.key)).toBe(200)
  const { body: left } = await other.api.get(`${path}/${lost}`, { headers: callers.admin })
  expect(left.state).toBe('expired')
}

test.each(making)(
  'killed while it makes a key, when %s: there is a whole key or none, and the retry leads to one that works',
  async (moment) => {
    const name = `made-${making.indexOf(moment)}`
    const asked: Asked = { method: 'POST', path, body: { name }, idempotencyKey: name }
    await askAndKill(moment, asked)
    const left = await versionsOf(name)
    if (isBefore(moment)) {
      expect(left).toEqual([])
      const { status, body } = await askAgain(asked)
      expect([status, await use(body.key)]).toEqual([201, 200])
    } else {
      expect(left).toMatchObject([{ version: 1, active: true, ends: false }])
      await expectWayOut(asked, left[0]!.id)
    }
    await expectLedgerToFit()
  },
)

test.each(making)(
  'killed while it rotates a key, when %s: the old one ends only if there is a new one, and is valid until then',
  async (moment) => {
    const name = `rotated-${making.indexOf(moment)}`
    const old = await make(name)
    const asked: Asked = {
      method: 'POST',
      path: `${path}/${old.api_key.id}/rotate`,
      body: { overlap_seconds: 600 },
      idempotencyKey: name,
    }
    await askAndKill(moment, asked)
    const [first, ...changes] = await versionsOf(name)
    expect(first).toMatchObject({ id: old.api_key.id, version: 1, ends: false })
    if (isBefore(moment)) {
      expect(changes).toEqual([])
      const { status, body } = await askAgain(asked)
      expect([status, await use(body.key)]).toEqual([201, 200])
    } else {
      const made = changes.find(({ version }) => version === 1)!
      expect(changes).toHaveLength(2)
      expect(made).toMatchObject({ replaces: old.api_key.id, active: true, ends: false })
      expect(changes).toContainEqual(expect.objectContaining({ id: old.api_key.id, version: 2, ends: true }))
      await expectWayOut(asked, made.id)
    }
    expect(await use(old.key)).toBe(200)
    await expectLedgerToFit()
  },
)

test.each(ending)(
  'killed while it revokes a key, when %s: the retry finds it revoked, or revokes it, once',
  async (moment) => {
    const name = `revoked-${ending.indexOf(moment)}`
    const { key, api_key } = await make(name)
    const asked: Asked = { method: 'DELETE', path: `${path}/${api_key.id}?reason=leaked` }
    await askAndKill(moment, asked)
    if (isBefore(moment)) expect([await use(key), (await askAgain(asked)).status]).toEqual([200, 204])
    // Nobody repeats it: the other instance learns of it.
    else await until(async () => (await use(key)) === 401)
    expect([(await askAgain(asked)).status, await use(key)]).toEqual([204, 401])
    expect(await versionsOf(name)).toMatchObject([
      { version: 1, active: true },
      { version: 2, active: false },
    ])
    await expectLedgerToFit()
  },
)

test.each(ending)('killed while it changes when a key ends, when %s: it is changed once', async (moment) => {
  const name = `ending-${ending.indexOf(moment)}`
  const { api_key } = await make(name)
  const expires_at = new Date(Date.now() + 3_600_000).toISOString()
  const asked: Asked = { method: 'PUT', path: `${path}/${api_key.id}`, body: { expires_at } }
  await askAndKill(moment, asked)
  expect(await versionsOf(name)).toHaveLength(isBefore(moment) ? 1 : 2)
  const { status, body } = await askAgain(asked)
  expect([status, body.expires_at, body.version]).toEqual([200, expires_at, 2])
  await expectLedgerToFit()
})

test('killed while the database makes the key: the retry waits for it, and there is one key, which works', async () => {
  const name = 'made-by-nobody'
  const asked: Asked = { method: 'POST', path, body: { name }, idempotencyKey: name }
  const killed = startCrashing()
  // Its start, which registers keys as well, is over.
  expect(await killed.ask({ ...asked, body: { name: 'made-before' }, idempotencyKey: 'before' })).toBe(201)
  const holder = new Client(database.adminUrl)
  await holder.connect()
  try {
    // What would be written waits, and what is read does not.
    await holder.query('BEGIN; LOCK TABLE register IN EXCLUSIVE MODE')
    const waiting = () =>
      queryAsAdmin<{ pid: number }>(
        database,
        `SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%add_api_key%'`,
      )
    const answered = killed.ask(asked)
    await until(async () => (await waiting()).length === 1)
    const [left] = await waiting()
    await killed.kill()
    expect([left, await answered]).toEqual([{ pid: expect.any(Number) }, undefined])
    const retried = askAgain(asked)
    // Behind what the killed instance left, or in its place once the database has noticed that it is gone.
    await until(async () => (await waiting()).some(({ pid }) => pid !== left!.pid))
    await holder.query('ROLLBACK')
    const first = await retried
    const { status, body } = first.status === 503 ? await askAgain(asked) : first
    const made = await versionsOf(name)
    expect(made).toHaveLength(1)
    if (status === 201) expect([body.api_key.id, await use(body.key)]).toEqual([made[0]!.id, 200])
    else await expectWayOut(asked, made[0]!.id)
  } finally {
    await holder.end()
  }
  await expectLedgerToFit()
})

test('every failpoint of the sequencer is one at which it was killed, and the bundle for production has none', () => {
  bundle('production')
  // The bundler breaks long lines, also in the middle of a text.
  const textOf = (name: string) => readFileSync(bundled(name), 'utf8').replaceAll('\\\n', '')
  const failpoints = [...textOf('crashing').matchAll(/crashAt\(\s*"([^"]+)"/g)].map(([, moment]) => moment)
  expect(new Set(failpoints)).toEqual(new Set([...making, ...ending]))
  expect(textOf('production')).not.toMatch(/crashAt|FAILPOINT|SIGKILL/)
})
