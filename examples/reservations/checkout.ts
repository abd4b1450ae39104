import { ConflictError, NotFoundError, type Ordinal } from '@ordinal/client'

/** Takes the money for a ticket. The same ticket again is not charged again; false if it is declined. */
export type Pay = (ticketId: string, number: string) => Promise<boolean>

const holdSeconds = 300
const mostNumbers = 3

/**
 * Sells a ticket: its number is printed on the payment form, so it is needed before anybody knows whether it will be paid.
 * It is reserved first, confirmed when the money is there, and released if it is declined.
 *
 * It may be called again for a ticket at any time, as after a crash: it goes on where it was.
 * - before the payment: the reservation is the same, or, if its time is over, the next one;
 * - after the payment: `pay` charges nobody twice, and the number is confirmed.
 * A process that never comes back leaves a reservation, which the sequencer releases after its time.
 *
 * @returns the number; undefined if the payment was declined
 */
export async function sellTicket(
  { numbers }: Pick<Ordinal, 'numbers'>,
  ticketId: string,
  pay: Pay,
): Promise<string | undefined> {
  for (let attempt = 1; attempt <= mostNumbers; attempt += 1) {
    const request = { client_id: 'tickets', generated_by: `ticket-${ticketId}`, hold_seconds: holdSeconds }
    const { full_number } = await numbers.next('SG', request, {
      idempotencyKey: `ticket-${ticketId}-${attempt}`,
    })
    // The answer to a key is that of the first time. Whether the number is still ours, its history says.
    if (!(await isOurs(numbers, full_number, ticketId))) continue
    if (!(await pay(ticketId, full_number))) {
      await numbers.release(full_number, { reason: 'payment declined' }).catch(ignoreIfOver)
      return undefined
    }
    try {
      await numbers.confirm(full_number)
      return full_number
    } catch (error) {
      // Confirmed already, by us before a crash: then it is ours for good. Or its time was over while somebody paid.
      if (!(error instanceof ConflictError)) throw error
      if (await isIssued(numbers, full_number, ticketId)) return full_number
    }
  }
  throw new Error(
    `Ticket ${ticketId} has lost ${mostNumbers} reservations: payments take longer than ${holdSeconds} s`,
  )
}

type Numbers = Ordinal['numbers']

/** Whether a number was drawn for this ticket last, and not released since. */
async function isOurs(numbers: Numbers, number: string, ticketId: string): Promise<boolean> {
  const { state, history } = await numbers.get(number)
  const draw = history.findLast(({ event }) => event === 'reserve' || event === 'issue')
  return (state === 'reserved' || state === 'issued') && draw?.generated_by === `ticket-${ticketId}`
}

const isIssued = async (numbers: Numbers, number: string, ticketId: string): Promise<boolean> =>
  (await isOurs(numbers, number, ticketId)) && (await numbers.get(number)).state === 'issued'

function ignoreIfOver(error: unknown): void {
  if (!(error instanceof ConflictError || error instanceof NotFoundError)) throw error
}
