import {
  comesToHold,
  createCutProxy,
  inspectLedger,
  type CutProxy,
  type TestDatabase,
} from '@ordinal/testing'
import type { Issued, IssuedNumber } from '../src/ledger/request'
import { issueNumbers } from '../src/ledger/statements'
import { createInstance, plain } from './instance'
import { randomFrom } from './random'
import { createLedgerDatabase, queryAsAdmin, upTo } from './sequencer'

// All thousand: `SEQUENCER_TEST_CUTS=1000 npx jest test/cuts.test.ts`; others: `TEST_SEED=random`.
const cuts = Number(process.env.SEQUENCER_TEST_CUTS ?? 200)
const seed = Number(process.env.TEST_SEED)
const clientsCount = 16
const moments = ['before', 'after', 'midway'] as const

let database: TestDatabase & { runtimeUrl: string }
let proxy: CutProxy
let throughProxy: string
beforeEach(async () => {
  database = await createLedgerDatabase()
  const url = new URL(database.runtimeUrl)
  proxy = await createCutProxy({ host: url.hostname, port: Number(url.port) })
  url.port = String(proxy.port)
  throughProxy = url.href
})
afterEach(async () => {
  await proxy.close()
  await database.drop()
})

test(
  `${cuts} connections cut at the commit (seed ${seed}): each request is carried out once, and each retry gets the same answer`,
  async () => {
    const random = randomFrom(seed)
    const instances = upTo(2).map(() => createInstance(throughProxy, { requestTimeoutMs: 30_000 }))
    const acknowledged = new Map<string, IssuedNumber[]>()
    let replays = 0
    let stopping = false

    /** Asks as a client does, with the same key until there is an answer, or without one just once. */
    async function ask(
      request_id: string,
      call: (its: { request_id: string; key?: string }) => Promise<Issued>,
    ): Promise<Issued> {
      const key = random.chance(0.5) ? `key of ${request_id}` : undefined
      const answer = await call({ request_id, ...(key && { key }) })
      acknowledged.set(request_id, answer.numbers)
      if (key && random.chance(0.3)) {
        const again = await call({ request_id: `again ${request_id}`, key })
        expect(again).toEqual({ ...answer, replayed: true })
        replays += 1
      }
      return answer
    }

    async function client(name: number): Promise<void> {
      // Several counters, so that several statements are under way at any time.
      const slot = { prefix: 'INV', business_date: `20${10 + (name % 6)}-01-01` }
      for (let n = 1; !stopping; n += 1) {
        const instance = () => random.oneOf(instances)
        const reserving = random.chance(0.3)
        const asked = reserving
          ? { event: 'reserve' as const, hold_seconds: 600, count: 1 }
          : { event: 'issue' as const, count: random.chance(0.2) ? 1 + random.below(5) : 1 }
        const issued = await ask(`${name}-${n}`, (its) =>
          instance().issue({ ...plain, ...slot, ...asked, ...its }),
        )
        if (!reserving) continue
        const event = random.chance(0.5) ? 'confirm' : 'release'
        const [number] = issued.numbers
        await ask(`${name}-${n} ${event}`, (its) =>
          instance().change({
            prefix: slot.prefix,
            period: issued.period,
            value: number!.value,
            number: number!.number,
            event,
            caller: plain.caller,
            ...its,
          }),
        )
      }
    }

    const clients = Promise.all(upTo(clientsCount).map(client))
    try {
      while (proxy.cuts < cuts) {
        const before = proxy.cuts
        const statement = random.oneOf(['issue_numbers', 'issue_many', 'change_numbers'])
        proxy.cutAt(statement, moments[before % moments.length]!)
        await Promise.race([comesToHold(() => proxy.cuts > before, 5_000), clients])
      }
    } finally {
      stopping = true
      await clients
      for (const { close } of instances) await close()
    }

    expect(proxy.cuts).toBe(cuts)
    expect(replays).toBeGreaterThan(0)
    expect((await inspectLedger(database)).faults).toEqual([])
    const rows = await queryAsAdmin<{ request_id: string; value: string; number: string; state: string }>(
      database,
      'SELECT request_id, value, number, state FROM ledger ORDER BY request_id, item',
    )
    const ledger = new Map<string, unknown[]>()
    for (const { request_id, value, number, state } of rows) {
      const its = { value: Number(value), number, state }
      ledger.set(request_id, [...(ledger.get(request_id) ?? []), its])
    }
    // No step that was not acknowledged, and none acknowledged that is not there.
    expect([...ledger].sort()).toEqual([...acknowledged].sort())
  },
  180_000 + cuts * 300,
)

// What the keys are for: the same cuts without a look at them.
test('after such a cut, a caller that asks anew with another key leaves a number that nobody holds', async () => {
  const { pool, sequences, close } = createInstance(throughProxy)
  const sequence = await sequences.load('SG')
  const ask = async (key: string) => {
    const { firstValue } = await issueNumbers(pool, sequence, undefined, [{ ...plain, key }], false)
    return firstValue
  }
  expect(await ask('0')).toBe(1)
  for (const [moment, next] of [
    ['before', 2],
    ['after', 4],
    ['midway', 6],
  ] as const) {
    proxy.cutAt('issue_numbers', moment)
    await expect(ask(`${moment} 1`)).rejects.toThrow()
    expect(await ask(`${moment} 2`)).toBe(next)
  }
  await close()
})
