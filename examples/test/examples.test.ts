import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Ajv from 'ajv/dist/2020'
import addFormats from 'ajv-formats'
import { Redis } from 'ioredis'
import { SignJWT } from 'jose'
import { createOrdinal, type Ordinal } from '@ordinal/client'
import { apiKey, eventually, query, root, startSystem, type System } from '@ordinal/system-tests'
import {
  createTestDatabase,
  hasRedis,
  ownPort,
  startTestRedis,
  testNeeding,
  type TestRedis,
} from '@ordinal/testing'
import type { Invoice } from '../invoices/invoices'
import { sellTicket } from '../reservations/checkout'
import { buildExample, endPrograms } from './program'

const secret = 'a secret of the examples, of 32 bytes or more'
const withRedis = testNeeding('redis-server', hasRedis, 'events by Redis Streams')

let folder: string
let redis: TestRedis | undefined
let system: System
let ordinal: Ordinal
let token: string
let database: Awaited<ReturnType<typeof createTestDatabase>>
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ordinal-examples-'))
  redis = hasRedis ? await startTestRedis() : undefined
  database = await createTestDatabase()
  system = await startSystem({ JWT_SECRET: secret, ...(redis && { REDIS_URL: redis.url }) })
  const { users, orders, sequencer } = system
  ordinal = createOrdinal({ users: users.url, orders: orders.url, sequencer: sequencer.url, apiKey })
  token = await new SignJWT({ role: 'admin' })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject('root')
    .setExpirationTime('10m')
    .sign(new TextEncoder().encode(secret))
})
afterAll(async () => {
  await endPrograms()
  await system.stop()
  await redis?.remove()
  await database.drop()
  rmSync(folder, { recursive: true, force: true })
})

const issuedFor = (generatedBy: string) =>
  query<{ number: string }>(
    system.databases.sequencer,
    `SELECT number FROM ledger WHERE generated_by = $1 AND event IN ('issue', 'confirm') ORDER BY number`,
    [generatedBy],
  )

test('invoices: a process that dies between the two steps leaves an invoice that gets its one number', async () => {
  const invoices = buildExample('invoices', folder)
  const PORT = String(await ownPort())
  const start = () =>
    invoices.run({
      DATABASE_URL: database.url,
      SEQUENCER_URL: system.sequencer.url,
      API_KEY: apiKey,
      PORT,
    })
  const ask = async (method: string, path: string, body?: object) => {
    const answer = await fetch(`http://127.0.0.1:${PORT}/invoices${path}`, {
      method,
      ...(body && { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }),
    })
    return { status: answer.status, body: (await answer.json()) as Invoice }
  }
  const isUp = () => ask('GET', '/00000000-0000-0000-0000-000000000000').then(Boolean, () => false)

  const first = start()
  await eventually(isUp, Boolean)
  const { body: draft } = await ask('POST', '', { customer: 'Ada', amount: 99.99 })
  expect(draft).toMatchObject({ status: 'draft', number: null })
  const done = await ask('POST', `/${draft.id}/finalise`)
  expect(done.body).toMatchObject({ status: 'final', number: expect.stringMatching(/^INV\d{4}-0001$/) })
  // Again it is the same.
  expect((await ask('POST', `/${draft.id}/finalise`)).body.number).toBe(done.body.number)

  const { body: left } = await ask('POST', '', { customer: 'Grace', amount: 1 })
  // The sequencer takes the request, and the answer never comes: the process dies while it waits.
  system.sequencer.freeze()
  const asking = ask('POST', `/${left.id}/finalise`).catch(() => undefined)
  await eventually(
    () => ask('GET', `/${left.id}`),
    ({ body }) => body.status === 'final',
  )
  await first.kill('SIGKILL')
  await asking
  system.sequencer.thaw()

  start()
  const { body: found } = await eventually(
    () => ask('GET', `/${left.id}`).catch(() => ({ body: { number: null } })),
    ({ body }) => body.number !== null,
  )
  expect(await issuedFor(`invoice-${left.id}`)).toEqual([{ number: found.number }])
  expect(await issuedFor(`invoice-${draft.id}`)).toEqual([{ number: done.body.number }])
})

describe('reservations', () => {
  const paidBy = (payments: string[]) => (_: string, number: string) => {
    payments.push(number)
    return Promise.resolve(true)
  }

  test('a ticket that is paid has its number; one that is declined gives it to the next', async () => {
    const declined: string[] = []
    const none = await sellTicket(ordinal, 'declined', (_, number) => {
      declined.push(number)
      return Promise.resolve(false)
    })
    expect(none).toBeUndefined()
    const payments: string[] = []
    const number = await sellTicket(ordinal, 'paid', paidBy(payments))
    expect([number, payments]).toEqual([declined[0], [declined[0]]])
    expect((await ordinal.numbers.get(number!)).state).toBe('issued')
  })

  test('a process that dies before or after the payment ends with one number, when it is started again', async () => {
    const dies = (): Promise<boolean> => Promise.reject(new Error('the process dies'))
    await expect(sellTicket(ordinal, 'crash', dies)).rejects.toThrow('the process dies')
    const paid: string[] = []
    const number = await sellTicket(ordinal, 'crash', paidBy(paid))
    // It dies again, after it has confirmed and before anybody knows.
    expect(await sellTicket(ordinal, 'crash', paidBy(paid))).toBe(number)
    expect(new Set(paid)).toEqual(new Set([number]))
    const drawn = await query(
      system.databases.sequencer,
      "SELECT number FROM ledger WHERE generated_by = 'ticket-crash' AND event = 'reserve'",
    )
    expect(drawn).toEqual([{ number }])
  })

  test('a reservation that somebody else has by then is not sold: the next one is', async () => {
    let taken = ''
    const slowly = async (_: string, number: string) => {
      if (taken === '') {
        taken = number
        await ordinal.numbers.release(number, { reason: 'its time is over' })
        await ordinal.numbers.next('SG', { generated_by: 'somebody else' })
      }
      return true
    }
    const number = await sellTicket(ordinal, 'slow', slowly)
    expect(number).not.toBe(taken)
    expect((await ordinal.numbers.get(number!)).state).toBe('issued')
  })
})

withRedis(
  'order events: each has its effect once, through a crash and with events that come twice',
  async () => {
    const consumer = buildExample('order-events', folder)
    const start = () =>
      consumer.run({ DATABASE_URL: database.url, REDIS_URL: redis!.url, CLAIM_AFTER_MS: '200' })
    const user = await ordinal.users.create({ email: 'events@example.com', name: 'Ada', age: 36 })
    const place = async () =>
      ordinal.orders.create({ user_id: user.id, product_id: 'PROD-123', quantity: 1, total_price: 9.99 })
    const shipments = () =>
      query<{ reference: string; status: string }>(
        { adminUrl: database.url },
        'SELECT reference, status FROM shipments ORDER BY reference',
      ).catch(() => [])
    const isThere = (reference: string, status: string) =>
      eventually(shipments, (rows) =>
        rows.some((row) => row.reference === reference && row.status === status),
      )

    const first = start()
    const before = await place()
    await isThere(before.reference, 'confirmed')
    await first.kill('SIGKILL')

    const meanwhile = await place()
    await ordinal.orders.update(before.id, { status: 'cancelled' })
    const stream = new Redis(redis!.url)
    const [[, old]] = (await stream.xrange('orders:events', '-', '+', 'COUNT', 1)) as [[string, string[]]]
    await eventually(
      () => stream.xlen('orders:events'),
      (length) => length >= 5,
    )
    const entries = await stream.xrange('orders:events', '-', '+')
    expect(entries.flatMap(([, fields]) => faultsOf(fields[fields.indexOf('event') + 1]!))).toEqual([])
    // The first event comes once more, late; and something that is none.
    await stream.xadd('orders:events', '*', ...old)
    await stream.xadd('orders:events', '*', 'event', '{"half":')
    stream.disconnect()

    const second = start()
    await isThere(meanwhile.reference, 'confirmed')
    await isThere(before.reference, 'cancelled')
    const rejected = await eventually(
      () => query<{ reason: string }>({ adminUrl: database.url }, 'SELECT reason FROM rejected_events'),
      ({ length }) => length > 0,
    )
    expect(rejected).toEqual([{ reason: 'the event is no JSON' }])
    expect(await shipments()).toHaveLength(2)
    expect(await second.kill('SIGTERM')).toBe(0)
  },
)

test('nightly import: a bad line stops it before anything is written; a second run imports nothing twice', async () => {
  const nightly = buildExample('nightly-import', folder)
  await createOrdinal({ sequencer: system.sequencer.url, token }).sequences.create({
    prefix: 'OLD',
    template: '{prefix}-{seq:4}',
    reset: 'never',
    reason: 'numbers of the old system',
  })
  const file = join(folder, 'numbers.csv')
  const importing = (lines: string[]) => {
    writeFileSync(file, ['number', ...lines, ''].join('\n'))
    return nightly.run({ SEQUENCER_URL: system.sequencer.url, TOKEN: token, PREFIX: 'OLD' }, file)
  }
  const imported = () =>
    query(system.databases.sequencer, "SELECT number FROM ledger WHERE prefix = 'OLD' ORDER BY value")

  const bad = importing(['OLD-0001', 'OLD_0002'])
  expect([await bad.ended, bad.said()]).toEqual([1, expect.stringMatching(/line 3: OLD_0002 /)])
  expect(await imported()).toEqual([])

  const good = importing(['OLD-0001', 'OLD-0002'])
  expect([await good.ended, good.said()]).toEqual([0, '2 lines: 2 imported, 0 were there already\n'])
  const again = importing(['OLD-0001', 'OLD-0002', 'OLD-0003'])
  expect([await again.ended, again.said()]).toEqual([0, '3 lines: 1 imported, 2 were there already\n'])
  expect(await imported()).toEqual(['OLD-0001', 'OLD-0002', 'OLD-0003'].map((number) => ({ number })))
  expect((await ordinal.numbers.next('OLD')).full_number).toBe('OLD-0004')
})

test('control: an event that does not fit its schema is seen', () => {
  expect(faultsOf('{"type":"order.created","data":{"id":"one"}}')).not.toEqual([])
})

/** What does not fit the published schema of an event. */
function faultsOf(text: string): unknown[] {
  const event = JSON.parse(text) as { type: string }
  const file = join(root, 'packages/contracts/dist/schemas', `${event.type}.json`)
  // `example` of OpenAPI says nothing to a validator.
  const ajv = addFormats(new Ajv({ allErrors: true, keywords: ['example'] }))
  const fits = ajv.compile(JSON.parse(readFileSync(file, 'utf8')) as object)
  return fits(event) ? [] : (fits.errors ?? [])
}
