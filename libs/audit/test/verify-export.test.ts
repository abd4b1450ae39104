import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { ExportError, verifyExport, type FindingKind } from '../src'

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

test('whichever row is removed, it is reported as missing', async () => {
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

test('whichever two rows that follow each other change places, they are reported as swapped', async () => {
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

/** Whether a file is taken for an export that fits, with a last line that counts what is in it. */
async function fits(changed: readonly (typeof records)[number][]): Promise<boolean> {
  const count = (...types: string[]) => changed.filter(({ type }) => types.includes(String(type))).length
  const counted = { counters: count('counter'), batches: count('batch'), entries: count('entry', 'stray') }
  const end = { ...records.at(-1)!, ...counted, register: count('register', 'registered') }
  return verify([...changed.filter(({ type }) => type !== 'end'), end]).then(
    (report) => report.fits,
    (error: unknown) => {
      if (error instanceof ExportError) return false
      throw error
    },
  )
}

const places = records.map((_, index) => index).slice(1)
const row = records.find(({ type }) => type === 'entry')!
const forged = { ...row, value: 777, number: '777' }
const ofKind = (type: string) => records.filter((record) => record.type === type)

test.each([
  ['a forged row', [forged]],
  ['a forged row set apart', [1, 2].map((batch) => ({ ...forged, type: 'stray', batch }))],
  ['a row that is there', ofKind('entry').slice(0, 2)],
  ['a batch that is there', ofKind('batch').slice(0, 2)],
  ['a counter that is there', ofKind('counter').slice(0, 1)],
  [
    'a line of the register',
    [
      { type: 'register', entry: 1 },
      { type: 'registered', kind: 'rules' },
    ],
  ],
  ['a line of an unknown type', [{ type: 'note' }]],
])('%s is found wherever it is put', async (_, lines) => {
  const unnoticed: object[] = []
  for (const line of lines)
    for (const place of places)
      if (await fits(records.toSpliced(place, 0, line))) unnoticed.push({ place, ...line })
  expect(unnoticed).toEqual([])
})

test('whichever row stands before the first batch of a counter is found', async () => {
  const unnoticed: number[][] = []
  for (const [from, record] of records.entries()) {
    if (record.type !== 'entry') continue
    for (const [index, { type }] of records.entries())
      if (
        type === 'counter' &&
        (await fits(records.toSpliced(from, 1).toSpliced(from <= index ? index : index + 1, 0, record)))
      )
        unnoticed.push([from, index])
  }
  expect(unnoticed).toEqual([])
})

test('batches behind the end of a part are found', async () => {
  const last = records.findLastIndex(({ type }) => type === 'counter')
  const part = withOne(last, { through_batch: Number(records[last]!.through_batch) - 2 })
  expect(await fits(part.with(0, { ...part[0]!, to: '2030-01-01T00:00:00.000Z' }))).toBe(false)
})

test('a part that begins behind the end of its counter is found', async () => {
  const last = records.findLastIndex(({ type }) => type === 'counter')
  const second = records.findIndex(
    ({ batch, type }, index) => index > last && type === 'batch' && batch === 3,
  )
  const counter = { ...records[last]!, batch: 1, after_batch: 2, after_hash: hashOfSecond() }
  const head = { ...records[0]!, from: '2020-01-01T00:00:00.000Z' }
  expect(await fits([head, counter, ...records.slice(second)])).toBe(false)

  function hashOfSecond() {
    return records.find(({ batch, type }, index) => index > last && type === 'batch' && batch === 2)!.hash!
  }
})

test.each([
  ['another sequence', { prefix: 'INV' }],
  ['another period', { period: '2019' }],
])('a counter of %s than the export says is refused', async (_, chosen) => {
  expect(await fits(records.with(0, { ...records[0]!, ...chosen }))).toBe(false)
})
