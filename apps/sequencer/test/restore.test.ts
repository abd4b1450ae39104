import { writeFileSync } from 'node:fs'
import { PrismaPg } from '@prisma/adapter-pg'
import { createPool, withQueryTimeout, type Queryable } from '@ordinal/database'
import { inspectLedger, proxyBefore, until, type CutMoment } from '@ordinal/testing'
import { PrismaClient } from '../src/generated/prisma/client'
import { createKnownSequences } from '../src/ledger/known-sequences'
import { readPlan, type RestorePlan } from '../src/restore/plan'
import { raiseCounters } from '../src/restore/raise'
import { restoreLedger, workWith } from './restored-ledger'
import { queryAsAdmin, valuesIn } from './sequencer'

type Restored = Awaited<ReturnType<typeof restoreLedger>>
let ledger: Restored | undefined
afterEach(async () => {
  await ledger?.remove()
  ledger = undefined
})

const ready = async (url: string) => (await fetch(`${url}/health/ready`)).status

/** Starts the service on the restored ledger, and ends it afterwards. */
async function withService(
  of: Restored,
  work: (service: Awaited<ReturnType<Restored['start']>>) => Promise<void>,
) {
  const service = await of.start()
  try {
    await work(service)
  } finally {
    await service.stop()
  }
}

describe('a ledger that is older than the checkpoint that was kept', () => {
  test('issues nothing, changes nothing, signs nothing, is not ready, and says what to do', async () => {
    let held = ''
    ledger = await restoreLedger(
      async ({ issue }) => ([held] = (await issue('SG', 5)) as [string]),
      async ({ issue, keepCheckpoint }) => {
        await issue('SG', 3)
        await keepCheckpoint()
      },
    )
    await withService(ledger, async ({ url, lines }) => {
      const { post } = workWith({ url }, '/dev/null')
      const refused = { status: 503, body: { code: 'ledger_behind' } }
      expect(await post('/api/v1/next/SG')).toMatchObject(refused)
      expect(await post(`/api/v1/numbers/${held}/release`, { reason: 'test' })).toMatchObject(refused)
      await expect(workWith({ url }, '/dev/null').issue('ORD', 1)).rejects.toThrow('restore-check')
      expect(await ready(url)).toBe(503)
      const { bearer } = await import('./tokens')
      const signed = await fetch(`${url}/api/v1/audit/checkpoints`, { headers: await bearer('viewer') })
      const imported = await fetch(`${url}/api/v1/sequences/SG/import`, {
        method: 'POST',
        headers: { 'Content-Type': 'text/csv', ...(await bearer('admin')) },
        body: 'number\nSG000009\n',
      })
      for (const answer of [signed, imported]) {
        expect(answer.status).toBe(503)
        expect(await answer.json()).toMatchObject({ code: 'ledger_behind' })
      }
      expect(await documentedAs503(url, 'get', '/api/v1/audit/checkpoints')).toContain('`ledger_behind`')
      expect(await documentedAs503(url, 'post', '/api/v1/sequences/{prefix}/import')).toContain(
        '`ledger_behind`',
      )
      expect(lines.filter((line) => line.includes('no numbers are issued'))).toHaveLength(1)
      expect(lines.filter((line) => line.includes('"checkpoint":'))).toEqual([])
    })
    expect(await valuesIn(ledger.restored, 'SG')).toEqual([1, 2, 3, 4, 5])
  })

  test('goes on above all that is known once its counters are raised, and no number comes twice', async () => {
    let lost: string[] = []
    ledger = await restoreLedger(
      ({ issue }) => issue('SG', 5),
      async ({ issue, keepCheckpoint }) => {
        lost = [...(await issue('SG', 3)), ...(await issue('ORD', 2))]
        await keepCheckpoint()
      },
    )
    const { counters } = await ledger.raise({ numbers: lost, reason: 'disk of db1 lost, ticket 4711' })
    expect(counters).toEqual([
      expect.objectContaining({ prefix: 'ORD', last: 2, skipped: 2 }),
      { prefix: 'SG', period: '', last: 8, skipped: 3, withheld: 0 },
    ])
    await withService(ledger, async ({ url }) => {
      const again = workWith({ url }, '/dev/null')
      const fresh = [...(await again.issue('SG', 2)), ...(await again.issue('ORD', 1))]
      expect(fresh.filter((number) => lost.includes(number))).toEqual([])
      expect(fresh[0]).toBe('SG000009')
      expect(await ready(url)).toBe(200)
    })
    const skipped = await queryAsAdmin(
      ledger.restored,
      `SELECT DISTINCT event, state, reason FROM ledger WHERE prefix = 'SG' AND value IN (6, 7, 8)`,
    )
    expect(skipped).toEqual([{ event: 'skip', state: 'void', reason: 'disk of db1 lost, ticket 4711' }])
    expect(await valuesIn(ledger.restored, 'SG')).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  })

  test('is found while the service runs, when another checkpoint is kept, and so is its end', async () => {
    ledger = await restoreLedger(
      ({ issue, keepCheckpoint }) => issue('SG', 2).then(keepCheckpoint),
      () => Promise.resolve(),
    )
    const other = await restoreLedger(
      ({ issue }) => issue('SG', 2),
      ({ issue, keepCheckpoint }) => issue('SG', 2).then(keepCheckpoint),
    )
    const { checkpointFile } = ledger
    const { readFileSync } = await import('node:fs')
    const fitting = readFileSync(checkpointFile)
    await withService(ledger, async ({ url }) => {
      expect(await ready(url)).toBe(200)
      writeFileSync(checkpointFile, readFileSync(other.checkpointFile))
      await until(async () => (await ready(url)) === 503)
      writeFileSync(checkpointFile, fitting)
      await until(async () => (await ready(url)) === 200)
    })
    await other.remove()
  })
})

test('a server that says that it was restored issues nothing, whatever is kept', async () => {
  ledger = await restoreLedger(
    ({ issue }) => issue('SG', 1),
    () => Promise.resolve(),
  )
  const { restored } = ledger
  await queryAsAdmin(restored, `ALTER DATABASE "${restored.name}" SET ordinal.restored = on`)
  await withService(ledger, async ({ url }) => {
    expect(await workWith({ url }, '/dev/null').post('/api/v1/next/SG')).toMatchObject({
      status: 503,
      body: { code: 'ledger_behind' },
    })
  })
  await queryAsAdmin(restored, `ALTER DATABASE "${restored.name}" RESET ordinal.restored`)
  await withService(ledger, async ({ url }) => {
    expect((await workWith({ url }, '/dev/null').post('/api/v1/next/SG')).status).toBe(200)
  })
})

test.each([
  ['that is not there', undefined],
  ['that is empty, as a failed copy leaves it', ''],
  ['without a checkpoint', 'nothing of use\n'],
])('a file %s is no reason to issue', async (_, content) => {
  ledger = await restoreLedger(
    ({ issue }) => issue('SG', 1),
    () => Promise.resolve(),
  )
  const file = content === undefined ? `${ledger.checkpointFile}.not` : ledger.checkpointFile
  if (content !== undefined) writeFileSync(file, content)
  const service = await ledger.start({ SEQUENCER_KEPT_CHECKPOINT: file })
  const { status, body } = await workWith(service, '/dev/null').post('/api/v1/next/SG')
  await service.stop()
  expect([status, body.detail]).toEqual([503, expect.stringContaining(file)])
})

describe('raising', () => {
  test('with a margin skips above what nobody knows of, also in a period that had not begun', async () => {
    ledger = await restoreLedger(
      ({ issue }) => issue('SG', 5),
      () => Promise.resolve(),
    )
    const { counters } = await ledger.raise({ margin: 100 })
    const last = (prefix: string) => counters.filter((counter) => counter.prefix === prefix)
    expect(last('SG')).toEqual([expect.objectContaining({ last: 105, skipped: 100 })])
    // Of the sequences that were there before, each has its counter of today.
    expect(last('INV')).toContainEqual(expect.objectContaining({ last: 100, skipped: 100 }))
  })

  test('takes what was free or reserved out of use: it may have been issued or confirmed meanwhile', async () => {
    ledger = await restoreLedger(
      async ({ issue, post }) => {
        const [first, second] = await issue('SG', 4)
        await post(`/api/v1/numbers/${first}/release`, { reason: 'test' })
        await post(`/api/v1/numbers/${second}/release`, { reason: 'test' })
        await post('/api/v1/next/SG', { hold_seconds: 3600 })
      },
      async ({ issue, keepCheckpoint }) => {
        expect(await issue('SG', 1)).toEqual(['SG000002'])
        await keepCheckpoint()
      },
    )
    const { counters } = await ledger.raise({ margin: 10 })
    expect(counters).toContainEqual({ prefix: 'SG', period: '', last: 14, skipped: 10, withheld: 2 })
    await withService(ledger, async ({ url }) =>
      expect(await workWith({ url }, '/dev/null').issue('SG', 1)).toEqual(['SG000015']),
    )
    expect(
      await queryAsAdmin(
        ledger.restored,
        `SELECT (SELECT count(*)::int FROM leases) AS leases, (SELECT count(*)::int FROM free_values) AS free`,
      ),
    ).toEqual([{ leases: 0, free: 0 }])
  })

  test('reports the last value of a counter that is not raised, whose free values become void', async () => {
    ledger = await restoreLedger(
      async ({ issue, post }) => {
        const [first] = await issue('SG', 4)
        await post(`/api/v1/numbers/${first}/release`, { reason: 'test' })
        await post('/api/v1/sequences', { prefix: 'RNG', template: 'R{seq:3}', reason: 'test' })
      },
      () => Promise.resolve(),
    )
    const { counters } = await ledger.raise({ counters: [{ prefix: 'RNG', period: '', value: 2 }] })
    expect(counters).toEqual([
      { prefix: 'SG', period: '', last: 4, skipped: 0, withheld: 1 },
      { prefix: 'RNG', period: '', last: 2, skipped: 2, withheld: 0 },
    ])
  })

  test('names the sequence that has to be made again, and changes nothing before', async () => {
    ledger = await restoreLedger(
      ({ issue }) => issue('SG', 1),
      () => Promise.resolve(),
    )
    await expect(ledger.raise({ margin: 5, numbers: ['NEW-17'] })).rejects.toThrow('NEW-17')
    await expect(
      ledger.raise({ margin: 5, counters: [{ prefix: 'NEW', period: '', value: 17 }] }),
    ).rejects.toThrow('NEW')
    expect(await valuesIn(ledger.restored, 'SG')).toEqual([1])
  })

  test('ends at the end of a range, and leaves a period that is closed', async () => {
    ledger = await restoreLedger(
      async ({ post, issue }) => {
        const rules = { prefix: 'RNG', template: 'R{seq:3}', end: 20, reason: 'test' }
        expect((await post('/api/v1/sequences', rules)).status).toBe(201)
        await issue('RNG', 3)
      },
      () => Promise.resolve(),
    )
    const { counters } = await ledger.raise({ margin: 1_000 })
    expect(counters).toContainEqual(expect.objectContaining({ prefix: 'RNG', last: 20, skipped: 17 }))
  })

  test.each([4, 6, 8, 11, 15])(
    'that dies at its statement %i, twice in a row, is finished by the next run, and skips nothing twice',
    async (statement) => {
      ledger = await restoreLedger(
        async ({ issue, post }) => {
          const [first] = await issue('SG', 3)
          await post(`/api/v1/numbers/${first}/release`, { reason: 'test' })
          await post('/api/v1/next/SG', { hold_seconds: 3600 })
        },
        () => Promise.resolve(),
      )
      const text = {
        type: 'ordinal-restore-plan-v1',
        reason: 'test',
        margin: 11_000,
        counters: [],
        numbers: [],
      }
      const plan = readPlan(JSON.stringify(text))
      for (let death = 0; death < 2; death += 1)
        await raiseUntil(ledger, plan, statement).catch(() => undefined)
      await raiseUntil(ledger, plan, Infinity)
      await raiseUntil(ledger, plan, Infinity)
      const [sg] = await queryAsAdmin(
        ledger.restored,
        `SELECT last_value::int AS last, free::int, reserved::int FROM counters WHERE prefix = 'SG'`,
      )
      expect(sg).toEqual({ last: 11_003, free: 0, reserved: 0 })
      expect((await inspectLedger(ledger.restored)).faults).toEqual([])
    },
    180_000,
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
      ledger = await restoreLedger(
        async ({ issue, post }) => {
          const [first] = await issue('SG', 3)
          await post(`/api/v1/numbers/${first}/release`, { reason: 'test' })
          await post('/api/v1/next/SG', { hold_seconds: 3600 })
        },
        () => Promise.resolve(),
      )
      const { restored } = ledger
      const proxy = await proxyBefore(restored.runtimeUrl)
      const plan: RestorePlan = {
        type: 'ordinal-restore-plan-v1',
        reason: 'test',
        margin: 200,
        counters: [],
        numbers: [],
      }
      const raise = () =>
        raiseUntil({ restored: { ...restored, runtimeUrl: proxy.url } }, plan, Infinity, 2_000)
      try {
        proxy.cutAt(text, moment, 2)
        for (let cuts = 1; cuts <= 2; cuts += 1) {
          await expect(raise()).rejects.toThrow()
          expect(proxy.cuts).toBe(cuts)
        }
        await raise()
      } finally {
        await proxy.close()
      }
      const [sg] = await queryAsAdmin(
        restored,
        `SELECT last_value::int AS last, free::int, reserved::int FROM counters WHERE prefix = 'SG'`,
      )
      expect(sg).toEqual({ last: 203, free: 0, reserved: 0 })
      expect((await inspectLedger(restored)).faults).toEqual([])
    },
    60_000,
  )

  test('by two processes at the same time skips as much as by one', async () => {
    ledger = await restoreLedger(
      ({ issue }) => issue('SG', 3),
      () => Promise.resolve(),
    )
    const plan: RestorePlan = {
      type: 'ordinal-restore-plan-v1',
      reason: 'test',
      margin: 11_000,
      counters: [],
      numbers: [],
    }
    await Promise.all([raiseUntil(ledger, plan, Infinity), raiseUntil(ledger, plan, Infinity)])
    const rows = await queryAsAdmin<{ last: number }>(
      ledger.restored,
      `SELECT last_value::int AS last FROM counters WHERE prefix = 'SG'`,
    )
    expect(rows).toEqual([{ last: 11_003 }])
  }, 120_000)
})

/** What the document of the API says of the answer 503 of a call. */
async function documentedAs503(url: string, method: string, path: string): Promise<string> {
  const { paths, components } = (await (await fetch(`${url}/openapi.json`)).json()) as {
    paths: Record<string, Record<string, { responses: Record<string, { $ref: string }> }>>
    components: { responses: Record<string, { description: string }> }
  }
  const { $ref } = paths[path]![method]!.responses[503]!
  return components.responses[$ref.split('/').at(-1)!]!.description
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
