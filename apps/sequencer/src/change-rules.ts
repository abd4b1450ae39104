import { AppError } from '@ordinal/errors'
import { RulesError, soundRules, type RuleSet } from './core/rules'
import type { RuleBook, RulesRecord } from './ledger/rules'
import { findOverlap, rulesOverlap, textsOf } from './find-overlap'
import { requireVersion, type Author } from './versions'

const maxAttempts = 10

export type ChangeRules = ReturnType<typeof createChangeRules>

/**
 * Changes of rules. Each adds a version to what is there: what was issued keeps the version it was issued under, and
 * of two changes at once one is refused.
 */
export function createChangeRules(ruleBook: RuleBook) {
  /** The versions of a sequence that is in use, the latest first. */
  async function requireVersions(prefix: string): Promise<[RulesRecord, ...RulesRecord[]]> {
    const [current, ...earlier] = await ruleBook.versionsOf(prefix)
    if (!current?.active) throw new AppError('sequence_not_found', `There is no sequence "${prefix}"`)
    return [current, ...earlier]
  }

  /** Others may change rules meanwhile, upon which it was decided that none overlaps: then it is decided again. */
  async function add(
    prefix: string,
    rules: RuleSet,
    versions: readonly RulesRecord[],
    { by, reason, requestId }: Author,
    active = true,
  ): Promise<RulesRecord> {
    const version = (versions[0]?.version ?? 0) + 1
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      const all = await ruleBook.all()
      if (active && !rules.allowOverlap && mayBeNew(rules, versions[0])) {
        const overlap = await findOverlap(ruleBook, textsOf(prefix, rules, versions), all)
        if (overlap) throw rulesOverlap(prefix, overlap)
      }
      const record = { ...rules, prefix, version, active, createdBy: by, reason, requestId }
      const added = await ruleBook.add({ ...record, knownVersions: all.length })
      if (added) return added
    }
    throw new AppError('rules_changed', 'Other rules change all the time; try again')
  }

  return {
    /**
     * Defines a sequence; one that was retired goes on where it was.
     *
     * @throws AppError `validation_failed`, `sequence_exists`, `rules_changed`, `rules_conflict`, `rules_overlap`
     */
    async define(prefix: string, rules: RuleSet, author: Author): Promise<RulesRecord> {
      const sound = requireSound(prefix, rules)
      const versions = await ruleBook.versionsOf(prefix)
      if (versions[0]?.active)
        throw new AppError(
          'sequence_exists',
          `There is a sequence "${prefix}" already, at version ${versions[0].version}`,
        )
      return add(prefix, sound, versions, author)
    },

    /**
     * Changes some of the rules. What changes nothing makes no version.
     *
     * @param expected the versions that are to be changed; undefined if any
     * @throws AppError `validation_failed`, `sequence_not_found`, `version_mismatch`, `rules_changed`, `rules_conflict`, `rules_overlap`
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
      const rules = requireSound(prefix, { ...ruleSetOf(current), ...changes })
      if (rules.start < current.start)
        throw new AppError('rules_conflict', `start: it is ${current.start}, and may only be raised`)
      if (sameRules(rules, current)) return current
      return add(prefix, rules, versions, author)
    },

    /**
     * Takes a sequence out of use. Its numbers, and its counters, stay.
     *
     * @throws AppError `sequence_not_found`, `version_mismatch`, `rules_changed`
     */
    async retire(prefix: string, expected: readonly number[] | undefined, author: Author): Promise<void> {
      const versions = await requireVersions(prefix)
      requireVersion(prefix, versions[0].version, expected)
      await add(prefix, ruleSetOf(versions[0]), versions, author, false)
    },
  }
}

/** Whether rules could give a number that those in force cannot, or withdraw what allowed it. */
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
})

const sameRules = (rules: RuleSet, current: RulesRecord) =>
  Object.entries(ruleSetOf(current)).every(([rule, value]) => rules[rule as keyof RuleSet] === value)

function requireSound(prefix: string, rules: RuleSet): RuleSet {
  try {
    return soundRules(prefix, rules)
  } catch (error) {
    if (!(error instanceof RulesError)) throw error
    const path = `body.${error.rule.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`
    throw new AppError('validation_failed', `${path}: ${error.message}`, {
      errors: [{ path, message: error.message }],
      cause: error,
    })
  }
}
