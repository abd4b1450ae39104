import { setImmediate } from 'node:timers/promises'
import { AppError } from '../domain/errors'
import type { Logger } from '@ordinal/logging'
import { soonAfterStart } from '@ordinal/service'
import { overlapOf, type Texts } from '../domain/overlap'
import type { RuleSet } from '../domain/rules'
import type { RulesRepository, RulesRecord } from './repository'

/** Another sequence that could give a number of this one. */
interface Overlap {
  prefix: string
  /** A number that both could give; undefined if none was found in reasonable time. */
  example: string | undefined
}

/**
 * Finds another sequence that could give, or has given, a number that these rules could give; undefined if there is none.
 *
 * @param own what the rules can give
 * @param all the versions of all sequences, the latest of each first
 * @param today the date of the example where possible, as in `20261121`
 */
export async function findOverlap(
  repository: Pick<RulesRepository, 'hasIssued'>,
  own: Texts,
  all: readonly RulesRecord[],
  today = new Date().toISOString().slice(0, 10).replaceAll('-', ''),
): Promise<Overlap | undefined> {
  for (const [prefix, versions] of byPrefix(all)) {
    if (prefix === own.prefix) continue
    const start = lowestStart(versions)
    for (const alike of byTexts(versions)) {
      const { template, fiscalYearStart } = alike[0]!
      const overlap = overlapOf(own, { prefix, template, fiscalYearStart, start }, today)
      if (!overlap) continue
      const inForce = versions[0]!.active && alike.includes(versions[0]!)
      const numbers = alike.map(({ version }) => version)
      // Earlier versions matter only if they issued numbers.
      if (inForce || (await repository.hasIssued(prefix, numbers))) return { prefix, ...overlap }
    }
  }
  return undefined
}

/** What decides which texts rules can give, for a sequence that may have earlier versions. */
export const textsOf = (prefix: string, rules: RuleSet, versions: readonly RulesRecord[]): Texts => ({
  prefix,
  template: rules.template,
  fiscalYearStart: rules.fiscalYearStart,
  start: Math.min(rules.start, lowestStart(versions)),
})

// A period that began under an earlier version has values from that version's start value on.
const lowestStart = (versions: readonly RulesRecord[]) => Math.min(...versions.map(({ start }) => start))

/** The error `rules_overlap` for a sequence and the other one that was found. */
export function rulesOverlap(prefix: string, { prefix: other, example }: Overlap): AppError {
  const number = example === undefined ? 'the same number' : `the number ${example}`
  return new AppError(
    'rules_overlap',
    `${prefix} and ${other} could both give ${number}: change the template, or say allow_overlap`,
  )
}

function byPrefix(all: readonly RulesRecord[]): Map<string, RulesRecord[]> {
  return groupedBy(all, ({ prefix }) => prefix)
}

const byTexts = (versions: readonly RulesRecord[]) => [
  ...groupedBy(versions, ({ template, fiscalYearStart }) => `${fiscalYearStart} ${template}`).values(),
]

function groupedBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group) group.push(item)
    else groups.set(keyOf(item), [item])
  }
  return groups
}

/** Warns soon after the start of sequences that overlap without `allow_overlap`: they are older than this check. */
export function warnOfOverlaps(repository: RulesRepository, log: Logger) {
  let stopped = false
  const check = async () => {
    const all = await repository.all()
    for (const [prefix, versions] of byPrefix(all)) {
      const current = versions[0]!
      if (stopped || !current.active || current.allowOverlap) continue
      const others = all.filter((rules) => rules.prefix > prefix && rules.active && !rules.allowOverlap)
      const overlap = await findOverlap(repository, textsOf(prefix, current, versions), others)
      if (overlap) log.warn(rulesOverlap(prefix, overlap).message)
      // Lets requests through.
      await setImmediate()
    }
  }
  const task = soonAfterStart(check, log, 'the rules could not be compared')
  return {
    start: task.start,
    stop() {
      stopped = true
      return task.stop()
    },
  }
}
