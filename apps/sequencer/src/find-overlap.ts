import { setImmediate } from 'node:timers/promises'
import { AppError } from '@ordinal/errors'
import type { Logger } from '@ordinal/logging'
import { overlapOf, type Texts } from './core/overlap'
import type { RuleSet } from './core/rules'
import type { RuleBook, RulesRecord } from './ledger/rules'

/** Another sequence that could give a number of this one. */
export interface Overlap {
  prefix: string
  /** A number that both could give; undefined if none was found in reasonable time. */
  example: string | undefined
}

/**
 * Finds a sequence that could give, or has given, a number that these rules could give.
 *
 * @param all the versions of all sequences, the latest of each first
 */
export async function findOverlap(
  ruleBook: Pick<RuleBook, 'hasIssued'>,
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
      // What is no longer in force matters only if its numbers are there.
      if (inForce || (await ruleBook.hasIssued(prefix, numbers))) return { prefix, ...overlap }
    }
  }
  return undefined
}

/** The texts that rules can give, of a sequence that has some versions already. */
export const textsOf = (prefix: string, rules: RuleSet, versions: readonly RulesRecord[]): Texts => ({
  prefix,
  template: rules.template,
  fiscalYearStart: rules.fiscalYearStart,
  start: Math.min(rules.start, lowestStart(versions)),
})

// Values of a period that began under an earlier version go on from that version's start value.
const lowestStart = (versions: readonly RulesRecord[]) => Math.min(...versions.map(({ start }) => start))

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

/** Says at the start which sequences share numbers that nobody allowed: they were made before this was asked. */
export function warnOfOverlaps(ruleBook: RuleBook, log: Logger) {
  let stopped = false
  const check = async () => {
    const all = await ruleBook.all()
    for (const [prefix, versions] of byPrefix(all)) {
      const current = versions[0]!
      if (stopped || !current.active || current.allowOverlap) continue
      const others = all.filter((rules) => rules.prefix > prefix && rules.active && !rules.allowOverlap)
      const overlap = await findOverlap(ruleBook, textsOf(prefix, current, versions), others)
      if (overlap) log.warn(rulesOverlap(prefix, overlap).message)
      // Requests come between.
      await setImmediate()
    }
  }
  let checking = Promise.resolve()
  return {
    start() {
      checking = check().catch(
        (error: unknown) => void log.warn('the rules could not be compared', { error }),
      )
    },
    async stop() {
      stopped = true
      await checking
    },
  }
}
