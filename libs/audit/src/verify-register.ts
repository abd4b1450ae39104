import { hash } from 'node:crypto'
import type { Checkpoint } from './checkpoint'
import { nowhere } from './faults'
import type { Finding, Findings } from './findings'
import type { RegisteredRecord, RegisterRecord } from './records'
import { microsecondsOf, notAfter, settledBefore } from './time'

/** The rules of a sequence, as far as its batches have to fit them. */
export interface RegisteredRules {
  template: string
  reset: string
  time_zone: string
  fiscal_year_start: number
  gap_policy: string
  start: number
  active: boolean
  sealed_to: string | null
  allow_overlap: boolean
  business_date_past_days: number | null
  business_date_future_days: number | null
  /** When they were made; and so no batch that follows them is dated before the second time, none by earlier rules after the third. */
  from: string
  settledBefore: string
  notAfter: string
}

export type Register = ReturnType<typeof verifyRegister>

export interface RegisterToVerify {
  /** When it was read. */
  at: string
  /** In the order of the chain. */
  entries: readonly RegisterRecord[]
  /** What the tables have; of keys there is no table. */
  rows: readonly RegisteredRecord[]
  checkpoints?: readonly Checkpoint[]
}

/**
 * Verifies the chain of rules, sites, closed periods and keys, and that the tables have what it says
 * (docs/decisions/0046).
 */
export function verifyRegister(
  { at: readAt, entries, rows, checkpoints = [] }: RegisterToVerify,
  { report }: Pick<Findings, 'report'>,
) {
  const latestPossible = notAfter(readAt)
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
  checkVersions()
  checkRows()
  for (const checkpoint of checkpoints) compare(checkpoint)

  function checkChain(): void {
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
      keepLatest(entry)
      previous = stored
      before = entry
    }
  }

  /** A second entry of the same row may only say more of it: what a new column of the table has. */
  function keepLatest(entry: RegisterRecord): void {
    const earlier = latest.get(keyOf(entry))
    latest.set(keyOf(entry), entry)
    if (entry.kind === 'keys') return
    if (!earlier) {
      checkDate(entry)
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

  /** Who writes a row dates it by the clock; only what was there before the register was is older than its entry. */
  function checkDate(entry: RegisterRecord): void {
    const { created_at, closed_at } = contentOf(entry)
    const dated = String(created_at ?? closed_at)
    const isFirst = entry.at <= notAfter(entries[0]!.at)
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
  function checkVersions(): void {
    for (const { kind, name, version } of latest.values()) {
      const before = { kind, name, version: version - 1 }
      if (version > 1 && !latest.has(keyOf(before)))
        found(before, {
          kind: 'missing',
          detail: `${nameOf(before)} is missing, and there is version ${version}`,
        })
    }
  }

  function checkRows(): void {
    const here = new Set<string>()
    for (const row of rows) {
      if (here.has(keyOf(row))) found(row, { kind: 'added', detail: `${nameOf(row)} is there twice` })
      here.add(keyOf(row))
      const entry = latest.get(keyOf(row))
      const column = entry && firstDifference(entry, row)
      if (!entry)
        found(row, {
          kind: 'added',
          detail: `${nameOf(row)} is not in the register: nothing that may wrote it`,
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

  const register = {
    /** Whether any rules of a sequence allowed that its numbers are another's, too. */
    mayShare(prefix: string): boolean {
      for (let version = 1, of; (of = register.rulesOf(prefix, version)); version += 1)
        if (of.allow_overlap) return true
      return false
    },

    /** The rules of a sequence at a version; undefined if the register does not have them. */
    rulesOf(prefix: string, version: number): RegisteredRules | undefined {
      const key = `${prefix} ${version}`
      if (!rules.has(key))
        rules.set(key, readRules(latest.get(keyOf({ kind: 'rules', name: prefix, version }))))
      return rules.get(key)
    },

    /** When a period was closed, and what is dated later was not written before; undefined if it is open. */
    closed(prefix: string, period: string) {
      const entry = latest.get(keyOf({ kind: 'closed_period', name: `${prefix} ${period}`, version: 0 }))
      if (!entry) return undefined
      const at = String(contentOf(entry).closed_at)
      return { at, notAfter: notAfter(at) }
    },
  }
  return register
}

function readRules(entry: RegisterRecord | undefined): RegisteredRules | undefined {
  if (!entry) return undefined
  const content = contentOf(entry) as unknown as RegisteredRules & { created_at: string }
  const from = String(content.created_at)
  return {
    ...content,
    template: String(content.template),
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

function contentOf({ content }: { content: string }): Record<string, unknown> {
  try {
    return JSON.parse(content) as Record<string, unknown>
  } catch {
    return {} // its hash tells that it was altered
  }
}

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
