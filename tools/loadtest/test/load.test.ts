import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { SignJWT } from 'jose'
import { createOrdinal, type Ordinal } from '@ordinal/client'
import { apiKey, eventually, query, root, startSystem, type System } from '@ordinal/system-tests'
import { compare } from '../src/check'
import { readHeld } from '../src/held'
import type { Measurements } from '../src/measurements'
import { readSettings } from '../src/options'
import { runLoadTest, type Progress, type Result } from '../src/run'

const program = join(root, 'dist/tools/loadtest/main.js')
const secret = 'a secret of the load test, of 32 bytes or more'
/** More requests, or a longer time, for who wants to look: make test-load. */
const requests = process.env.LOAD_TEST_REQUESTS ?? '400'

let system: System
let folder: string
let administrator: Ordinal
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ordinal-loadtest-'))
  system = await startSystem({ JWT_SECRET: secret })
  administrator = createOrdinal({ sequencer: system.sequencer.url, token: await adminToken() })
  await administrator.sequences.create({ prefix: 'BENCH', template: '{prefix}-{seq}', reason: 'load tests' })
})
afterAll(async () => {
  await system.stop()
  rmSync(folder, { recursive: true, force: true })
})

const urls = () => ({
  USER_SERVICE_URL: system.users.url,
  ORDER_SERVICE_URL: system.orders.url,
  SEQUENCER_URL: system.sequencer.url,
})
const adminToken = () =>
  new SignJWT({ role: 'admin' })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject('root')
    .setExpirationTime('10m')
    .sign(new TextEncoder().encode(secret))
const quiet: Progress = { say: () => {}, begin: () => ({ end: () => {} }) }

/** Runs a load test in this process, so that its rows can be looked at. */
const run = (
  line: string,
  progress = quiet,
  environment: Record<string, string> = urls(),
  signal = new AbortController().signal,
) =>
  runLoadTest(
    readSettings(line.split(' ').filter(Boolean), { API_KEY: apiKey, ...environment }, () => {}),
    progress,
    signal,
  )

/** What the answers of a run said, and what the databases have, in the same form. */
async function rowsOf({ answers, userId, run }: Result) {
  // Nobody waits for those of orders that are deleted.
  await eventually(
    () =>
      query(system.databases.orders, 'SELECT FROM orders WHERE user_id = $1 AND order_number IS NULL', [
        userId,
      ]),
    (unnumbered) => unnumbered.length === 0,
  )
  const inDatabase = {
    orders: await query<{ reference: string; number: string }>(
      system.databases.orders,
      `SELECT id::int, reference, order_number AS number, deleted_at IS NOT NULL AS deleted,
         status = 'cancelled' AS cancelled
       FROM orders WHERE user_id = $1 ORDER BY id`,
      [userId],
    ),
    numbers: await query(
      system.databases.sequencer,
      `SELECT number, value::int, idempotency_key AS key FROM ledger
       WHERE client_id = $1 OR generated_by = $2 ORDER BY prefix, value`,
      [run, `user-${userId}`],
    ),
  }
  // Nobody is answered the number of an order that is deleted before it has one.
  const numberLater = new Map(inDatabase.orders.map(({ reference, number }) => [reference, number]))
  const placed = answers.orders
    .filter(({ placed }) => placed === 'yes')
    .sort((a, b) => a.id! - b.id!)
    .map(({ id, reference, number, deleted, cancelled }) => ({
      id,
      reference,
      number: number === null && deleted !== 'no' ? numberLater.get(reference!) : number,
      deleted: deleted === 'yes',
      cancelled: cancelled === 'yes',
    }))
  const drawn = answers.numbers
    .filter(({ drawn }) => drawn === 'yes')
    .map(({ number, counter, key }) => ({ number, value: counter, key }))
  const ofOrders = placed.map(({ number, reference }) => ({
    number,
    value: Number(/\d+$/.exec(number!)?.[0]),
    key: reference,
  }))
  const byValue = (a: { value?: number }, b: { value?: number }) => a.value! - b.value!
  return {
    inDatabase,
    inAnswers: { orders: placed, numbers: [...drawn.sort(byValue), ...ofOrders.sort(byValue)] },
  }
}

test('what a mixed load was answered is in the databases, to the row', async () => {
  const result = await run(`--requests ${requests} --concurrency 20 --operation mixed --max-errors 0`)
  expect(result.check).toMatchObject({ unknown: 0, findings: [] })
  expect(result.limits).toEqual([expect.objectContaining({ name: 'errors', value: '0', isKept: true })])
  expect(result.measured.requests).toBe(Number(requests))
  expect(result.operations.map(({ name }) => name)).toEqual([
    'create',
    'get',
    'list',
    'update',
    'delete',
    'next',
  ])
  const { inDatabase, inAnswers } = await rowsOf(result)
  expect(inDatabase).toEqual(inAnswers)
  expect(result.check!.orders.placed).toBe(inDatabase.orders.length)
})

test('the same when services are killed midway: nothing lost, nothing twice', async () => {
  let running: Promise<Result> | undefined
  // However long the services take to start again, there is load until they have.
  const enough = new AbortController()
  const measurements = await new Promise<Measurements>((resolve, reject) => {
    const begin: Progress['begin'] = (_, measurements) => {
      resolve(measurements)
      return { end: () => {} }
    }
    const line = '--rate 80 --duration 10m --concurrency 20 --operation mixed --timeout 3s'
    running = run(line, { say: () => {}, begin }, urls(), enough.signal)
    running.catch(reject)
  })
  const sent = () => measurements.all().requests
  for (const service of [system.orders, system.sequencer]) {
    const before = sent()
    await eventually(sent, (now) => now > before + 40)
    const failed = measurements.all().failed
    await service.end('SIGKILL')
    // A kill that nobody noticed proves nothing.
    await eventually(
      () => measurements.all().failed,
      (now) => now > failed || service === system.sequencer,
    )
    await service.start()
  }
  await eventually(sent, (count) => count >= 1_200)
  enough.abort()
  const result = (await running)!
  expect(result.measured.failed).toBeGreaterThan(0)
  expect(result.check).toMatchObject({ unknown: 0, findings: [] })
  const { inDatabase, inAnswers } = await rowsOf(result)
  expect(inDatabase.numbers).toEqual(inAnswers.numbers)
  // A change without an answer may have been made.
  const unchanged = ({
    id,
    reference,
    number,
  }: {
    id?: number
    reference?: string
    number?: string | null
  }) => ({
    id,
    reference,
    number,
  })
  expect(inDatabase.orders.map(unchanged)).toEqual(inAnswers.orders.map(unchanged))
})

test('what is altered behind its back is found, by its row', async () => {
  const { answers, userId, run: name } = await run('--requests 20 --operation create')
  const [altered, removed] = answers.orders
  await query(system.databases.orders, "UPDATE orders SET status = 'delivered' WHERE id = $1", [altered!.id])
  await query(system.databases.orders, 'UPDATE orders SET deleted_at = now() WHERE id = $1', [removed!.id])
  const ordinal = createOrdinal({ orders: system.orders.url, sequencer: system.sequencer.url, apiKey })
  const beside = { client_id: 'order-service', generated_by: `user-${userId}` }
  const { full_number } = await ordinal.numbers.next('ORD', beside)
  const { findings } = compare(answers, await readHeld(ordinal, userId, name))
  expect(findings.map(({ kind, detail }) => `${kind}: ${detail}`)).toEqual([
    expect.stringMatching(`^order_differs: order ${altered!.id} .* is delivered`),
    expect.stringMatching(`^order_missing: order ${removed!.id} `),
    `number_unexpected: ${full_number} is of no order`,
  ])
})

test('an administrator needs no key: the run makes one of its own, and revokes it', async () => {
  const { SEQUENCER_URL } = urls()
  const token = await adminToken()
  const result = await run('--operation next --requests 100', quiet, {
    SEQUENCER_URL,
    API_KEY: '',
    TOKEN: token,
  })
  expect(result.check).toMatchObject({ numbers: { answered: 100, held: 100 }, findings: [] })
  const states = []
  for await (const { name, state } of administrator.apiKeys.list()) states.push([name, state])
  expect(states).toEqual([['load-test', 'revoked']])
})

test('a service of a fixed capacity: the open loop at twice of it shows what a closed one hides', async () => {
  const serviceMs = 20
  let freeAt = 0
  const stub = createServer((request, response) => {
    const answer = () => {
      response.setHeader('Content-Type', 'application/json')
      response.end(JSON.stringify({ full_number: 'BENCH-1', counter: 1 }))
    }
    if (request.method === 'GET') return answer()
    freeAt = Math.max(freeAt, performance.now()) + serviceMs
    request.resume()
    return void delay(freeAt - performance.now()).then(answer)
  }).listen(0, '127.0.0.1')
  await once(stub, 'listening')
  const SEQUENCER_URL = `http://127.0.0.1:${(stub.address() as AddressInfo).port}`
  const load = (line: string) =>
    run(`--operation next --no-check --requests 100 --concurrency 4 ${line}`, quiet, {
      SEQUENCER_URL,
      API_KEY: '',
    })
  const closed = await load('')
  const open = await load('--rate 100')
  stub.close().closeAllConnections()
  expect(closed.measured.response.max).toBe(closed.measured.service.max)
  // The last of 100 was to be sent after 990 ms, and is answered after 100 turns of 20 ms.
  expect(open.measured.response.max).toBeGreaterThan(100 * serviceMs - 990 - 50)
  expect(open.measured.response.mean - open.measured.service.mean).toBeGreaterThan(200)
})

describe('the program', () => {
  test('prints a report and writes it; 0 if the limits are kept, 1 if not', async () => {
    const report = join(folder, 'report')
    const line = `--operation create --requests 50 --rate 200 --report ${report}`
    const kept = await start(`${line} --max-errors 0 --max-p99 30s --min-rate 0.1`)
    expect([kept.code, kept.stderr]).toEqual([0, expect.stringContaining('50 requests')])
    expect(kept.stdout).toContain('Placed 50 orders and deleted 0 of them: 50 are there.')
    const written = JSON.parse(readFileSync(join(report, 'report.json'), 'utf8'))
    expect(written).toMatchObject({ measured: { requests: 50, failed: 0 }, check: { findings: [] } })
    const { percentiles } = written.measured.response_ms as { percentiles: [number, number][] }
    expect(percentiles.map(([, ms]) => ms)).toEqual(percentiles.map(([, ms]) => ms).sort((a, b) => a - b))
    expect(percentiles.at(-1)).toEqual([100, written.measured.response_ms.max])
    expect(readFileSync(join(report, 'latency.svg'), 'utf8')).toMatch(/^<svg .*from when it was to be sent/s)
    expect(JSON.stringify(written)).not.toContain(apiKey)

    const missed = await start('--operation create --requests 20 --max-p99 0.001ms --no-report')
    expect([missed.code, missed.stdout]).toEqual([
      1,
      expect.stringMatching(/^NOT KEPT: p99 .* limit 0.001 ms$/m),
    ])
  })

  test('on Ctrl-C it reports and compares what it has sent', async () => {
    const report = join(folder, 'interrupted')
    const args = `--operation create --duration 1h --rate 50 --report ${report}`
    const orders = async () => (await query(system.databases.orders, 'SELECT id FROM orders')).length
    const before = await orders()
    const { child, ended } = launch(args)
    await eventually(orders, (now) => now > before)
    child.kill('SIGINT')
    const { code, stdout } = await ended
    expect([code, stdout]).toEqual([130, expect.stringContaining('(interrupted)')])
    expect(existsSync(join(report, 'report.json'))).toBe(true)
  })

  test.each<[string, RegExp, Record<string, string>?]>([
    ['--operation draw', /Allowed choices are create, get, list, update, delete, next, mixed/],
    ['--requests none', /It is a whole number from 1 on/],
    ['--duration 5', /with its unit: 50ms, 30s, 5m, 1h/],
    ['--max-errors few', /a whole number, or a part as in 0.1%/],
    ['--sequencer numbers', /an address as in http/],
    ['--fast', /unknown option '--fast'/],
    ['--sequencer http://numbers.example.com', /is not on this machine.*--confirm/],
    ['--sequence INV --operation next', /INV does not begin with BENCH.*--confirm/],
    [
      '--orders http://127.0.0.1:2',
      /order-service does not answer at http:\/\/127.0.0.1:2.*ECONNREFUSED.*make run/,
    ],
    ['--api-key nobody-knows-it --operation next', /sequencer at .* refuses: 401 /],
    ['--operation next', /the numbers are compared with the ledger.*--no-check/s, { API_KEY: '' }],
  ])('%s is refused', async (line, message, environment = {}) => {
    const { code, stdout, stderr } = await start(line, environment)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(message)
    expect(stderr).not.toMatch(/ at .*:\d+:\d+/)
  })
})

function launch(line: string, environment: Record<string, string> = {}) {
  const env = { PATH: process.env.PATH, ...urls(), API_KEY: apiKey, ...environment }
  const child = spawn(process.execPath, [program, ...line.split(' ')], { env })
  const ended = (async () => {
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
    return { code: child.exitCode, stdout, stderr }
  })()
  return { child, ended }
}

const start = (line: string, environment?: Record<string, string>) => launch(line, environment).ended
