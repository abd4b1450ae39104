import { hash } from 'node:crypto'
import type { Checkpoint } from './checkpoint'
import { nowhere } from './faults'
import type { Finding, Findings } from './findings'
import type { RegisteredRecord, RegisterRecord } from './records'
import { microsecondsOf, notAfter, settledBefore } from './time'

/** The rules of a sequence, as far as its batches have to fit them. */
export interface RegisteredRules {
  gap_policy: string
  start: number
  /** When they were made; and so no batch that follows them is dated before the second time, none by earlier rules after the third. */
  from: string
  settledBefore: string
  notAfter: string
}

export type Register = ReturnType<typeof verifyRegister>

/**
 * Verifies the chain of rules, sites, closed periods and keys, and that the tables have what it says
 * (docs/decisions/0046).
 *
 * @param entries in the order of the chain
 * @param rows what the tables have; of keys there is no table
 */
export function verifyRegister(
  entries: readonly RegisterRecord[],
  rows: readonly RegisteredRecord[],
  checkpoints: readonly Checkpoint[],
  { report }: Pick<Findings, 'report'>,
) {
  const latest = new Map<string, RegisterRecord>()
  const rules = new Map<string, RegisteredRules | undefined>()
  const found = (of: Named, finding: Pick<Finding, 'kind' | 'detail'> & Partial<Finding>) =>
    report({
      ...nowhere,
      prefix: of.kind === 'rules' || of.kind === 'closed_period' ? of.name.split(' ')[0]! : null,
      object: nameOf(of),
      ...finding,
    })

  checkChain()
  checkRows()
  for (const checkpoint of checkpoints) compare(checkpoint)

  function checkChain(): void {
    let previous: Buffer = Buffer.alloc(32)
    let before: RegisterRecord | undefined
    for (const entry of entries) {
      const expected = (before?.entry ?? 0) + 1
      const stored = Buffer.from(entry.hash, 'hex')
      const name = `entry ${entry.entry} of the register (${nameOf(entry)})`
      if (entry.entry !== expected)
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
      keepLatest(entry)
      previous = stored
      before = entry
    }
  }

  /** A second entry of the same row may only say more of it: what a new column of the table has. */
  function keepLatest(entry: RegisterRecord): void {
    const earlier = latest.get(keyOf(entry))
    latest.set(keyOf(entry), entry)
    if (!earlier || entry.kind === 'keys') return
    const column = firstDifference(earlier, entry)
    if (column)
      found(entry, {
        kind: 'altered',
        column,
        detail: `${nameOf(entry)} was written again with another ${column}, in entry ${entry.entry} of the register`,
      })
  }

  function checkRows(): void {
    const here = new Set<string>()
    for (const row of rows) {
      here.add(keyOf(row))
      const entry = latest.get(keyOf(row))
      const column = entry && firstDifference(entry, row)
      if (!entry)
        found(row, {
          kind: 'added',
          detail: `${nameOf(row)} is not in the register: nothing that may wrote it`,
        })
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

  function compare(checkpoint: Checkpoint): void {
    if (checkpoint.type !== 'ordinal-checkpoint-v2' || !checkpoint.register) return
    const { at, register: kept } = checkpoint
    const register = { kind: 'register', name: '', version: 0 } as const
    const entry = entries.find(({ entry }) => entry === kept.entry)
    if (entry?.hash !== kept.hash)
      found(register, {
        kind: entry ? 'rewritten' : 'tail_cut',
        detail: entry
          ? `entry ${kept.entry} of the register (${nameOf(entry)}), or one before it, was rewritten since ${at}`
          : `the register had an entry ${kept.entry} at ${at}, and has none now: its end was cut off`,
      })
    const late = entries.find(({ entry, at: dated }) => entry > kept.entry && dated < settledBefore(at))
    if (late)
      found(late, {
        kind: 'backdated',
        column: 'at',
        detail: `${nameOf(late)} is dated ${late.at} in the register, and a checkpoint of ${at} does not have it`,
      })
  }

  return {
    /** The rules of a sequence at a version; undefined if the register does not have them. */
    rulesOf(prefix: string, version: number): RegisteredRules | undefined {
      const key = `${prefix} ${version}`
      if (!rules.has(key))
        rules.set(key, readRules(latest.get(keyOf({ kind: 'rules', name: prefix, version }))))
      return rules.get(key)
    },
  }
}

function readRules(entry: RegisterRecord | undefined): RegisteredRules | undefined {
  if (!entry) return undefined
  const { gap_policy, start, created_at } = contentOf(entry)
  const from = String(created_at)
  return {
    gap_policy: String(gap_policy),
    start: Number(start),
    from,
    settledBefore: settledBefore(from),
    notAfter: notAfter(from),
  }
}

interface Named {
  kind: RegisterRecord['kind'] | 'register'
  name: string
  version: number
}

const keyOf = ({ kind, name, version }: Named) => JSON.stringify([kind, name, version])

const nameOf = ({ kind, name, version }: Named) =>
  kind === 'register' ? kind : `${kind.replace('_', ' ')} ${name}${version > 0 ? ` version ${version}` : ''}`

const contentOf = ({ content }: { content: string }) => JSON.parse(content) as Record<string, unknown>

/** The first column of the entry that is another in the row. */
function firstDifference(entry: { content: string }, row: { content: string }): string | undefined {
  if (entry.content === row.content) return undefined
  const has = contentOf(row)
  return Object.entries(contentOf(entry)).find(
    ([column, value]) => JSON.stringify(value) !== JSON.stringify(has[column]),
  )?.[0]
}

function hashOf(previous: Buffer, { entry, kind, name, version, content, at }: RegisterRecord): Buffer {
  const numbers = Buffer.alloc(20)
  numbers.writeBigInt64BE(BigInt(entry), 0)
  numbers.writeInt32BE(version, 8)
  numbers.writeBigInt64BE(BigInt(microsecondsOf(at)), 12)
  const texts = [kind, name, content].map((text) => hash('sha256', text, 'buffer'))
  return hash('sha256', Buffer.concat([previous, numbers, ...texts]), 'buffer')
}
