import { PrismaPg } from '@prisma/adapter-pg'
import { createPool, withQueryTimeout, type Queryable } from '@ordinal/database'
import { inspectLedger, proxyBefore, type CutMoment } from '@ordinal/testing'
import { PrismaClient } from '../src/generated/prisma/client'
import { createKnownSequences } from '../src/ledger/known-sequences'
import { readPlan, type RestorePlan } from '../src/restore/plan'
import { raiseCounters } from '../src/restore/raise'
import { restoreLedger, type RestoredLedger, type Work } from './restored-ledger'
import { queryAsAdmin } from './sequencer'

let ledger: RestoredLedger | undefined
afterEach(async () => {
  await ledger?.remove()
  ledger = undefined
})

const planWith = (margin: number): RestorePlan =>
  readPlan(
    JSON.stringify({ type: 'ordinal-restore-plan-v1', reason: 'test', margin, counters: [], numbers: [] }),
  )

describe('raising', () => {
  test.each([4, 6, 8, 11, 15])(
    'that dies at its statement %i, twice in a row, is finished by the next run, and skips nothing twice',
    async (statement) => {
      ledger = await restoreLedger(withFreeAndReserved, () => Promise.resolve())
      const plan = planWith(11_000)
      for (let death = 0; death < 2; death += 1)
        await expect(raiseUntil(ledger, plan, statement)).rejects.toThrow('the process has died')
      await raiseUntil(ledger, plan, Infinity)
      await raiseUntil(ledger, plan, Infinity)
      expect(await counterOf(ledger)).toEqual({ last: 11_003, free: 0, reserved: 0 })
      expect((await inspectLedger(ledger.restored)).faults).toEqual([])
    },
  )

  // A statement is its own transaction: its reply is the reply to the commit.
  test.each<[CutMoment, string]>([
    ['before', 'issue_numbers'],
    ['after', 'issue_numbers'],
    ['midway', 'issue_numbers'],
    ['silence', 'issue_numbers'],
    ['before', 'change_numbers'],
    ['after', 'change_numbers'],
  ])(
    'whose connection is cut (%s the commit of %s) fails, and goes on when it is run again',
    async (moment, text) => {
      ledger = await restoreLedger(withFreeAndReserved, () => Promise.resolve())
      const { restored } = ledger
      const proxy = await proxyBefore(restored.runtimeUrl)
      const plan = planWith(200)
      // A statement that is not cut may take longer on a busy machine.
      const raise = (limitMs?: number) =>
        raiseUntil({ restored: { ...restored, runtimeUrl: proxy.url } }, plan, Infinity, limitMs)
      try {
        proxy.cutAt(text, moment, 2)
        for (let cuts = 1; cuts <= 2; cuts += 1) {
          await expect(raise(moment === 'silence' ? 4_000 : undefined)).rejects.toThrow()
          expect(proxy.cuts).toBe(cuts)
        }
        await raise()
      } finally {
        await proxy.close()
      }
      expect(await counterOf(ledger)).toEqual({ last: 203, free: 0, reserved: 0 })
      expect((await inspectLedger(restored)).faults).toEqual([])
    },
  )

  test('by two processes at the same time skips as much as by one', async () => {
    ledger = await restoreLedger(
      ({ issue }) => issue('SG', 3),
      () => Promise.resolve(),
    )
    const plan = planWith(11_000)
    await Promise.all([raiseUntil(ledger, plan, Infinity), raiseUntil(ledger, plan, Infinity)])
    expect(await counterOf(ledger)).toMatchObject({ last: 11_003 })
  })
})

/** Three numbers, one of which is released, and then a reservation. */
async function withFreeAndReserved({ issue, post }: Work): Promise<void> {
  const [first] = await issue('SG', 3)
  await post(`/api/v1/numbers/${first}/release`, { reason: 'test' })
  await post('/api/v1/next/SG', { hold_seconds: 3600 })
}

async function counterOf({ restored }: RestoredLedger) {
  const [counter] = await queryAsAdmin<{ last: number; free: number; reserved: number }>(
    restored,
    `SELECT last_value::int AS last, free::int, reserved::int FROM counters WHERE prefix = 'SG'`,
  )
  return counter
}

/** Raises with a process that dies when it has the answer to so many statements. */
async function raiseUntil(
  { restored }: { restored: { runtimeUrl: string } },
  plan: RestorePlan,
  statements: number,
  limitMs = 30_000,
): Promise<void> {
  const pool = createPool({
    url: restored.runtimeUrl,
    applicationName: 'test',
    maxConnections: 2,
    connectTimeoutMs: 5_000,
    useTimeoutMs: 5_000,
    statementTimeoutMs: 30_000,
    onError: () => undefined,
  })
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool) })
  const db = withQueryTimeout(pool, limitMs)
  let done = 0
  const mortal = {
    query: async (...args: Parameters<Queryable['query']>) => {
      if (done >= statements) throw new Error('the process has died')
      done += 1
      return db.query(...args)
    },
  }
  try {
    await raiseCounters({ db: mortal as unknown as Queryable, sequences: createKnownSequences(prisma) }, plan)
  } finally {
    await pool.end()
  }
}
