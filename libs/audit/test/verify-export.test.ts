import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { verifyExport, type FindingKind } from '../src'

// What a sequencer has answered, with everything in it: requests for several numbers, periods, leases, what was released
// and recycled, void and suppressed numbers.
const records = readFileSync(join(__dirname, 'fixtures/export.ndjson'), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Record<string, string | number | null>)

const verify = (changed: readonly object[]) =>
  verifyExport(Readable.from(changed.map((record) => JSON.stringify(record))) as AsyncIterable<string>)

const withOne = (index: number, change: object) =>
  records.map((record, at) => (at === index ? { ...record, ...change } : record))

/** Another value of the same kind. */
function otherThan(value: string | number | null): string | number {
  if (typeof value === 'number') return value + 1
  if (value === null) return 'something'
  if (/^[0-9a-f]{64}$/.test(value)) return value.replace(/^./, (digit) => (digit === '0' ? '1' : '0'))
  if (/^\d{4}-\d\d-\d\dT/.test(value))
    return value.replace(/\d{6}Z$/, (micros) => (micros === '000001Z' ? '000002Z' : '000001Z'))
  return `${value}x`
}

// The place in the feed is no part of the chain; only that of the last batch is known to its counter.
const unproved = ['feed']
const columns: [type: string, column: string][] = ['entry', 'batch', 'counter'].flatMap((type) =>
  Object.keys(records.find((record) => record.type === type)!)
    .filter((column) => column !== 'type' && !unproved.includes(column))
    .map((column): [string, string] => [type, column]),
)

test('an export that nobody has touched fits', async () => {
  expect(records.filter(({ type }) => type === 'entry').length).toBeGreaterThan(40)
  expect(await verify(records)).toMatchObject({ fits: true, findings: [] })
})

test.each(columns)('of each %s, whatever is altered in its %s is found', async (type, column) => {
  const places = records.flatMap((record, index) => (record.type === type ? [index] : []))
  const unnoticed: object[] = []
  for (const index of places) {
    const change = { [column]: otherThan(records[index]![column]!) }
    // A file that contradicts itself is refused, which is as good.
    const fits = await verify(withOne(index, change)).then(
      (report) => report.fits,
      () => false,
    )
    if (fits) unnoticed.push({ ...records[index], ...change })
  }
  expect(unnoticed).toEqual([])
})

test('whichever row is removed, it is told as missing', async () => {
  const kinds = new Set<FindingKind>()
  for (const [index, { type }] of records.entries()) {
    if (type !== 'entry') continue
    const end = records.at(-1)!
    const fewer = [...records.slice(0, index), ...records.slice(index + 1, -1)]
    const { findings } = await verify([...fewer, { ...end, entries: Number(end.entries) - 1 }])
    kinds.add(findings[0]!.kind)
  }
  // Of the last row of a counter with one row in its last batch, that is a tail that was cut off.
  expect([...kinds].sort()).toEqual(['missing', 'tail_cut'])
})

test('whichever two rows that follow each other change places, it is told as swapped', async () => {
  const own = ['type', 'prefix', 'period', 'batch', 'position', 'at']
  const told: (FindingKind | undefined)[] = []
  for (const [index, row] of records.entries()) {
    const next = records[index + 1]
    if (row.type !== 'entry' || next?.type !== 'entry' || row.revision !== 1 || next.revision !== 1) continue
    const placeOf = (of: typeof row) => Object.fromEntries(own.map((column) => [column, of[column]]))
    const swapped = [...records]
    swapped[index] = { ...next, ...placeOf(row) } as typeof row
    swapped[index + 1] = { ...row, ...placeOf(next) } as typeof row
    told.push((await verify(swapped)).findings[0]?.kind)
  }
  expect(told.length).toBeGreaterThan(10)
  expect(told.filter((kind) => kind !== 'swapped')).toEqual([])
})
