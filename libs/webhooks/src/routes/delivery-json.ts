import { id, timestamp } from '@ordinal/http'
import { z } from 'zod'
import type { Attempt, Delivery } from '../log-queries'
import { isoOf } from './webhook-json'

export const deliveryState = z.enum(['waiting', 'delivered', 'failed'])

/** A delivery, as answers have it. */
export const delivery = z
  .object({
    id: id(),
    state: deliveryState.meta({
      description:
        '`failed`: no attempt was left. What waits longer than its attempts waits for the receiver to return',
    }),
    event: z
      .object({ id: z.string(), type: z.string(), subject: z.string() })
      .loose()
      .meta({ description: 'As it is sent: a CloudEvent' }),
    attempts: z.int().meta({ description: 'Since it was made, or last replayed' }),
    due_at: timestamp().nullable().meta({ description: 'When it is tried next; null if it waits no longer' }),
    created_at: timestamp(),
    settled_at: timestamp().nullable(),
  })
  .meta({ id: 'WebhookDelivery' })

/** An attempt, as answers have it. */
export const attempt = z
  .object({
    id: id(),
    delivery_id: id(),
    nth: z.int().meta({ description: 'Of the delivery; one whose process ended is missing' }),
    at: timestamp(),
    duration_ms: z.int(),
    status: z.int().nullable().meta({ description: 'Of the answer; null if there was none' }),
    answer: z.string().nullable().meta({ description: 'The first kilobyte of it' }),
    error: z
      .string()
      .nullable()
      .meta({ description: 'Why there was none, or why it did not end', example: 'ECONNREFUSED: connect' }),
  })
  .meta({ id: 'WebhookAttempt' })

export const toDelivery = ({ id, state, event, attempts, dueAt, createdAt, settledAt }: Delivery) => ({
  id,
  state,
  event: { ...event },
  attempts,
  due_at: state === 'waiting' ? dueAt.toISOString() : null,
  created_at: createdAt.toISOString(),
  settled_at: isoOf(settledAt),
})

export const toAttempt = ({ id, deliveryId, nth, at, durationMs, status, answer, error }: Attempt) => ({
  id,
  delivery_id: deliveryId,
  nth,
  at: at.toISOString(),
  duration_ms: durationMs,
  status,
  answer,
  error,
})
