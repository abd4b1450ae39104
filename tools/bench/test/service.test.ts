import { execFile } from 'node:child_process'
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import { join } from 'node:path'
import type { AddressInfo } from 'node:net'
import { SignJWT } from 'jose'
import { openStage, root, type Contestant, type Stage } from '../src/stage'

const program = join(root, 'dist/tools/bench/main.js')
const secret = 'a secret of the benchmark, of 32 bytes or more'

let stage: Stage
let urls: Record<string, string>
let limited: string
beforeAll(async () => {
  stage = await openStage()
  const users = await stage.startOnDatabase('user-service', 'USER_SERVICE', 'users')
  const sequencer = await stage.startSequencer('numbers', { JWT_SECRET: secret })
  const beside = {
    ORDER_SERVICE_USER_SERVICE_URL: urlOf(users),
    ORDER_SERVICE_SEQUENCER_URL: urlOf(sequencer),
  }
  const startOrders = (database: string, more: Record<string, string>) =>
    stage.startOnDatabase('order-service', 'ORDER_SERVICE', database, { ...beside, ...more })
  urls = {
    USER_SERVICE_URL: urlOf(users),
    SEQUENCER_URL: urlOf(sequencer),
    ORDER_SERVICE_URL: urlOf(await startOrders('orders', {})),
  }
  limited = urlOf(await startOrders('limited_orders', { ORDER_SERVICE_RATE_LIMIT: '2' }))
})
afterAll(() => stage.close())

test('it measures every part, and the databases have what was answered', async () => {
  const { status, stdout, stderr } = await run({ ...urls, TOKEN: await adminToken() })
  expect([status, stderr]).toEqual([0, expect.stringContaining('1 of 6, about')])
  const titles = [
    'a number per request (numbers)',
    '20 requests for a number in one (numbers)',
    'placing orders (orders)',
    'where a sequence is (answers)',
    '20 orders by cursor (answers)',
    'a user by id (answers)',
  ]
  for (const title of titles) {
    const [rate, ...times] = figuresOf(stdout, title)
    expect(rate).toBeGreaterThan(0)
    expect(times.slice(0, 4)).toEqual([...times.slice(0, 4)].sort((a, b) => a - b))
    expect(times[4]).toBe(0)
  }
  const [numbers, orders] = await Promise.all([
    count('numbers', "SELECT count(*), max(value) FROM ledger WHERE prefix = 'BENCH'"),
    count('orders', 'SELECT count(*), count(DISTINCT order_number) AS max FROM orders'),
  ])
  expect(numbers.count).toBe(numbers.max)
  expect(orders.count).toBe(orders.max)
  expect(await count('numbers', "SELECT count(*), count(*) AS max FROM ledger WHERE prefix = 'ORD'")).toEqual(
    orders,
  )
})

test('a second run takes the sequence and the user that are there, and needs no token', async () => {
  const { status } = await run({ ...urls, TOKEN: await adminToken() }, '--only=numbers,orders')
  expect(status).toBe(0)
  const again = await run(urls, '--only=numbers,orders')
  expect([again.status, again.stdout]).toEqual([
    0,
    expect.stringMatching(/a number per request.*\n.*placing/),
  ])
  expect(await count('users', 'SELECT count(*), count(*) AS max FROM users')).toEqual({ count: 1, max: 1 })
})

test('errors are counted by their codes, and are no part of the rate', async () => {
  // More connections than requests that a second may have; the seconds have more than one such window.
  const { stdout } = await run({ ...urls, ORDER_SERVICE_URL: limited }, '--only=orders', '--seconds=1.5')
  const [, counted] = /placing orders: rate_limited ([\d,]+) times/.exec(stdout)!
  const figures = figuresOf(stdout, 'placing orders (orders)')
  expect(figures.at(-1)).toBe(toNumber(counted!))
  expect(stdout).toContain('ORDER_SERVICE_RATE_LIMIT=0')
})

test('a service that is not there, or refuses, is said in one line, and so is what is missing', async () => {
  const gone = await listen(() => {})
  gone.server.close()
  const nowhere = await run({ ...urls, SEQUENCER_URL: gone.url }, '--only=numbers')
  expect([nowhere.status, nowhere.stderr]).toEqual([
    1,
    `sequencer does not answer at ${gone.url}/ (ECONNREFUSED): start it (make run), or say where it is (SEQUENCER_URL=)\n`,
  ])
  const unknown = await run({ ...urls, PREFIX: 'BENCH-2' }, '--only=numbers')
  expect([unknown.status, unknown.stderr]).toEqual([
    1,
    expect.stringMatching(/^There is no sequence BENCH-2: .*\n$/),
  ])
  const refused = await run({ ...urls, API_KEY: 'nobody-knows-it' }, '--only=numbers')
  expect([refused.status, refused.stderr]).toEqual([
    1,
    expect.stringMatching(/^sequencer at .* refuses: 401 invalid_api_key: .*\n$/),
  ])
})

test('nothing is sent to another machine, or drawn from a sequence of documents, before somebody confirms it', async () => {
  const other = await run({ ...urls, SEQUENCER_URL: 'http://numbers.example.com' })
  expect([other.status, other.stderr]).toEqual([
    1,
    expect.stringMatching(/^http:.* is not on this machine.*CONFIRM=yes.*\n$/),
  ])
  const asked: (string | undefined)[] = []
  const { url, server } = await listen((path) => asked.push(path))
  const invoices = await run({ ...urls, SEQUENCER_URL: url, PREFIX: 'INV' })
  expect([invoices.status, invoices.stderr]).toEqual([
    1,
    expect.stringMatching(/^PREFIX=INV .*CONFIRM=yes.*\n$/),
  ])
  expect(asked).toEqual([])
  await run({ ...urls, SEQUENCER_URL: url, PREFIX: 'INV', CONFIRM: 'yes' }, '--only=numbers')
  expect(asked).toEqual(['/health/ready'])
  server.close()
})

test.each([
  [{ ORDER_SERVICE_URL: 'orders' }, [], 'ORDER_SERVICE_URL=orders is no URL'],
  [{}, ['--only=order'], 'There is no order; there are numbers, batches, orders, reads'],
  [{}, ['--connections=0'], 'CONNECTIONS=0 must be a number from 1 to 10000'],
  [{}, ['--seconds=long'], 'SECONDS=long must be a number from 1 to 3600'],
])('%j %j is refused: %s', async (environment, args, message) => {
  const { status, stderr } = await run({ ...urls, ...environment }, ...args)
  expect([status, stderr]).toEqual([1, expect.stringMatching(new RegExp(`^${message}.*\n$`))])
})

const urlOf = ({ port }: Contestant) => `http://127.0.0.1:${port}`

function run(environment: Record<string, string>, ...args: string[]) {
  // The last of a name counts.
  const all = ['--service', '--connections=4', '--seconds=1', ...args]
  return new Promise<{ status: number; stdout: string; stderr: string }>((resolve) => {
    const child = execFile(
      process.execPath,
      [program, ...all],
      { env: { PATH: process.env.PATH, ...environment } },
      (_, stdout, stderr) => resolve({ status: child.exitCode!, stdout, stderr }),
    )
  })
}

const adminToken = () =>
  new SignJWT({ role: 'admin' })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject('root')
    .setIssuedAt()
    .setExpirationTime('1 hour')
    .sign(new TextEncoder().encode(secret))

const toNumber = (text: string) => Number(text.replaceAll(',', ''))

/** The numbers of a line of the table. */
function figuresOf(output: string, title: string): number[] {
  const line = output.split('\n').find((line) => line.includes(title))!
  return line
    .slice(line.indexOf(title) + title.length)
    .trim()
    .split(/\s+/)
    .map(toNumber)
}

async function count(database: string, query: string) {
  const { rows } = await stage.asAdmin(database, (admin) =>
    admin.query<{ count: string; max: string }>(query),
  )
  return { count: Number(rows[0]!.count), max: Number(rows[0]!.max) }
}

/** A server that is unavailable, and notes what it was asked for. */
async function listen(note: (path: string | undefined) => void): Promise<{ url: string; server: Server }> {
  const server = createServer((request, response) => {
    note(request.url)
    response.writeHead(503).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}
