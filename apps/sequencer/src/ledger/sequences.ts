import { AppError } from '@ordinal/errors'
import type { Queryable } from '@ordinal/database'
import { createSequence, type Sequence } from '../core/sequence'
import { readLatestRules } from './rules'

/** A sequence; one that was taken out of use issues nothing, and its numbers are still changed by its rules. */
export interface KnownSequence extends Sequence {
  active: boolean
}

export interface Sequences {
  /** The sequence as this instance knows it, without asking the database; undefined if it does not. */
  known(prefix: string): KnownSequence | undefined
  /** Asks the database. @throws AppError `sequence_not_found` if there never was one */
  load(prefix: string): Promise<KnownSequence>
}

/** @throws AppError `sequence_not_found` if the sequence was taken out of use */
export function requireActive({ rules, active }: KnownSequence): void {
  if (!active) throw notFound(rules.prefix)
}

const notFound = (prefix: string) => new AppError('sequence_not_found', `There is no sequence "${prefix}"`)

/**
 * The sequences with the rules in force. Rules are remembered: the database itself refuses to issue by rules that
 * have another version by now.
 *
 * @param db with a deadline: requests wait for rules that are not known
 */
export function createSequences(db: Queryable): Sequences {
  const known = new Map<string, KnownSequence>()
  return {
    known: (prefix) => known.get(prefix),
    async load(prefix) {
      const rules = await readLatestRules(db, prefix)
      if (!rules?.active) known.delete(prefix)
      if (!rules) throw notFound(prefix)
      const sequence = { ...createSequence(rules), active: rules.active }
      if (rules.active) known.set(prefix, sequence)
      return sequence
    },
  }
}
