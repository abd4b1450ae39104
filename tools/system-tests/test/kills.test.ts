import { setTimeout as delay } from 'node:timers/promises'
import { startTestPostgres, type TestPostgres } from '@ordinal/testing'
import { expectNothingLost } from './nothing-lost'
import { randomFrom } from '../src/random'
import { startSystem, type System } from '../src/system'

// More of them: `SYSTEM_TEST_KILLS=20 make test-integration`; others: `TEST_SEED=random`.
const kills = Number(process.env.SYSTEM_TEST_KILLS ?? 6)
const seed = Number(process.env.TEST_SEED)
// A crash recovery of PostgreSQL may take minutes.
const timeLimitMs = 600_000 + kills * 60_000
const environment = { CIRCUIT_BREAKER_TIMEOUT: '1', ORDER_SERVICE_CALL_TIMEOUT_MS: '1000' }

let system: System
let postgres: TestPostgres | undefined
afterEach(async () => {
  await system.stop()
  await postgres?.remove()
  postgres = undefined
})

test(
  `${kills} kills of the order service and the sequencer (seed ${seed}) leave each order with one number`,
  async () => {
    const random = randomFrom(seed)
    system = await startSystem(environment)
    await expectNothingLost(system, kills, async () => {
      const victim = random() < 0.5 ? system.orders : system.sequencer
      await delay(200 + random() * 600)
      expect(await victim.end('SIGKILL')).toBe('SIGKILL')
      await delay(random() * 300)
      await victim.start()
    })
  },
  timeLimitMs,
)

test(
  `${Math.ceil(kills / 2)} kills of PostgreSQL (seed ${seed}) leave each order with one number, and no service ends`,
  async () => {
    const random = randomFrom(seed)
    const server = (postgres = await startTestPostgres())
    system = await startSystem(environment, server)
    const pids = () => [system.users, system.orders, system.sequencer].map(({ pid }) => pid())
    const before = pids()
    await expectNothingLost(system, Math.ceil(kills / 2), async () => {
      await delay(500 + random() * 800)
      await server.kill9()
      await delay(random() * 300)
      await server.restart()
    })
    expect([system.users, system.orders, system.sequencer].map((service) => service.isRunning())).toEqual([
      true,
      true,
      true,
    ])
    expect(pids()).toEqual(before)
  },
  timeLimitMs,
)
