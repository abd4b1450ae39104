import { restoreLedger, withService, workWith, type RestoredLedger } from './restored-ledger'
import { queryAsAdmin, valuesIn } from './sequencer'

let ledger: RestoredLedger | undefined
afterEach(async () => {
  await ledger?.remove()
  ledger = undefined
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

  test('ends at the end of a range', async () => {
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

  test('leaves periods that are closed, whether a number was issued in them or none', async () => {
    const [issued, empty] = [1, 2].map((years) => String(new Date().getUTCFullYear() - years))
    ledger = await restoreLedger(
      async ({ post }) => {
        const rules = {
          prefix: 'YR',
          template: 'Y{YYYY}-{seq:3}',
          reset: 'yearly',
          business_date_past_days: null,
        }
        expect((await post('/api/v1/sequences', { ...rules, reason: 'test' })).status).toBe(201)
        expect((await post('/api/v1/next/YR', { business_date: `${issued}-12-31` })).status).toBe(200)
        for (const period of [issued, empty])
          expect(
            (await post(`/api/v1/sequences/YR/periods/${period}/close`, { reason: 'test' })).status,
          ).toBe(200)
      },
      () => Promise.resolve(),
    )
    const known = [issued, empty].map((period) => ({ prefix: 'YR', period: period!, value: 5 }))
    const { counters } = await ledger.raise({ margin: 10, counters: known })
    for (const [period, last] of [
      [issued, 1],
      [empty, 0],
    ])
      expect(counters).toContainEqual({ prefix: 'YR', period, last, skipped: 0, withheld: 0 })
  })
})
