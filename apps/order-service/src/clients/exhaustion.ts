import type { Deadline } from '@ordinal/deadline'
import { ServiceUnavailableError, type Answer, type ServiceClient } from '@ordinal/resilience'
import { AppError } from '../domain/errors'
import { codeOf, headersOf, type Trace } from './service-clients'

// For how long an answer that there are no more numbers is taken to hold.
const exhaustedForMs = 1_000

export type Exhaustion = ReturnType<typeof createExhaustion>

/** Whether the sequencer has more numbers of a sequence, by its last answer. */
export function createExhaustion(client: ServiceClient, sequence: string) {
  /** What the sequencer answered when it had no more numbers, and when. */
  let exhausted: { detail: string; atMs: number } | undefined

  /** Remembers whether the sequencer has more numbers, by its answer. */
  function note(answer: Answer): void {
    const isExhausted = answer.status === 409 && codeOf(answer) === 'sequence_exhausted'
    exhausted = isExhausted ? { detail: detailOf(answer), atMs: performance.now() } : undefined
  }

  return {
    note,

    /**
     * Refuses an order that is not stored yet while the sequencer has no more numbers. This asks only after an order got
     * that answer instead of its number, and then once a second.
     *
     * @throws AppError `order_numbers_exhausted`
     */
    async requireNumbers(trace: Trace, deadline: Deadline): Promise<void> {
      if (!exhausted) return
      if (performance.now() - exhausted.atMs >= exhaustedForMs) {
        // One request asks; meanwhile the last answer holds for the others.
        exhausted.atMs = performance.now()
        const asked = {
          method: 'GET',
          path: `/api/v1/preview/${encodeURIComponent(sequence)}`,
          template: '/api/v1/preview/{prefix}',
          span: trace.span,
        } as const
        try {
          note(await client.request({ ...asked, headers: headersOf(trace), deadline }))
        } catch (error) {
          // As in any outage: the order is taken, and numbered later.
          if (!(error instanceof ServiceUnavailableError)) throw error
          exhausted = undefined
        }
      }
      if (!exhausted) return
      throw new AppError('order_numbers_exhausted', `The order was not taken: ${exhausted.detail}`)
    },
  }
}

const detailOf = ({ data }: Answer) => {
  const { detail } = data as { detail?: unknown }
  return typeof detail === 'string' ? detail : 'the sequencer has no more numbers'
}
