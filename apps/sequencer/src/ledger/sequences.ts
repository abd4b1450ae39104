import { AppError } from '@ordinal/errors'
import type { GapPolicy, Reset } from '../core/rules'
import { createSequence, type Sequence } from '../core/sequence'
import type { PrismaClient } from '../generated/prisma/client'

export interface Sequences {
  /** The sequence as this instance knows it, without asking the database; undefined if it does not. */
  known(prefix: string): Sequence | undefined
  /** Asks the database. @throws AppError `sequence_not_found` */
  load(prefix: string): Promise<Sequence>
}

/**
 * The sequences with the rules in force. Rules are remembered: the database itself refuses to issue by rules that
 * have another version by now.
 */
export function createSequences(prisma: PrismaClient): Sequences {
  const known = new Map<string, Sequence>()
  return {
    known: (prefix) => known.get(prefix),
    async load(prefix) {
      const row = await prisma.sequence.findFirst({ where: { prefix }, orderBy: { version: 'desc' } })
      if (!row?.active) {
        known.delete(prefix)
        throw new AppError('sequence_not_found', `There is no sequence "${prefix}"`)
      }
      const { version, template, timeZone, fiscalYearStart } = row
      const rules = {
        prefix,
        version,
        template,
        reset: row.reset as Reset,
        timeZone,
        fiscalYearStart,
        start: Number(row.start),
        gapPolicy: row.gapPolicy as GapPolicy,
      }
      const sequence = createSequence(rules)
      known.set(prefix, sequence)
      return sequence
    },
  }
}
