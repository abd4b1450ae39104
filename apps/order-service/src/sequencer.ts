import type { ServiceClient } from '@ordinal/resilience'
import { z } from 'zod'
import { headersOf, UnexpectedAnswerError, type Trace } from './clients'
import type { Order } from './order'

const issued = z.looseObject({ full_number: z.string().min(1) })

export type Sequencer = ReturnType<typeof createSequencer>

/** The sequencer, asked for the numbers of orders. */
export function createSequencer(client: ServiceClient, sequence: string) {
  const path = `/api/v1/next/${encodeURIComponent(sequence)}`
  return {
    /**
     * The number of an order: the same however often it is asked for, since the order's reference is the key.
     *
     * @param options.timeoutMs how long its caller waits, if less than it may take
     * @param options.probe asks even while the breaker is open: for a loop at a slow pace
     * @throws ServiceUnavailableError, UnexpectedAnswerError
     */
    async numberFor(
      { reference, userId }: Pick<Order, 'reference' | 'userId'>,
      {
        probe = false,
        trace,
        timeoutMs = Infinity,
      }: { probe?: boolean; trace?: Trace; timeoutMs?: number } = {},
    ): Promise<string> {
      const answer = await client[probe ? 'probe' : 'request']({
        method: 'POST',
        path,
        // A key goes with one request: whatever asks again for this order must send exactly this.
        body: { client_id: 'order-service', generated_by: `user-${userId}` },
        headers: { ...headersOf(trace), 'Idempotency-Key': reference },
        timeoutMs,
      })
      const number = issued.safeParse(answer.data)
      if (answer.status !== 200 || !number.success) throw new UnexpectedAnswerError(client, answer)
      return number.data.full_number
    },
  }
}
