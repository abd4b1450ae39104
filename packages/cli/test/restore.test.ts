import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compareWith, readKnownFiles, readReferences } from '../src/restore/evidence'
import { counterKey, type RestoredLedger } from '../src/restore/ledger'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ordinal-known-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function file(name: string, ...lines: string[]): string {
  writeFileSync(join(folder, name), `${lines.join('\n')}\n`)
  return join(folder, name)
}

const ledger = (): RestoredLedger => ({
  last: new Map([
    [counterKey('SG', ''), 10],
    [counterKey('ORD', ''), 5],
  ]),
  orderNumbers: new Map([
    ['ORD000004', new Set(['ref-4'])],
    ['ORD000005', new Set(['ref-5'])],
    ['ORD000006', new Set(['restore 0123 ORD000006'])],
    // Drawn, released, and drawn again.
    ['ORD000008', new Set(['ref-1', 'a release', 'ref-8'])],
    // After a conflict.
    ['ORD000009', new Set(['ref-1:2'])],
  ]),
  held: new Map([
    ['ORD000004', 'ref-4'],
    ['ORD000005', 'ref-5'],
    ['ORD000008', 'ref-8'],
    ['ORD000009', 'ref-1:2'],
  ]),
  findings: [],
})
const known = (...counters: [string, string, number][]) =>
  new Map(counters.map(([prefix, period, value]) => [counterKey(prefix, period), value]))

test('the highest value of each counter is taken from exports and from rows of the feed alike', async () => {
  const exported = file(
    'export.ndjson',
    '{"type":"export","prefix":null,"period":null}',
    '{"type":"counter","prefix":"SG","period":"","last_value":12}',
    '{"type":"entry","prefix":"SG","period":"","value":3}',
  )
  const followed = file(
    'feed.ndjson',
    '{"prefix":"SG","period":"","value":14,"number":"SG000014"}',
    '{"prefix":"INV","period":"2026","value":2}',
    '{"prefix":"SG","period":"","value":13}',
  )
  expect(await readKnownFiles([exported, followed])).toEqual(known(['SG', '', 14], ['INV', '2026', 2]))
})

test('a file that is empty, or something else, is refused with its line', async () => {
  await expect(readKnownFiles([file('empty')])).rejects.toThrow('empty')
  await expect(readKnownFiles([file('other', '{}', 'prefix;value')])).rejects.toThrow('line 2')
})

test('a counter is behind if more of it is known, also one that the ledger has not begun', () => {
  const { behind } = compareWith(ledger(), {
    highest: known(['SG', '', 14], ['ORD', '', 5], ['INV', '2026', 2]),
    orders: [],
  })
  expect(behind).toEqual([
    { prefix: 'SG', period: '', last: 10, known: 14 },
    { prefix: 'INV', period: '2026', last: 0, known: 2 },
  ])
})

test('orders are told apart: one whose number is missing, one whose number another has, one that is explained', () => {
  const { missing, doubled } = compareWith(ledger(), {
    highest: new Map(),
    orders: [
      { reference: 'ref-4', number: 'ORD000004' },
      { reference: 'ref-9', number: 'ORD000005' },
      { reference: 'ref-6', number: 'ORD000006' },
      { reference: 'ref-7', number: 'ORD000007' },
      { reference: 'ref-8', number: 'ORD000008' },
      { reference: 'ref-1', number: 'ORD000009' },
    ],
  })
  expect(missing.map(({ number }) => number)).toEqual(['ORD000007'])
  expect(doubled).toEqual([{ reference: 'ref-9', number: 'ORD000005' }])
})

test('numbers have no order if those who hold them are not among all references; without these nothing is said', () => {
  const nothing = { highest: new Map<string, number>(), orders: [] }
  const references = new Set(['ref-1', 'ref-4', 'ref-8'])
  expect(compareWith(ledger(), { ...nothing, references }).withoutOrder).toEqual([
    { number: 'ORD000005', reference: 'ref-5' },
  ])
  expect(compareWith(ledger(), nothing).withoutOrder).toEqual([])
})

test('references are a line each, and something else is refused, or none', async () => {
  const reference = '019aa5a4-7b3c-7d7e-8d55-0d5c3f2f3e11'
  expect(await readReferences(file('references', reference))).toEqual(new Set([reference]))
  await expect(readReferences(file('orders', reference, 'reference | number'))).rejects.toThrow(
    '"reference | number" in',
  )
  writeFileSync(join(folder, 'nothing'), '')
  await expect(readReferences(join(folder, 'nothing'))).rejects.toThrow('is empty')
})
