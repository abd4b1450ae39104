import { eventSchema, type EventSchema } from '@ordinal/events'
import { jsonSchemaOf } from '@ordinal/http'
import { z } from 'zod'
import type { orderEventTypes } from '../events/order-events'
import { order } from './schemas'

const conflict = z.object({
  reason: z.string().meta({ description: 'Why the order cannot take the number' }),
  key: z.string().meta({ description: 'Under which the number was asked for' }),
  refused_number: z.string().nullable(),
  held_by_order_id: z.int().nullable(),
})
const withConflict = order.extend({ conflict }).meta({ id: undefined })

/** What each type of event says, and what its data is. */
const types = {
  'order.created': ['An order has its number: the first event of an order', order],
  'order.updated': ['The status of an order has changed', order],
  'order.deleted': ['An order was deleted', order],
  'order.number_conflict': ['The sequencer answered with a number that the order cannot take', withConflict],
} as const satisfies Record<(typeof orderEventTypes)[number], readonly [string, z.ZodType]>

/** The JSON Schemas of the events of orders: the order in them is that of the API. */
export const orderEventSchemas = (): EventSchema[] =>
  Object.entries(types).map(([type, [description, data]]) =>
    eventSchema({
      type,
      description,
      subject: { type: 'string', format: 'uuid', description: "The order's reference" },
      data: jsonSchemaOf(data),
    }),
  )
