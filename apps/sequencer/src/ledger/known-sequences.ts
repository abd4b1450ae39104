import { int8sAsNumbers, type Int8sAsNumbers } from '@ordinal/database'
import { groupReads } from '@ordinal/batching'
import { AppError } from '../domain/errors'
import type { GapPolicy } from '@ordinal/audit'
import type { Reset } from '../domain/period'
import type { Rules } from '../domain/rules'
import { createSequence, type Sequence } from '../domain/sequence'
import type { PrismaClient, Sequence as SequenceRow } from '../generated/prisma/client'

/** A sequence; one that was taken out of use issues nothing, and its numbers are still changed by its rules. */
export interface KnownSequence extends Sequence {
  active: boolean
}

export interface KnownSequences {
  /** The sequence as this instance knows it, without asking the database; undefined if it does not. */
  known(prefix: string): KnownSequence | undefined
  /** As `load`; calls at the same time share an answer, and go on in the order in which they were made. */
  find(prefix: string): Promise<KnownSequence>
  /** Asks the database. @throws AppError `sequence_not_found` if there never was one */
  load(prefix: string): Promise<KnownSequence>
  /** As `load`, for requests that anybody may send in any number: one asks at a time, and no answer is older than its call. */
  reload(prefix: string): Promise<KnownSequence>
}

/** @throws AppError `sequence_not_found` if the sequence was taken out of use */
export function requireActive({ rules, active }: KnownSequence): void {
  if (!active) throw notFound(rules.prefix)
}

/** @throws AppError `sequence_sealed` if another caller alone may issue its numbers */
export function requireUnsealed({ rules }: KnownSequence, caller: string): void {
  if (rules.sealedTo !== null && rules.sealedTo !== caller) throw sealed(rules.prefix)
}

export const sealed = (prefix: string) =>
  new AppError(
    'sequence_sealed',
    `${prefix} is sealed: one caller alone issues, reserves and changes its numbers`,
  )

const notFound = (prefix: string) => new AppError('sequence_not_found', `There is no sequence "${prefix}"`)

/** The rules in a row of `sequences`. */
export const rulesOf = (row: Omit<Int8sAsNumbers<SequenceRow>, 'requestId'>): Rules => ({
  prefix: row.prefix,
  version: row.version,
  template: row.template,
  reset: row.reset as Reset,
  timeZone: row.timeZone,
  fiscalYearStart: row.fiscalYearStart,
  start: row.start,
  gapPolicy: row.gapPolicy as GapPolicy,
  releaseWindowSeconds: row.releaseWindowSeconds,
  sealedTo: row.sealedTo,
  allowOverlap: row.allowOverlap,
  businessDatePastDays: row.businessDatePastDays,
  businessDateFutureDays: row.businessDateFutureDays,
  end: row.endValue,
  warnAt: row.warnAt === null || row.warnAt.endsWith('%') ? row.warnAt : Number(row.warnAt),
  chronological: row.chronological,
})

/**
 * The sequences with the rules in force. Rules are remembered: the database itself refuses to issue by rules that
 * have another version by now.
 */
export function createKnownSequences(prisma: PrismaClient): KnownSequences {
  const known = new Map<string, KnownSequence>()
  const underWay = new Map<string, Promise<KnownSequence>>()

  async function load(prefix: string): Promise<KnownSequence> {
    const found = await prisma.sequence.findFirst({ where: { prefix }, orderBy: { version: 'desc' } })
    if (!found?.active) known.delete(prefix)
    if (!found) throw notFound(prefix)
    const row = int8sAsNumbers(found)
    const before = known.get(prefix)
    if (before?.rules.version === row.version) return before
    const sequence = { ...createSequence(rulesOf(row)), active: row.active }
    if (row.active) known.set(prefix, sequence)
    return sequence
  }

  return {
    known: (prefix) => known.get(prefix),
    find(prefix) {
      const finding = underWay.get(prefix) ?? load(prefix).finally(() => underWay.delete(prefix))
      underWay.set(prefix, finding)
      return finding
    },
    load,
    reload: groupReads(load),
  }
}
