import { randomUUID } from 'node:crypto'
import { eventSchema, type CloudEvent, type EventSchema } from '@ordinal/events'
import type { PassedTrace } from '@ordinal/tracing'

/** The type of test events, which any webhook gets. */
const type = 'webhook.test'

/** An event by which somebody sees whether a webhook's receiver takes events. */
export const testEvent = (
  source: string,
  id: number,
  { traceparent, tracestate }: PassedTrace,
): CloudEvent => ({
  specversion: '1.0',
  id: randomUUID(),
  source,
  type,
  // One of its own, so that no test waits for another.
  subject: `webhook-${id}-${randomUUID()}`,
  time: new Date().toISOString(),
  datacontenttype: 'application/json',
  sequence: '0',
  traceparent,
  ...(tracestate !== undefined && { tracestate }),
  data: { webhook_id: id },
})

/** Its JSON Schema. */
export const testEventSchema = (): EventSchema =>
  eventSchema({
    type,
    description: 'Somebody tries whether the receiver of a webhook takes events',
    sequence: { const: '0' },
    data: {
      type: 'object',
      properties: { webhook_id: { type: 'integer', minimum: 1 } },
      required: ['webhook_id'],
    },
  })
