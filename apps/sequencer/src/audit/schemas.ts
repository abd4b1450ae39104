import { cursorsOf } from '@ordinal/http'
import { z } from 'zod'
import { period, prefix } from '../api/schemas'
import { feedStart, type FeedPlace } from './queries/feed'

/** Whose chains: all, those of a sequence, or one. */
export const chosen = { prefix: prefix.optional(), period: period.optional() }

/** A moment in a query. */
export const moment = z.iso
  .datetime({ offset: true })
  .transform((time) => new Date(time))
  .meta({ override: { type: 'string', format: 'date-time' }, example: '2026-11-21T00:00:00Z' })

const place: z.ZodType<FeedPlace> = z.tuple([
  z.int(),
  prefix.or(z.literal('')),
  period,
  z.int(),
  // The position in the batch: an integer of PostgreSQL.
  z.int32(),
])

/** The cursors of the list, the newest row first. */
export const listCursors = cursorsOf('audit', place)
/** Those of the feed, which are also the ids of events in the stream. */
export const feedCursors = cursorsOf('feed', place, feedStart)
