import { Buffer } from 'node:buffer'
import { hash } from 'node:crypto'
import type { Checkpoint } from './checkpoint'
import { nowhere, whyGone } from './faults'
import type { Finding, Findings } from './findings'
import type { RegisteredRecord, RegisterRecord } from './records'
import { contentOf, createRegister, keyOf, nameOf, type Named, type Register } from './register'
import { bytesOfTime, microsecondsOf, notAfter, settledBefore } from './time'

interface RegisterToVerify {
  /** When it was read. */
  at: string
  /** In the order of the chain. */
  entries: readonly RegisterRecord[]
  /** What the tables have; of keys there is no table. */
  rows: readonly RegisteredRecord[]
  checkpoints?: readonly Checkpoint[]
}

type Found = (of: Named, finding: Pick<Finding, 'kind' | 'detail'> & Partial<Finding>) => void

/** The latest entry of each row. */
type Latest = Map<string, RegisterRecord>

/**
 * Verifies the chain of rules, sites, closed periods and keys, and that the tables have what it says
 * (docs/decisions/0046).
 */
export function verifyRegister(
  { at, entries, rows, checkpoints = [] }: RegisterToVerify,
  { report }: Pick<Findings, 'report'>,
): Register {
  const found: Found = (of, finding) =>
    report({
      ...nowhere,
      prefix: of.kind === 'rules' || of.kind === 'closed_period' ? of.name.split(' ')[0]! : null,
      object: nameOf(of),
      ...finding,
    })
  const latest = checkChain(entries, at, found)
  checkVersions(latest, found)
  checkRows(rows, latest, found)
  for (const checkpoint of checkpoints) compareRegister(entries, checkpoint, at, found)
  return createRegister(latest)
}

/** Returns the latest entry of each row. */
function checkChain(entries: readonly RegisterRecord[], readAt: string, found: Found): Latest {
  const latestPossible = notAfter(readAt)
  const latest: Latest = new Map()
  let previous: Buffer = Buffer.alloc(32)
  let before: RegisterRecord | undefined
  for (const entry of entries) {
    const expected = (before?.entry ?? 0) + 1
    const stored = Buffer.from(entry.hash, 'hex')
    const name = `entry ${entry.entry} of the register (${nameOf(entry)})`
    if (entry.entry < expected) {
      found(entry, { kind: 'added', detail: `${name} comes a second time` })
      continue
    }
    if (entry.entry > expected)
      found(entry, {
        kind: 'missing',
        detail:
          entry.entry === expected + 1
            ? `entry ${expected} of the register is missing`
            : `the entries ${expected} to ${entry.entry - 1} of the register are missing`,
      })
    else if (!hashOf(previous, entry).equals(stored))
      found(entry, { kind: 'altered', detail: `${name} is not what was written: its hash is another` })
    else if (before && entry.at < before.at)
      found(entry, {
        kind: 'backdated',
        column: 'at',
        detail: `${name} is dated ${entry.at}, and the one before it ${before.at}`,
      })
    else if (entry.at > latestPossible)
      found(entry, {
        kind: 'altered',
        column: 'at',
        detail: `${name} is dated ${entry.at}, and it was read before that, at ${readAt}`,
      })
    checkAgain(entry, latest.get(keyOf(entry)), entries[0]!.at, found)
    latest.set(keyOf(entry), entry)
    previous = stored
    before = entry
  }
  return latest
}

/** A second entry of the same row may only say more of it: what a new column of the table has. */
function checkAgain(
  entry: RegisterRecord,
  earlier: RegisterRecord | undefined,
  firstAt: string,
  found: Found,
): void {
  if (entry.kind === 'keys') return
  if (!earlier) {
    checkDate(entry, firstAt, found)
    return
  }
  const column = firstDifference(earlier, entry)
  if (column)
    found(entry, {
      kind: 'altered',
      column,
      detail: `${nameOf(entry)} was written again with another ${column}, in entry ${entry.entry} of the register`,
    })
}

/** A row is dated by the clock when it is written: only rows from before the register are older than their entries. */
function checkDate(entry: RegisterRecord, firstAt: string, found: Found): void {
  const { created_at, closed_at } = contentOf(entry)
  const dated = String(created_at ?? closed_at)
  const isFirst = entry.at <= notAfter(firstAt)
  if (microsecondsOf(dated) > microsecondsOf(notAfter(entry.at)))
    found(entry, {
      kind: 'altered',
      column: 'at',
      detail: `${nameOf(entry)} is dated ${dated}, and was put into the register before that, at ${entry.at}`,
    })
  else if (!isFirst && microsecondsOf(dated) < microsecondsOf(settledBefore(entry.at)))
    found(entry, {
      kind: 'backdated',
      column: 'at',
      detail: `${nameOf(entry)} is dated ${dated}, and was put into the register at ${entry.at}: it was dated back`,
    })
}

/** Rules and sites have the versions 1, 2, 3. */
function checkVersions(latest: Latest, found: Found): void {
  for (const { kind, name, version } of latest.values()) {
    const before = { kind, name, version: version - 1 }
    if (version > 1 && !latest.has(keyOf(before)))
      found(before, {
        kind: 'missing',
        detail: `${nameOf(before)} is missing, and there is version ${version}`,
      })
  }
}

/** The tables have the rows that the register has, as it has them. */
function checkRows(rows: readonly RegisteredRecord[], latest: Latest, found: Found): void {
  const here = new Set<string>()
  for (const row of rows) {
    if (here.has(keyOf(row))) found(row, { kind: 'added', detail: `${nameOf(row)} is there twice` })
    here.add(keyOf(row))
    const entry = latest.get(keyOf(row))
    const column = entry && firstDifference(entry, row)
    if (!entry)
      found(row, {
        kind: 'added',
        detail: `${nameOf(row)} is not in the register: it was added by hand`,
      })
    else if (row.kind === 'keys')
      found(row, { kind: 'added', detail: `${nameOf(row)} is in a table, and there is none of keys` })
    else if (column)
      found(row, {
        kind: 'altered',
        column,
        detail: `${nameOf(row)} was altered: its ${column} is not what the register has`,
      })
  }
  for (const entry of latest.values())
    if (entry.kind !== 'keys' && !here.has(keyOf(entry)))
      found(entry, { kind: 'missing', detail: `${nameOf(entry)} is missing, and the register has it` })
}

/** A checkpoint has kept an entry: it is still there, and no later one is dated before. */
function compareRegister(
  entries: readonly RegisterRecord[],
  checkpoint: Checkpoint,
  readAt: string,
  found: Found,
): void {
  if (checkpoint.type !== 'ordinal-checkpoint-v2' || !checkpoint.register) return
  const { at, register: kept } = checkpoint
  const register = { kind: 'register', name: '', version: 0 } as const
  const entry = entries.find(({ entry }) => entry === kept.entry)
  if (entry?.hash !== kept.hash)
    found(register, {
      kind: entry ? 'rewritten' : 'tail_cut',
      detail: entry
        ? `entry ${kept.entry} of the register (${nameOf(entry)}), or one before it, was rewritten since ${at}`
        : `the register had an entry ${kept.entry} at ${at}, ${whyGone(at, readAt, 'its end')}`,
    })
  const late = entries.find(({ entry, at: dated }) => entry > kept.entry && dated < settledBefore(at))
  if (late)
    found(late, {
      kind: 'backdated',
      column: 'at',
      detail: `${nameOf(late)} is dated ${late.at} in the register, and a checkpoint of ${at} does not have it`,
    })
}

/** The first column in which the row differs from the entry. */
function firstDifference(entry: { content: string }, row: { content: string }): string | undefined {
  if (entry.content === row.content) return undefined
  const has = contentOf(row)
  return Object.entries(contentOf(entry)).find(
    ([column, value]) => JSON.stringify(value) !== JSON.stringify(has[column]),
  )?.[0]
}

function hashOf(previous: Buffer, { entry, kind, name, version, content, at }: RegisterRecord): Buffer {
  const numbers = Buffer.alloc(12)
  numbers.writeBigInt64BE(BigInt(entry), 0)
  numbers.writeInt32BE(version, 8)
  const texts = [kind, name, content].map((text) => hash('sha256', text, 'buffer'))
  return hash('sha256', Buffer.concat([previous, numbers, bytesOfTime(at), ...texts]), 'buffer')
}
