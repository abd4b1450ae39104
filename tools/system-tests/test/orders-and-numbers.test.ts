import { ascending, ask, createUser, metric, placeOrder, upTo, valueOf } from '../src/calls'
import { idleResidentMb, onLinux, peakResidentMb } from './memory'
import { query } from '../src/databases'
import { keepConnections } from '../src/kept-connections'
import { expectOneNumberForEachOrder } from './proof'
import { startSystem, type System } from '../src/system'

let system: System
let services: System['users'][]
beforeAll(async () => {
  system = await startSystem()
  services = [system.users, system.orders, system.sequencer]
})
afterAll(() => system.stop())

onLinux('idle, each service has under 120 MB resident', async () => {
  const sizes = await Promise.all(services.map(({ pid }) => idleResidentMb(pid())))
  expect(Math.max(...sizes)).toBeLessThan(120)
})

test('the first order has the number 000001 of the year, the next one 000002', async () => {
  const userId = await createUser(system)
  const year = new Date().getUTCFullYear()
  const first = await placeOrder(system, userId)
  expect([first.status, first.body.order_number]).toEqual([201, `ORD-${year}-000001`])
  expect((await placeOrder(system, userId)).body.order_number).toBe(`ORD-${year}-000002`)
  const read = await ask(system.orders, 'GET', `/api/v1/orders/${first.body.id}`)
  expect(read.body).toMatchObject({ order_number: `ORD-${year}-000001`, user: { id: userId, name: 'Ada' } })
})

test('200 orders at once have 200 different consecutive numbers', async () => {
  const userId = await createUser(system)
  const before = valueOf((await placeOrder(system, userId)).body.order_number)
  const answers = await Promise.all(upTo(200).map(() => placeOrder(system, userId)))
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]))
  const values = ascending(answers.map(({ body }) => valueOf(body.order_number)))
  expect(values).toEqual(upTo(200).map((n) => before + n))
  await expectOneNumberForEachOrder(system)
})

test('64 clients that ask for 20,000 numbers get exactly 1 to 20,000', async () => {
  let left = 20_000
  const values: number[] = []
  const { hostname: host, port } = new URL(system.sequencer.url)
  const connections = keepConnections()
  const client = async () => {
    while (left-- > 0) {
      const { body } = await connections.post({ host, port: Number(port) }, '/api/v1/next/SG', {})
      values.push(body.counter as number)
    }
  }
  await Promise.all(upTo(64).map(client))
  connections.close()
  expect(ascending(values)).toEqual(upTo(20_000))

  const status = await ask(system.sequencer, 'GET', '/api/v1/status/SG')
  expect(status.body).toMatchObject({ current_counter: 20_000, next_counter: 20_001, gaps: 0 })
  const [ledger] = await query<object>(
    system.databases.sequencer,
    `SELECT count(*)::int, min(value)::int, max(value)::int, count(DISTINCT number)::int AS numbers
     FROM ledger WHERE prefix = 'SG'`,
  )
  expect(ledger).toEqual({ count: 20_000, min: 1, max: 20_000, numbers: 20_000 })
})

test('100 orders for a user who is not there are 422, and leave the breaker closed', async () => {
  const answers = await Promise.all(upTo(100).map(() => placeOrder(system, 999_999)))
  const told = new Set(answers.map(({ status, body }) => `${status} ${body.code}`))
  expect(told).toEqual(new Set(['422 user_unknown']))
  expect(await metric(system.orders, 'order_service_circuit_breaker_state{service="user-service"} ')).toBe(0)
  expect(
    await metric(system.orders, 'order_service_circuit_breaker_opened_total{service="user-service"} '),
  ).toBe(0)
})

onLinux('under all of this load, each service has stayed under 250 MB resident', async () => {
  const sizes = await Promise.all(services.map(({ pid }) => peakResidentMb(pid())))
  expect(Math.max(...sizes)).toBeLessThan(250)
})
