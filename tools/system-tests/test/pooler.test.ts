import { setTimeout as delay } from 'node:timers/promises'
import { SignJWT } from 'jose'
import { inspectLedger, startTestPgbouncer, withPgbouncer, type TestPgbouncer } from '@ordinal/testing'
import { ask, eventually, metric } from '../src/calls'
import { startSystem, type System } from '../src/system'
import { callEverything, listen } from './calls-of-all-kinds'
import { expectNothingLost } from './nothing-lost'
import { expectOneNumberForEachOrder, readOrders } from './proof'

// For longer: `SYSTEM_TEST_POOLER_SECONDS=30 npx jest test/pooler.test.ts`.
const seconds = Number(process.env.SYSTEM_TEST_POOLER_SECONDS ?? 3)
const secret = 'a secret of the tests, and of nothing else'
const environment = {
  JWT_SECRET: secret,
  CIRCUIT_BREAKER_TIMEOUT: '1',
  ORDER_SERVICE_CALL_TIMEOUT_MS: '5000',
}

const modes = [
  { mode: 'session', migrations: 'past', settings: {} },
  // Few sessions for many connections: nearly every transaction gets another one than the last.
  { mode: 'transaction', migrations: 'through', settings: { default_pool_size: 5, server_round_robin: 1 } },
] as const

withPgbouncer('behind PgBouncer', () => {
  describe.each(modes)('in $mode mode, migrations $migrations it', ({ mode, migrations, settings }) => {
    let pooler: TestPgbouncer
    let system: System
    let token: string
    beforeAll(async () => {
      token = await new SignJWT({ sub: 'ada', role: 'admin' })
        .setProtectedHeader({ alg: 'HS256' })
        .setExpirationTime('10 minutes')
        .sign(new TextEncoder().encode(secret))
      pooler = await startTestPgbouncer(mode, { settings })
      system = await startSystem(environment, undefined, { pooler, migrations })
    })
    afterAll(() => system.stop())

    test('every service starts, and says what it does without', async () => {
      for (const service of [system.users, system.orders, system.sequencer])
        await service.says('a connection pooler is in front of the database: statements have no names')
      await system.orders.says('new events are found by polling')
    })

    // Of the two modes, that in which more is under way at once.
    const inTransactions = mode === 'transaction' ? test : undefined
    inTransactions?.(
      'a pooler that is killed, or passes nothing on for 6 s, costs nothing that was acknowledged',
      async () => {
        const faults = [
          async () => {
            await pooler.kill9()
            await delay(300)
            await pooler.start()
          },
          async () => {
            pooler.freeze()
            await delay(6_000)
            pooler.thaw()
          },
        ]
        await expectNothingLost(system, faults.length, async () => {
          await delay(700)
          await faults.shift()!()
        })
        expect((await inspectLedger(system.databases.sequencer)).faults).toEqual([])
      },
    )

    test(`32 clients call everything for ${seconds} s, and nothing fails`, async () => {
      const stream = await listen(system, token)
      const { answered, failed, numbers } = await callEverything(system, {
        clients: 32,
        ms: seconds * 1_000,
        token,
      })
      expect(failed).toEqual([])
      expect(answered.size).toBe(31)
      expect(new Set(numbers).size).toBe(numbers.length)
      const last = `"last_number":"${numbers.sort().at(-1)!}"`
      await eventually(() => stream.text().includes(last), Boolean)
      stream.stop()

      await eventually(
        () => readOrders(system),
        (orders) => orders.every(({ order_number }) => order_number !== null),
      )
      await expectOneNumberForEachOrder(system)
      await eventually(
        () => metric(system.orders, 'order_service_outbox_pending '),
        (left) => left === 0,
      )
      expect(await metric(system.orders, 'order_service_dead_events ')).toBe(0)
      expect((await inspectLedger(system.databases.sequencer)).faults).toEqual([])
      const { body } = await ask(system.sequencer, 'GET', '/api/v1/audit/verify')
      expect(body).toMatchObject({ fits: true, findings: [] })
    })
  })
})
