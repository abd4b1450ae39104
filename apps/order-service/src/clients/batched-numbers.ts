import { noDeadline, type Deadline } from '@ordinal/deadline'
import type { Answer, ServiceClient } from '@ordinal/resilience'
import { z } from 'zod'
import { headersOf } from './service-clients'
import { createBatchedCalls, type Asked } from './batched-calls'

interface AskedNumber extends Asked {
  /** What the sequencer writes down with the number. */
  body: { client_id: string; generated_by: string }
}

interface Options {
  sequence: string
  timeoutMs: number
  batching: boolean
}

// The most that `timeout_ms` of an item may be at the sequencer; one that is wanted for longer has none.
const longestTimeoutMs = 3_600_000
const batch = z.looseObject({ results: z.array(z.unknown()) })
const issued = z.looseObject({
  number: z.looseObject({ full_number: z.string() }),
  replayed: z.boolean().optional(),
})
// What passes by itself (429, 5xx) is asked for again, alone.
const finalStatus = z
  .int()
  .min(400)
  .max(499)
  .refine((status) => status !== 429)
const refused = z.looseObject({ problem: z.looseObject({ status: finalStatus }) })

/** Asks the sequencer for numbers, those of several orders with one call; the answers are those of the call for one. */
export function createBatchedNumbers(client: ServiceClient, { sequence, timeoutMs, batching }: Options) {
  const askAlone = ({ key, body, trace, deadline }: AskedNumber, by: 'request' | 'probe' = 'request') =>
    client[by]({
      method: 'POST',
      path: `/api/v1/next/${encodeURIComponent(sequence)}`,
      template: '/api/v1/next/{prefix}',
      span: trace?.span,
      body,
      headers: { ...headersOf(trace), 'Idempotency-Key': key },
      deadline,
    })

  const ask = createBatchedCalls<AskedNumber>({
    service: client.name,
    timeoutMs,
    batching,
    askAlone: (item) => askAlone(item),
    async askTogether(items, deadline, span) {
      const { status, data } = await client.request({
        method: 'POST',
        path: '/api/v1/numbers:batch',
        template: '/api/v1/numbers:batch',
        span,
        body: { requests: items.map(toRequest) },
        headers: headersOf(items[0]!.trace),
        // Each item has its key.
        repeatable: true,
        deadline,
      })
      const read = batch.safeParse(data)
      if (status !== 200 || !read.success || read.data.results.length !== items.length) return undefined
      return read.data.results.map(toAnswer)
    },
  })

  const toRequest = ({ key, body, trace, deadline }: AskedNumber) => ({
    prefix: sequence,
    ...body,
    idempotency_key: key,
    request_id: trace?.requestId,
    timeout_ms: timeoutOf(deadline),
  })

  return {
    /** Asks for a number, maybe with those of other orders. @throws ServiceUnavailableError */
    ask,
    /** Asks even while the breaker is open, and always alone. @throws ServiceUnavailableError */
    probe: (item: Omit<AskedNumber, 'deadline'>) => askAlone({ ...item, deadline: noDeadline }, 'probe'),
  }
}

function timeoutOf(deadline: Deadline): number | undefined {
  const remainingMs = Math.ceil(deadline.remainingMs())
  return remainingMs > longestTimeoutMs ? undefined : Math.max(1, remainingMs)
}

/** The result of an item as the call for one number would answer it; undefined if it is to be asked for alone. */
function toAnswer(given: unknown): Answer | undefined {
  const got = issued.safeParse(given)
  if (got.success) {
    const { number, replayed } = got.data
    return { status: 200, headers: replayed ? { 'idempotency-replayed': 'true' } : {}, data: number }
  }
  const { data } = refused.safeParse(given)
  return data && { status: data.problem.status, headers: {}, data: data.problem }
}
