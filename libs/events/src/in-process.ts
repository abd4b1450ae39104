import type { Pool } from 'pg'
import { attemptToHandle, isFor, type Consumer, type RetryPolicy } from './consumer'
import { createDeadLetterTable } from './dead-letter-table'
import type { Tracing } from '@ordinal/tracing'
import type { EventMetrics } from './metrics'
import type { OutboxEvent } from './outbox'
import { spanOfHandling, spanOfSending } from './trace-events'
import type { Outcome, Transport } from './transport'

interface Deps {
  pool: Pool
  consumers: readonly Consumer[]
  retry: RetryPolicy
  metrics: EventMetrics
  tracing?: Tracing | undefined
}

const destination = { system: 'in_process', name: 'outbox' }

/**
 * Delivers events to consumers in this process. An event is delivered when all of them have handled it: what the
 * outbox still holds after a crash is handled again. If one of several fails, the others get the event again too.
 */
export function createInProcessTransport({ pool, consumers, retry, metrics, tracing }: Deps): Transport {
  async function deliverOne({ event, consumer: only, attempt }: OutboxEvent): Promise<Outcome> {
    const concerned = consumers.filter((consumer) => isFor(consumer, event, only))
    const sending = concerned.length > 0 ? spanOfSending(tracing, event, destination) : undefined
    const ended = await Promise.all(
      concerned.map(async (consumer) => {
        const handling = { event, sent: sending?.traceparent, attempt, consumer: consumer.name }
        const span = spanOfHandling(tracing, handling, destination)
        const failure = await attemptToHandle(consumer, event, attempt, retry, span)
        if (!failure) metrics.handled(consumer.name)
        return failure
      }),
    )
    sending?.end()
    const failures = ended.filter((failure) => failure !== undefined)
    return failures.length > 0 ? { is: 'failed', failures } : { is: 'delivered' }
  }

  return {
    deliver: (events) => Promise.all(events.map(deliverOne)),
    deadLetters: createDeadLetterTable(pool),
    start() {},
    stop: () => Promise.resolve(),
  }
}
