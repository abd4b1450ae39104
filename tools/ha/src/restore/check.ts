import type { Records } from '../proof'

/** What `ordinal --json restore-check` ends with, and prints. */
export interface Checked {
  exitCode: number
  complete: boolean
  counters: object[]
  orders_missing: { number: string }[]
  orders_doubled: { number: string }[]
  checkpoint: { kind: string; detail: string }[]
}

/** Whether a check has found nothing: of an intact ledger it may not. */
export const isSilent = ({ exitCode, complete, ...found }: Checked): boolean =>
  exitCode === 0 && complete && countsOf(found).every((count) => count === 0)

/**
 * Whether a check of a restored ledger, which has issued nothing yet, has found what was lost and nothing else: the end
 * that the checkpoint knows, and the numbers of exactly the orders that the ledger lacks.
 */
export function hasFoundLoss(checked: Checked, { orders, orderNumbers }: Records): boolean {
  const kept = new Set(orderNumbers.map(({ number }) => number))
  const lost = orders.flatMap(({ number }) => (number === null || kept.has(number) ? [] : number))
  const named = checked.orders_missing.map(({ number }) => number)
  return (
    checked.exitCode === 1 &&
    !checked.complete &&
    checked.orders_doubled.length === 0 &&
    checked.checkpoint.length > 0 &&
    named.sort().join() === lost.sort().join()
  )
}

/** One line, for people. */
export const described = (checked: Checked): string => {
  const [counters, missing, doubled, differences] = countsOf(checked)
  return `restore-check ends with ${checked.exitCode}: ${counters} counters behind, ${missing} orders missing, ${doubled} doubled, ${differences} differences from the checkpoint`
}

type Found = Pick<Checked, 'counters' | 'orders_missing' | 'orders_doubled' | 'checkpoint'>
const countsOf = ({ counters, orders_missing, orders_doubled, checkpoint }: Found): number[] =>
  [counters, orders_missing, orders_doubled, checkpoint].map(({ length }) => length)
