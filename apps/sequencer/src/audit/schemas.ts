import { z } from 'zod'
import { period, prefix } from '../api/schemas'

/** Whose chains: all, those of a sequence, or one. */
export const chosen = { prefix: prefix.optional(), period: period.optional() }

/** A moment in a query. */
export const moment = z.iso
  .datetime({ offset: true })
  .transform((time) => new Date(time))
  .meta({ override: { type: 'string', format: 'date-time' }, example: '2026-11-21T00:00:00Z' })

/** The content of a cursor: a place in the feed. */
export const place = z.tuple([z.int(), prefix.or(z.literal('')), period, z.int(), z.int()])
