import { createDays } from './days'
import { nameOfCounter, nowhere } from './faults'
import { frameOfBatch } from './chain'
import type { Finding, Findings } from './findings'
import { formatNumber } from './number'
import type { BatchRecord, CounterRecord } from './records'
import { isSameSlot, isSlotOfSomeDate, slotOf, type Slot } from './slot'
import type { Register, RegisteredRules } from './register'
import type { Step } from './wrong-rows'

const anyDay = 'any day'
const mostKept = 10_000

/**
 * Whether the batches of a counter follow the version of the rules that they name: its gap policy, its time, and, of new
 * numbers, first value, last value, period, form, business date, order of dates and caller. Only the first fault in each
 * column is reported.
 */
export function checkRules(
  { prefix, period, first_value, after_batch }: CounterRecord,
  register: Register,
  { report }: Pick<Findings, 'report'>,
) {
  const reported = new Set<string>()
  const days = createDays()
  const fitting = new Set<string>()
  const closed = register.closed(prefix, period)

  // The last new number, and the days on which it may have been issued by the rules of its batch.
  let lastNew: { step: Step; days: string[] } | undefined

  function add(batch: BatchRecord, steps: readonly Step[]): void {
    check(batch, steps)
    const step = frameOfBatch(batch) && steps.findLast(isNew)
    const rules = register.rulesOf(prefix, batch.rules_version)
    if (step && rules) lastNew = { step, days: daysOf(step, rules) }
  }

  function check(batch: BatchRecord, steps: readonly Step[]): void {
    const found = (kind: Finding['kind'], column: string, detail: string) => {
      if (reported.has(column)) return
      reported.add(column)
      const name = nameOfCounter(prefix, period)
      report({
        ...nowhere,
        kind,
        prefix,
        period,
        batch: batch.batch,
        column,
        detail: `batch ${batch.batch} of ${name} ${detail}`,
      })
    }
    const version = batch.rules_version
    const rules = register.rulesOf(prefix, version)
    if (!rules) {
      found('altered', 'rules_version', `follows version ${version} of the rules, which there is not`)
      return
    }
    if (rules.gap_policy !== batch.gap_policy)
      found('altered', 'gap_policy', `has ${batch.gap_policy}, and its rules ${rules.gap_policy}`)
    if (batch.at < rules.settledBefore)
      found(
        'backdated',
        'at',
        `is dated ${batch.at}, and its rules were made at ${rules.from}: it was dated back`,
      )
    const next = register.rulesOf(prefix, version + 1)
    if (next && batch.at > next.notAfter)
      found(
        'altered',
        'rules_version',
        `follows version ${version} of the rules, and another was made before it`,
      )
    if (!frameOfBatch(batch)) return

    const start = after_batch === 0 && batch.batch === 1 ? wrongStart(batch, steps, rules) : undefined
    if (start) found('altered', 'first_value', start)
    if (closed && batch.at > closed.notAfter)
      found('added', 'period', `has new numbers of ${batch.at}, and the period was closed at ${closed.at}`)
    const slot = wrongSlot(batch, steps, rules)
    if (slot) found('altered', slot.column, slot.detail)
    // In format 1 only the service enforced these rules.
    if (batch.format !== 2) return
    if (!rules.active)
      found('added', 'rules_version', `has new numbers by version ${version}, which retires the sequence`)
    const drawn = steps.filter(({ event }) => event !== 'import' && event !== 'skip')
    const stranger = drawn.find(({ caller }) => rules.sealed_to !== null && caller !== rules.sealed_to)
    if (stranger)
      found(
        'altered',
        'caller',
        `has a number of ${stranger.caller}, and the sequence is sealed to ${rules.sealed_to}`,
      )
    const end = rules.end_value ?? Infinity
    const beyond = steps.find(({ value }) => value > end)
    if (beyond) found('added', 'value', `has the value ${beyond.value}, and its rules end at ${end}`)
    const disorder = rules.chronological ? outOfOrder(steps, rules) : undefined
    if (disorder) found('altered', 'business_date', disorder)
    const outside = drawn.find((step) => !isInWindow(step, batch, rules))
    if (outside)
      found(
        'altered',
        'business_date',
        `has a number of ${outside.business_date}, outside of what its rules take at ${batch.at}`,
      )
  }

  function wrongStart({ format }: BatchRecord, steps: readonly Step[], { start }: RegisteredRules) {
    // Before the database derived it, an import could begin lower, and a counter later.
    const fits = format === 2 ? first_value === start : first_value >= start || steps.some(isImported)
    return fits ? undefined : `begins at ${first_value}, and its rules at ${start}`
  }

  /** A number that was drawn has no earlier date than the new one before it; imports take any. */
  function outOfOrder(steps: readonly Step[], rules: RegisteredRules): string | undefined {
    let before = lastNew
    for (const step of steps.filter(isNew)) {
      const own = daysOf(step, rules)
      if (before && !isImported(step)) {
        const latest = own.at(-1)!
        const earliest = before.days[0]!
        if (latest < earliest)
          return `has ${step.number} of ${latest} behind ${before.step.number} of ${earliest}, and its rules are chronological`
      }
      before = { step, days: own }
    }
    return undefined
  }

  /** The date of a number, or the days on which one without a date may have been issued, in ascending order. */
  function daysOf({ business_date: date, at }: Step, { time_zone }: RegisteredRules): string[] {
    return date === null ? [...days.around(at, time_zone)].sort() : [date]
  }

  /** New numbers have the period and the form that the rules give for their date; imported ones without a date, for any. */
  function wrongSlot(batch: BatchRecord, steps: readonly Step[], rules: RegisteredRules) {
    const slot: Slot = { period: batch.period, frame: frameOfBatch(batch)! }
    const { time_zone } = rules
    const dates = new Set(steps.map((step) => step.business_date ?? (isImported(step) ? anyDay : batch.at)))
    for (const date of dates) {
      const isOfClock = date === batch.at
      const possible = isOfClock ? days.around(date, time_zone) : [date]
      if (possible.some((day) => isOf(slot, day, batch.rules_version, rules))) continue
      const day = isOfClock ? days.of(date, time_zone) : date
      return unlike(slot, day, slotOf({ prefix, ...rules }, day), steps[0]!.value)
    }
    return undefined
  }

  function isOf(slot: Slot, day: string, version: number, rules: RegisteredRules): boolean {
    const { head, width, tail } = slot.frame
    const key = JSON.stringify([version, day, head, width, tail])
    if (fitting.has(key)) return true
    const expected = slotOf({ prefix, ...rules }, day)
    const fits =
      day === anyDay
        ? isSlotOfSomeDate({ prefix, ...rules }, slot)
        : expected !== undefined && isSameSlot(slot, expected)
    if (fitting.size >= mostKept) fitting.clear()
    if (fits) fitting.add(key)
    return fits
  }

  return { add }
}

const isNew = ({ revision }: Step) => revision === 1
const isImported = ({ event }: Step) => event === 'import' || event === 'skip'

function unlike({ period, frame }: Slot, date: string, expected: Slot | undefined, value: number) {
  const number = formatNumber(frame, value)
  if (!expected)
    return {
      column: 'number_head, number_width, number_tail',
      detail: `has ${number}, which its rules give on no day`,
    }
  if (period !== expected.period)
    return {
      column: 'period',
      detail: `is of the period "${period}", and by its rules ${date} is of "${expected.period}"`,
    }
  return {
    column: 'number_head, number_width, number_tail',
    detail: `has ${number}, and by its rules that of ${date} is ${formatNumber(expected.frame, value)}`,
  }
}

/** The window begins with the day on which the statement began, which may be the day before `at`. */
function isInWindow({ business_date: date }: Step, { at }: BatchRecord, rules: RegisteredRules): boolean {
  if (date === null) return true
  const dayMs = 24 * 60 * 60 * 1000
  const days = Math.round((Date.parse(date) - Date.parse(at.slice(0, 10))) / dayMs)
  const { business_date_past_days: past, business_date_future_days: future } = rules
  // A zone may be a day ahead of UTC, or behind it.
  return (past === null || days >= -past - 2) && (future === null || days <= future + 2)
}
