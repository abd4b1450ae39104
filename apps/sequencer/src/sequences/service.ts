import type { Queryable } from '@ordinal/database'
import type { Span } from '@ordinal/tracing'
import { AppError } from '../domain/errors'
import { RulesError, validateRules, type RuleSet } from '../domain/rules'
import { requireVersion, type Author } from '../domain/versions'
import type { KnownSequences } from '../ledger/known-sequences'
import type { WriteOnServer } from '../ledger/other-server'
import type { ClosedPeriod } from '../ledger/queries'
import { findOverlap, rulesOverlap, textsOf } from './overlap'
import { closePeriod } from './period-queries'
import type { RulesPage, RulesRecord, RulesRepository } from './repository'

const maxAttempts = 10

export type SequenceService = ReturnType<typeof createSequenceService>

interface Deps {
  repository: RulesRepository
  /** For closing periods. */
  db: Queryable
  write: WriteOnServer
  sequences: Pick<KnownSequences, 'load'>
}

/**
 * Sequences and their rules. Each change adds a version to what is there: what was issued keeps the version it was
 * issued under, and of two changes at once one is refused.
 */
export function createSequenceService({ repository, db, write, sequences }: Deps) {
  /** The versions of a sequence that is in use, the latest first. */
  async function requireVersions(prefix: string): Promise<[RulesRecord, ...RulesRecord[]]> {
    const [current, ...earlier] = await repository.versionsOf(prefix)
    if (!current?.active) throw notFound(prefix)
    return [current, ...earlier]
  }

  /** Adds a version. If any other rules changed after the check for overlaps, it checks again. */
  async function add(
    prefix: string,
    rules: RuleSet,
    versions: readonly RulesRecord[],
    { by, reason, requestId }: Author,
    active = true,
  ): Promise<RulesRecord> {
    const version = (versions[0]?.version ?? 0) + 1
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      const all = await repository.all()
      if (active && !rules.allowOverlap && mayBeNew(rules, versions[0])) {
        const overlap = await findOverlap(repository, textsOf(prefix, rules, versions), all)
        if (overlap) throw rulesOverlap(prefix, overlap)
      }
      const record = { ...rules, prefix, version, active, createdBy: by, reason, requestId }
      const added = await repository.add({ ...record, knownVersions: all.length })
      if (added) return added
    }
    throw new AppError('rules_changed', 'Rules of other sequences keep changing; try again in a moment')
  }

  return {
    /** A page of the sequences, with the rules in force. */
    list: (page: RulesPage) => repository.list(page),

    /**
     * All versions of a sequence's rules, the latest first; also of one that was retired.
     *
     * @throws AppError `sequence_not_found`
     */
    async versionsOf(prefix: string, span?: Span): Promise<[RulesRecord, ...RulesRecord[]]> {
      const [current, ...earlier] = await repository.versionsOf(prefix, span)
      if (!current) throw notFound(prefix)
      return [current, ...earlier]
    },

    /**
     * Defines a sequence; one that was retired goes on where it was.
     *
     * @throws AppError `validation_failed`, `sequence_exists`, `rules_changed`, `rules_conflict`, `rules_overlap`, `ledger_behind`
     */
    async define(prefix: string, rules: RuleSet, author: Author): Promise<RulesRecord> {
      const valid = requireValid(prefix, rules)
      const versions = await repository.versionsOf(prefix)
      if (versions[0]?.active)
        throw new AppError(
          'sequence_exists',
          `There is a sequence "${prefix}" already, at version ${versions[0].version}`,
        )
      return add(prefix, valid, versions, author)
    },

    /**
     * Changes some of the rules. What changes nothing makes no version.
     *
     * @param expected the versions that are to be changed; undefined if any
     * @throws AppError `validation_failed`, `sequence_not_found`, `version_mismatch`, `rules_changed`, `rules_conflict`, `rules_overlap`,
     *   `ledger_behind`
     */
    async change(
      prefix: string,
      changes: Partial<RuleSet>,
      expected: readonly number[] | undefined,
      author: Author,
    ): Promise<RulesRecord> {
      const versions = await requireVersions(prefix)
      const current = versions[0]
      requireVersion(prefix, current.version, expected)
      const rules = requireValid(prefix, { ...ruleSetOf(current), ...changes })
      if (rules.start < current.start)
        throw new AppError('rules_conflict', `start: it is ${current.start}, and may only be raised`)
      if (sameRules(rules, current)) return current
      return add(prefix, rules, versions, author)
    },

    /**
     * Takes a sequence out of use. Its numbers, and its counters, stay.
     *
     * @throws AppError `sequence_not_found`, `version_mismatch`, `rules_changed`, `ledger_behind`
     */
    async retire(prefix: string, expected: readonly number[] | undefined, author: Author): Promise<void> {
      const versions = await requireVersions(prefix)
      requireVersion(prefix, versions[0].version, expected)
      await add(prefix, ruleSetOf(versions[0]), versions, author, false)
    },

    /**
     * Closes a period that is over, for good. One that is closed already stays as it was closed.
     *
     * @throws AppError `sequence_not_found`, `period_not_over`, `ledger_behind`; `validation_failed` if it never had such a period
     */
    async closePeriod(
      prefix: string,
      period: string,
      author: Author & { reason: string },
    ): Promise<ClosedPeriod> {
      await sequences.load(prefix)
      return closePeriod(db, write, { prefix, period, ...author })
    },
  }
}

const notFound = (prefix: string) => new AppError('sequence_not_found', `There is no sequence "${prefix}"`)

/** Whether rules could give a number that those in force cannot, or no longer allow an overlap. */
const mayBeNew = (rules: RuleSet, current: RulesRecord | undefined) =>
  !current?.active ||
  current.allowOverlap ||
  rules.template !== current.template ||
  rules.fiscalYearStart !== current.fiscalYearStart

const ruleSetOf = ({
  template,
  reset,
  timeZone,
  fiscalYearStart,
  start,
  gapPolicy,
  releaseWindowSeconds,
  sealedTo,
  allowOverlap,
  businessDatePastDays,
  businessDateFutureDays,
  end,
  warnAt,
  chronological,
}: RulesRecord): RuleSet => ({
  template,
  reset,
  timeZone,
  fiscalYearStart,
  start,
  gapPolicy,
  releaseWindowSeconds,
  sealedTo,
  allowOverlap,
  businessDatePastDays,
  businessDateFutureDays,
  end,
  warnAt,
  chronological,
})

const sameRules = (rules: RuleSet, current: RulesRecord) =>
  Object.entries(ruleSetOf(current)).every(([rule, value]) => rules[rule as keyof RuleSet] === value)

function requireValid(prefix: string, rules: RuleSet): RuleSet {
  try {
    return validateRules(prefix, rules)
  } catch (error) {
    if (!(error instanceof RulesError)) throw error
    const path = `body.${error.rule.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`
    throw new AppError('validation_failed', `${path}: ${error.message}`, {
      errors: [{ path, message: error.message }],
      cause: error,
    })
  }
}
