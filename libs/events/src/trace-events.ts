import type { Attributes, Span, Tracing } from '@ordinal/tracing'
import type { CloudEvent } from './cloud-event'

/** Where an event is sent to, or comes from. */
export interface Destination {
  /** `redis`, or `in_process`. */
  system: string
  name: string
}

/**
 * Begins the span of relaying events from the outbox: in the trace of the first of them that is recorded, and linked with the
 * others.
 */
export function spanOfRelaying(
  tracing: Tracing | undefined,
  events: readonly CloudEvent[],
): Span | undefined {
  if (!tracing) return undefined
  let span: Span | undefined
  for (const { traceparent } of events) {
    if (span) tracing.link(span, traceparent)
    else
      span = tracing.follow(traceparent, 'relay events', 'internal', { 'ordinal.batch.size': events.length })
  }
  return span
}

/** Begins the span of sending an event: a part of the change that it is about. */
export const spanOfSending = (
  tracing: Tracing | undefined,
  event: CloudEvent,
  destination: Destination,
): Span | undefined =>
  tracing?.follow(event.traceparent, `send ${destination.name}`, 'producer', {
    ...attributesOf(event, destination),
    'messaging.operation.name': 'send',
    'messaging.operation.type': 'send',
  })

/**
 * Begins the span of handling an event: a part of its sending, and linked with the change that it is about.
 *
 * @param sent the traceparent of its sending, as far as it is known
 */
export function spanOfHandling(
  tracing: Tracing | undefined,
  {
    event,
    sent,
    attempt,
    consumer,
  }: { event: CloudEvent; sent?: string | undefined; attempt: number; consumer: string },
  destination: Destination,
): Span | undefined {
  const parent = sent ?? event.traceparent
  const span = tracing?.follow(parent, `process ${destination.name}`, 'consumer', {
    ...attributesOf(event, destination),
    'messaging.operation.name': 'process',
    'messaging.operation.type': 'process',
    'messaging.consumer.group.name': consumer,
    ...(attempt > 1 && { 'ordinal.attempt': attempt }),
  })
  if (span && parent !== event.traceparent) tracing?.link(span, event.traceparent)
  return span
}

/** As the semantic conventions for messaging and for CloudEvents have it. What the event says is not among it. */
const attributesOf = ({ id, type, source }: CloudEvent, { system, name }: Destination): Attributes => ({
  'messaging.system': system,
  'messaging.destination.name': name,
  'messaging.message.id': id,
  'cloudevents.event_id': id,
  'cloudevents.event_type': type,
  'cloudevents.event_source': source,
})

/** The id of the trace of an event, for logs. */
export const traceIdOf = (event: CloudEvent | undefined): string | undefined =>
  event?.traceparent?.slice(3, 35)
