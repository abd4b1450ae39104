import { execFile, execFileSync, spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SignJWT } from 'jose'
import { createCutProxy } from '@ordinal/testing'
import { createUser, eventually, placeOrder, upTo } from '../src/calls'
import { query } from '../src/databases'
import { root } from '../src/service'
import { startSystem, type System } from '../src/system'
import { holdImport } from './held-import'

const secret = 'a secret of this test, and of nothing else'
const program = join(root, 'packages/cli/dist/main.js')
const signingKey = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' })

let system: System
let home: string
let token: string
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'ordinal-cli-'))
  token = await new SignJWT({ sub: 'anna', role: 'admin' })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(secret))
  system = await startSystem({
    JWT_SECRET: secret,
    JWT_MAX_LIFETIME: '7200',
    SEQUENCER_SIGNING_KEY: String(signingKey),
    ORDER_SERVICE_WEBHOOK_ALLOWED_NETWORKS: '127.0.0.1',
  })
})
afterAll(async () => {
  rmSync(home, { recursive: true })
  await system.stop()
})

const environment = (): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  HOME: home,
  ORDINAL_USERS_URL: system.users.url,
  ORDINAL_ORDERS_URL: system.orders.url,
  ORDINAL_SEQUENCER_URL: system.sequencer.url,
  ORDINAL_TOKEN: token,
})

/** Runs the program as a shell does, as an administrator. */
function ordinal(args: string[], more: NodeJS.ProcessEnv = {}) {
  return new Promise<{ code: number; out: string; err: string }>((resolve) =>
    execFile(
      process.execPath,
      [program, ...args],
      { env: { ...environment(), ...more }, maxBuffer: 1e8 },
      (error, out, err) => resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err }),
    ),
  )
}
async function json(args: string[], more: NodeJS.ProcessEnv = {}) {
  const { code, out, err } = await ordinal(['--json', ...args], more)
  if (err) throw new Error(err)
  const rows = out === '' ? [] : out.trimEnd().split('\n')
  return { code, rows: rows.map((line) => JSON.parse(line)) }
}

const numberOf = (prefix: string, value: number) => `${prefix}${String(value).padStart(6, '0')}`
const linesOf = (prefix: string, values: readonly number[]) =>
  values.map((value) => `${numberOf(prefix, value)},erp\n`).join('')
function fileOf(prefix: string, count: number): string {
  const file = join(home, `${prefix}.csv`)
  writeFileSync(file, `number,client_id\n${linesOf(prefix, upTo(count))}`)
  return file
}
const importedIn = async (prefix: string) =>
  (
    await query<{ value: string }>(
      system.databases.sequencer,
      `SELECT value FROM ledger WHERE prefix = $1 AND event = 'import' ORDER BY value`,
      [prefix],
    )
  ).map(({ value }) => Number(value))

async function makeSequence(prefix: string) {
  const answer = await fetch(`${system.sequencer.url}/api/v1/sequences`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ prefix, template: '{prefix}{seq:6}', reset: 'never' }),
  })
  expect(answer.status).toBe(201)
}

describe('import', () => {
  test('of what cannot be read ends at once, and is not taken for an outage', async () => {
    const wrong = [home, 'is a directory']
    // Linux gives it a size, and lets nobody read it where nothing is.
    const unreadable = ['/proc/self/mem', 'EIO']
    for (const [path, why] of [wrong, unreadable])
      expect(await ordinal(['import', 'SG', path!])).toEqual({
        code: 2,
        out: '',
        err: expect.stringMatching(new RegExp(`^[^\\n]*${why}[^\\n]*\n$`)),
      })
  })

  test('is tried, then done, and tells what it refused; a second time all is there', async () => {
    await makeSequence('IMA')
    const file = fileOf('IMA', 30)
    writeFileSync(file, 'WRONG-1,erp\n', { flag: 'a' })
    const tried = await json(['import', 'IMA', file, '--dry-run'])
    expect([tried.code, tried.rows]).toEqual([
      1,
      [
        expect.objectContaining({
          dry_run: true,
          imported: 30,
          refused: expect.objectContaining({ total: 1 }),
        }),
      ],
    ])
    expect(await importedIn('IMA')).toEqual([])
    const done = await ordinal(['import', 'IMA', file])
    expect([done.code, done.err]).toEqual([1, ''])
    expect(done.out).toMatch(/^31 lines: 30 imported, 0 there already, .*1 refused$/m)
    expect(done.out).toMatch(/^32 +WRONG-1 +is not of the form/m)
    expect((await json(['import', 'IMA', file])).rows).toEqual([
      expect.objectContaining({ imported: 0, already_there: 30, complete: true }),
    ])
    expect(await importedIn('IMA')).toEqual(upTo(30))
  })

  test('that is killed, and started again, imports nothing twice, and the rest', async () => {
    await makeSequence('IMB')
    // A file whose end never comes: the process waits for it until it is killed.
    const pipe = join(home, 'pipe')
    execFileSync('mkfifo', [pipe])
    const first = spawn(process.execPath, [program, 'import', 'IMB', pipe], { env: environment() })
    const ended = once(first, 'close')
    const writer = createWriteStream(pipe)
    writer.on('error', () => undefined)
    writer.write(`number,client_id\n${linesOf('IMB', upTo(2_500))}`)
    await eventually(
      () => importedIn('IMB'),
      ({ length }) => length > 0,
    )
    first.kill('SIGKILL')
    await ended
    writer.destroy()
    const before = (await importedIn('IMB')).length
    expect(before).toBeLessThan(4_000)
    const { code, rows } = await json(['import', 'IMB', fileOf('IMB', 4_000)])
    expect([code, rows[0].complete, rows[0].imported + rows[0].already_there]).toEqual([0, true, 4_000])
    expect(await importedIn('IMB')).toEqual(upTo(4_000))
  })

  test('goes on by itself when the sequencer is killed in the middle of it', async () => {
    await makeSequence('IMC')
    const held = await holdImport(system.databases.sequencer, 'IMC', 30_000)
    const importing = ordinal(['--json', 'import', 'IMC', fileOf('IMC', 60_000), '--attempts', '15'])
    await eventually(held.isReached, Boolean)
    await system.sequencer.end('SIGKILL')
    await held.letGo()
    const before = (await importedIn('IMC')).length
    expect(before).toBeGreaterThan(0)
    expect(before).toBeLessThan(60_000)
    await system.sequencer.start()
    const { code, out, err } = await importing
    expect([code, err]).toEqual([0, expect.stringMatching(/again in 0\.5 s \(2 of 15\)/)])
    expect(JSON.parse(out)).toMatchObject({ complete: true, refused: { total: 0 } })
    expect(await importedIn('IMC')).toEqual(upTo(60_000))
  })
})

/** A way to the sequencer that breaks after some bytes of an export, so many times. */
async function breaking(afterBytes: number, times: number) {
  let left = times
  const proxy = createServer((request, response) => {
    const { host: _, connection: __, ...headers } = request.headers as Record<string, string>
    void fetch(system.sequencer.url + request.url!, { headers }).then(async (answer) => {
      response.writeHead(answer.status, { 'Content-Type': answer.headers.get('content-type')! })
      const body = Buffer.from(await answer.arrayBuffer())
      if (left <= 0 || !answer.ok) return void response.end(body)
      left -= 1
      response.write(body.subarray(0, afterBytes), () => setTimeout(() => response.destroy(), 50))
    })
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    end: () => proxy.close(),
    left: () => left,
  }
}

describe('export and verify', () => {
  const file = () => join(home, 'export.ndjson')
  const parts = () => readdirSync(home).filter((name) => name.endsWith('.part'))
  let way: Awaited<ReturnType<typeof breaking>>
  afterEach(() => way?.end())

  test('a file that is cut off begins again, is whole, and verifies offline by a kept checkpoint', async () => {
    await json(['next', 'SG', '--count', '5'])
    way = await breaking(3_000, 2)
    const through = { ORDINAL_SEQUENCER_URL: way.url }
    const { code, err } = await ordinal(['export', file()], through)
    expect([code, way.left(), err.match(/cut off/g)?.length]).toEqual([0, 0, 2])
    expect(parts()).toEqual([])
    const headers = { Authorization: `Bearer ${token}` }
    const keep = async (path: string, name: string, field?: string) => {
      const body = (await (await fetch(system.sequencer.url + path, { headers })).json()) as Record<
        string,
        string
      >
      writeFileSync(join(home, name), field ? body[field]! : JSON.stringify(body))
      return join(home, name)
    }
    const checkpoint = await keep('/api/v1/audit/checkpoints', 'checkpoint', 'checkpoint')
    const keys = await keep('/api/v1/audit/keys', 'keys.json')
    const nowhere = { ORDINAL_SEQUENCER_URL: 'http://127.0.0.1:1' }
    const args = ['verify', '--file', file(), '--checkpoint', checkpoint, '--key', keys]
    const verified = await ordinal(args, nowhere)
    expect(verified).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringMatching(/heads of checkpoints compared[^]*It fits/),
    })
    writeFileSync(file(), readFileSync(file(), 'utf8').replace('"number":"SG000001"', '"number":"SG000009"'))
    const forged = await ordinal(args, nowhere)
    expect([forged.code, forged.out]).toEqual([1, expect.stringMatching(/^altered +SG /m)])
  })

  test('a file that was there stays as it was while a new one does not come to its end', async () => {
    way = await breaking(3_000, 9)
    writeFileSync(file(), 'the one of yesterday')
    const { code, err } = await ordinal(['export', file(), '--attempts', '2'], {
      ORDINAL_SEQUENCER_URL: way.url,
    })
    expect(code).toBe(6)
    const [first, last] = err.trimEnd().split('\n')
    expect(first).toMatch(
      /^The export was cut off after 3\.0 kB, \d+ whole lines: .*: again in 0\.5 s \(2 of 2\)$/,
    )
    expect(last).toContain(`Nothing of it is in ${file()}. Export again`)
    expect(readFileSync(file(), 'utf8')).toBe('the one of yesterday')
    expect(parts()).toEqual([])
  })

  test('CSV has no last line that tells: cut off, there is no file either', async () => {
    way = await breaking(3_000, 9)
    const csv = join(home, 'export.csv')
    const { code, err } = await ordinal(['export', csv, '--format', 'csv', '--attempts', '1'], {
      ORDINAL_SEQUENCER_URL: way.url,
    })
    expect([code, err]).toEqual([6, expect.stringContaining('cut off after 3.0 kB')])
    expect(readdirSync(home).filter((name) => name.startsWith('export.csv'))).toEqual([])
  })

  test('standard output has the file and nothing else; cut off, it ends with 6', async () => {
    const whole = await ordinal(['export', '--format', 'csv', '--sequence', 'SG'])
    expect([whole.code, whole.out.split('\r\n')[0]]).toEqual([
      0,
      expect.stringMatching(/^prefix,period,value/),
    ])
    way = await breaking(3_000, 9)
    const cut = await ordinal(['export'], { ORDINAL_SEQUENCER_URL: way.url })
    expect([cut.code, cut.out.length]).toEqual([6, 3_000])
    expect(cut.err).toMatch(/cut off after 3\.0 kB, .*What was written is no whole export/)
    writeFileSync(file(), cut.out)
    const verified = await ordinal(['verify', '--file', file()])
    expect([verified.code, verified.err]).toEqual([
      2,
      expect.stringMatching(/cut off|is not one of an export/),
    ])
  })
})

describe('webhooks and events', () => {
  let receiver: Server
  let url: string
  let status = 204
  beforeAll(async () => {
    receiver = createServer((request, response) => {
      request.resume().on('end', () => response.writeHead(status).end())
    }).listen(0, '127.0.0.1')
    await once(receiver, 'listening')
    url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/orders`
  })
  afterAll(() => receiver.close())

  test('a webhook is made, tried, followed, replayed, given another secret, switched off, and deleted', async () => {
    const create = ['webhooks', 'create', url, '--event', 'order.created', '--key', 'erp']
    const [made] = (await json(create)).rows
    expect(made.secret).toMatch(/^whsec_/)
    expect((await json(create)).rows).toEqual([made])
    const id = String(made.id)

    expect(await json(['webhooks', 'test', id])).toMatchObject({ code: 0, rows: [{ nth: 1, status: 204 }] })
    status = 500
    expect(await json(['webhooks', 'test', id])).toMatchObject({ code: 1, rows: [{ nth: 1, status: 500 }] })
    status = 204
    await placeOrder(system, await createUser(system))
    const deliveries = () => json(['webhooks', 'deliveries', id, '--state', 'delivered'])
    // Among others: that which failed is tried again.
    const ofOrder = async (): Promise<{ id: number } | undefined> =>
      (await deliveries()).rows.find(({ event_type }) => event_type === 'order.created')
    const delivery = String((await eventually(ofOrder, Boolean))!.id)
    const replayed = await json(['webhooks', 'replay', id, '--delivery', delivery])
    expect(replayed.rows).toEqual([expect.objectContaining({ state: 'waiting' })])
    const attempts = () => json(['webhooks', 'attempts', id, '--delivery', delivery])
    await eventually(attempts, (list) => list.rows.length === 2)
    const all = await json(['webhooks', 'replay', id, '--since', '2026-01-01T00:00:00Z'])
    expect(all.rows[0].replayed).toBeGreaterThan(0)
    expect((await ordinal(['webhooks', 'replay', id])).code).toBe(2)

    const [rotated] = (await json(['webhooks', 'rotate', id, '--overlap', '60'])).rows
    expect(rotated.secret).not.toBe(made.secret)
    const again = () => json(['webhooks', 'rotate', id, '--overlap', '0', '--key', 'rotation-1'])
    const [{ secret }] = (await again()).rows
    expect((await again()).rows).toEqual([expect.objectContaining({ secret })])
    const [off] = (await json(['webhooks', 'update', id, '--off'])).rows
    expect([off.enabled, off.off_reason]).toEqual([false, 'requested'])
    expect((await ordinal(['webhooks', 'list'])).out).toMatch(
      new RegExp(`^${id} +false +requested +http`, 'm'),
    )
    expect((await ordinal(['webhooks', 'test', id])).code).toBe(5)
    expect((await ordinal(['webhooks', 'delete', id])).out).toBe(`Webhook ${id} is deleted\n`)
    expect((await ordinal(['webhooks', 'get', id])).code).toBe(3)
  })

  test.each(['before', 'after', 'midway'] as const)(
    'a connection that is cut %s the answer: the secret is replaced once, and the one that is shown is the new one',
    async (moment) => {
      const { hostname, port } = new URL(system.orders.url)
      const proxy = await createCutProxy({ host: hostname, port: Number(port) })
      const through = { ORDINAL_ORDERS_URL: `http://${hostname}:${proxy.port}` }
      const [made] = (await json(['webhooks', 'create', url, '--event', 'order.created'])).rows
      const id = String(made.id)
      proxy.cutAt(`POST /api/v1/webhooks/${id}/rotate`, moment)
      const [rotated] = (await json(['webhooks', 'rotate', id, '--overlap', '60'], through)).rows
      await proxy.close()
      expect(proxy.cuts).toBe(1)
      expect(rotated.secret).toMatch(/^whsec_/)
      expect(rotated).toMatchObject({ version: made.version + 1, previous_secret_until: expect.any(String) })
      expect(rotated.secret).not.toBe(made.secret)
      await ordinal(['webhooks', 'delete', id])
    },
  )

  describe.each([
    [
      'dead letters',
      'dead',
      `INSERT INTO dead_events (consumer, event, reason, attempts)
       SELECT 'flood', json_build_object('id', n::text, 'type', 'order.flood', 'subject', 'a'), 'planted', 10
       FROM generate_series($1::int, $2::int) AS n`,
      `DELETE FROM dead_events WHERE event->>'type' = 'order.flood'`,
    ],
    [
      'events that wait',
      'waiting',
      `INSERT INTO outbox (subject, event, deliver_after)
       SELECT 'flood', json_build_object('id', n::text, 'type', 'order.flood', 'subject', 'a'), now() + interval '1 hour'
       FROM generate_series($1::int, $2::int) AS n`,
      `DELETE FROM outbox WHERE subject = 'flood'`,
    ],
  ])('more than 1,000 %s', (_, list, plant, clear) => {
    const inDatabase = (sql: string, values: unknown[] = []) => query(system.databases.orders, sql, values)
    const ids = (rows: { event: { id: string } }[]) => rows.map(({ event }) => Number(event.id))
    afterEach(() => inDatabase(clear))

    test('are listed to the end, and followed: those that are there and those that come, each once', async () => {
      await inDatabase(plant, [1, 1_250])
      const all = await json(['events', list, '--type', 'order.flood', '--limit', '5000'])
      expect(ids(all.rows)).toEqual(upTo(1_250))
      const following = spawn(
        process.execPath,
        [program, '--json', 'events', list, '--follow', '--type', 'order.flood'],
        { env: environment() },
      )
      let [followed, said] = ['', '']
      following.stdout.on('data', (chunk) => (followed += String(chunk)))
      following.stderr.on('data', (chunk) => (said += String(chunk)))
      const ended = once(following, 'close')
      const lines = () => followed.split('\n').length - 1
      const showing = (count: number) => eventually(lines, (seen) => seen >= count, 150_000)
      await showing(1_250)
      await inDatabase(plant, [1_251, 1_600])
      await showing(1_600)
      await inDatabase(clear)
      await inDatabase(plant, [1_601, 1_601])
      await showing(1_601)
      following.kill()
      await ended
      const rows = followed.trimEnd().split('\n')
      expect(ids(rows.map((line) => JSON.parse(line)))).toEqual(upTo(1_601))
      expect(said).toBe('')
    })
  })

  test('events that wait and that are dead are listed, and dead ones delivered again', async () => {
    const event = `json_build_object('id', 'e1', 'type', 'order.updated', 'subject', 'planted')`
    await query(
      system.databases.orders,
      `INSERT INTO outbox (subject, event, deliver_after) VALUES ('planted', ${event}, now() + interval '1 hour')`,
    )
    await query(
      system.databases.orders,
      `INSERT INTO dead_events (consumer, event, reason, attempts) VALUES ('nobody', ${event}, 'planted', 10)`,
    )
    expect((await json(['events', 'waiting'])).rows).toEqual([
      expect.objectContaining({ id: 'e1', type: 'order.updated', subject: 'planted' }),
    ])
    expect((await ordinal(['events', 'dead'])).out).toMatch(/nobody +order\.updated +planted +10 +planted/)
    // What is there, and what comes while it is followed: each once.
    const following = spawn(
      process.execPath,
      [program, '--json', 'events', 'dead', '--follow', '--limit', '2'],
      {
        env: environment(),
      },
    )
    let followed = ''
    following.stdout.on('data', (chunk) => (followed += String(chunk)))
    const ended = once(following, 'close')
    await eventually(() => followed, Boolean)
    await query(
      system.databases.orders,
      `INSERT INTO dead_events (consumer, event, reason, attempts) VALUES ('somebody', ${event}, 'later', 10)`,
    )
    expect(await ended).toEqual([0, null])
    const reasons = followed
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).reason)
    expect(reasons).toEqual(['planted', 'later'])
    expect((await ordinal(['events', 'waiting', '--follow', '--limit', '1'])).out).toMatch(
      /^e1 {2}order\.updated {2}planted {2}/,
    )
    expect((await json(['events', 'waiting', '--type', 'order.deleted'])).rows).toEqual([])
    expect((await json(['events', 'dead', '--consumer', 'stranger'])).rows).toEqual([])
    expect((await json(['events', 'replay', '--type', 'order.deleted'])).rows).toEqual([{ replayed: 0 }])
    const [{ id }] = (await json(['events', 'dead', '--consumer', 'nobody'])).rows
    expect(await json(['events', 'replay', '--id', id])).toEqual({ code: 0, rows: [{ replayed: 1 }] })
    for (const wrong of [id, '99999', 'abc'])
      expect(await ordinal(['--json', 'events', 'replay', '--id', wrong])).toEqual({
        code: 3,
        out: '{"replayed":0}\n',
        err: expect.stringContaining('no such dead letter'),
      })
    expect((await json(['events', 'replay'])).rows).toEqual([{ replayed: 1 }])
    expect((await json(['events', 'dead'])).rows).toEqual([])
    expect((await ordinal(['events', 'dead'], { ORDINAL_TOKEN: '' })).code).toBe(4)
  })
})
