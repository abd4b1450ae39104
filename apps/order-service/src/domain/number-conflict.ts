export const conflictReasons = [
  'held_by_another_order',
  'no_longer_issued',
  'key_used_elsewhere',
  'order_has_another_number',
] as const
export type ConflictReason = (typeof conflictReasons)[number]

/** The sequencer answered with a number that the order cannot take, or with none for its key. */
export class NumberConflictError extends Error {
  override readonly name = 'NumberConflictError'

  constructor(
    readonly reason: ConflictReason,
    readonly number: string | null,
    message = `${number ?? 'no number'}: ${reason}`,
  ) {
    super(message)
  }
}

// The first keys are tried without a pause; from then on each pause is twice as long as the one before.
const triedAtOnce = 3
const longestPauseSeconds = 300

/** How many seconds an order waits before it asks under its n-th key. */
export const pauseSecondsBefore = (attempt: number) =>
  attempt <= triedAtOnce ? 0 : Math.min(longestPauseSeconds, 2 ** (attempt - triedAtOnce))
