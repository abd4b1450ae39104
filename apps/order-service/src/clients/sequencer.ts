import { noDeadline, type Deadline } from '@ordinal/deadline'
import type { Answer, ServiceClient } from '@ordinal/resilience'
import { z } from 'zod'
import { NumberConflictError } from '../domain/number-conflict'
import { keyFor, type ToNumber } from '../domain/order'
import { createExhaustion } from './exhaustion'
import { createBatchedNumbers } from './batched-numbers'
import { codeOf, headersOf, UnexpectedAnswerError, type Trace } from './service-clients'

interface Asking {
  probe?: boolean
  trace?: Trace
  deadline?: Deadline
}

export type Sequencer = ReturnType<typeof createSequencer>

// The longest that a template of the sequencer can make.
const maxNumberLength = 600
const clientId = 'order-service'
// The events that give a value a new holder; the others are steps of the holder.
const draws = ['issue', 'reserve', 'suppress', 'import']

/**
 * The sequencer, asked for the numbers of orders.
 *
 * @param options.sequence the one that orders get their numbers from
 * @param options.timeoutMs how long a number may take in all: as long as one call of the client
 * @param options.batching whether numbers of several orders are asked for together
 */
export function createSequencer(
  client: ServiceClient,
  { sequence, timeoutMs, batching }: { sequence: string; timeoutMs: number; batching: boolean },
) {
  const issued = z.looseObject({
    full_number: z
      .string()
      .min(1)
      .max(maxNumberLength)
      .regex(/^[^\p{C}]*$/u)
      .refine((number) => number === number.trim()),
    prefix: z.literal(sequence),
    counter: z.int().min(1),
    state: z.enum(['issued', 'reserved', 'free', 'void']),
  })
  const state = z.looseObject({
    full_number: z.string(),
    state: z.string(),
    history: z.array(
      z.looseObject({
        event: z.string(),
        client_id: z.string().nullable(),
        generated_by: z.string().nullable(),
      }),
    ),
  })
  const exhaustion = createExhaustion(client, sequence)
  const numbers = createBatchedNumbers(client, { sequence, timeoutMs, batching })

  /** A replayed answer has the number of the first request, as it was then: this checks that it is still the order's. */
  async function requireStillIssued(
    order: ToNumber,
    number: string,
    { trace, deadline }: { trace: Trace | undefined; deadline: Deadline },
  ) {
    const answer = await client.request({
      method: 'GET',
      path: `/api/v1/numbers/${encodeURIComponent(number)}`,
      template: '/api/v1/numbers/{number}',
      span: trace?.span,
      params: { prefix: sequence },
      headers: headersOf(trace),
      deadline,
    })
    // A caller that may not read the history takes the answer as it is.
    if (answer.status === 401 || answer.status === 403) return
    const now = state.safeParse(answer.data)
    if (answer.status !== 200 || !now.success) throw new UnexpectedAnswerError(client, answer)
    if (isHeld(order, number, now.data)) return
    throw new NumberConflictError('no_longer_issued', number)
  }

  /** Whether the order holds the number, by its last draw: a later step may name any client, or none. */
  function isHeld(order: ToNumber, number: string, now: z.output<typeof state>): boolean {
    const draw = now.history.findLast(({ event }) => draws.includes(event))
    const ours =
      draw?.event === 'issue' && draw.client_id === clientId && draw.generated_by === generatedBy(order)
    // A value that is issued again on another date has another number.
    return ours && now.state === 'issued' && now.full_number === number
  }

  function requireNumber(answer: Answer): string {
    if (answer.status === 422 && codeOf(answer) === 'idempotency_key_reused') {
      throw new NumberConflictError('key_used_elsewhere', null)
    }
    const number = issued.safeParse(answer.data)
    if (answer.status !== 200 || !number.success) throw new UnexpectedAnswerError(client, answer)
    const { full_number, state } = number.data
    if (state === 'issued') return full_number
    if (state === 'reserved') throw new UnexpectedAnswerError(client, answer)
    throw new NumberConflictError('no_longer_issued', full_number)
  }

  return {
    /**
     * Refuses an order that is not stored yet while the sequencer has no more numbers.
     *
     * @throws AppError `order_numbers_exhausted`
     */
    requireNumbers: (trace: Trace, deadline: Deadline) => exhaustion.requireNumbers(trace, deadline),

    /**
     * The number of an order: the same for each call, until a conflict is recorded, since the key depends on the order
     * alone. After an answer that is no number of the sequence the same key is sent again, so that no number is wasted.
     *
     * @param asking.deadline until when it may take, if that is sooner than the client's own timeout
     * @param asking.probe asks even while the breaker is open: for a slow loop
     * @throws ServiceUnavailableError, UnexpectedAnswerError, NumberConflictError
     */
    async numberFor(order: ToNumber, asking: Asking = {}): Promise<string> {
      const { probe = false, trace, deadline = noDeadline } = asking
      // For the second call alone: a first that takes its whole timeout is the fault of the sequencer, and counts as that.
      const ofBoth = deadline.within(timeoutMs)
      // A key goes with one request: whatever asks again for this order must send exactly this.
      const body = { client_id: clientId, generated_by: generatedBy(order) }
      const asked = { key: keyFor(order), body, trace }
      const answer = await (probe ? numbers.probe(asked) : numbers.ask({ ...asked, deadline }))
      const isReplayed = Boolean(answer.headers['idempotency-replayed'])
      if (!isReplayed) exhaustion.note(answer)
      const number = requireNumber(answer)
      if (isReplayed) await requireStillIssued(order, number, { trace, deadline: ofBoth })
      return number
    },
  }
}

const generatedBy = ({ userId }: ToNumber) => `user-${userId}`
