import { text } from '@ordinal/http'
import { z } from 'zod'

/** The name of a sequence, as it is in paths. */
export const prefix = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,32}$/, 'must be 1 to 32 letters, digits, dots, underscores or dashes')
  .meta({ example: 'SG' })

export const prefixParams = z.strictObject({ prefix })

/** A period in a query; empty for that of a sequence whose values never begin again. */
export const period = z
  .string()
  .regex(
    /^[0-9A-Z-]{0,10}$/,
    'is no period; they are written as in 2026, FY2026, 2026-Q4, 2026-11 or 2026-11-21',
  )
  .meta({ description: 'Empty for sequences without periods', example: '2026' })

/** The most numbers that one request gets. */
export const maxCount = 1000

/** A number as callers write it: as long as a template of a hundred characters can make it, and no shorter. */
export const fullNumber = text(1, 600)

const name = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,64}$/, 'must be 1 to 64 letters, digits, dots, underscores or dashes')

export const siteId = name.meta({ example: 'site-1' })
export const partitionId = name.meta({ example: 'partition-a' })

interface Place {
  site_id?: string | undefined
  partition_id?: string | undefined
}

/** Refuses half of a place: `schema.refine(isWholePlace, wholePlace)`. */
export const isWholePlace = ({ site_id, partition_id }: Place) =>
  (site_id === undefined) === (partition_id === undefined)
export const wholePlace = { path: ['partition_id'], message: 'site_id and partition_id go together' }

/** What issuing can meet. */
export const issuingErrors = [
  'sequence_not_found',
  'sequence_sealed',
  'sequence_exhausted',
  'quota_exceeded',
  'business_date_out_of_window',
  'out_of_order_date',
  'period_closed',
  'rules_overlap',
  'sequencer_overloaded',
  'ledger_behind',
  'outcome_unknown',
  'idempotency_key_reused',
] as const

/** What an answer says that was given before. */
export const replayHeaders = ({ replayed }: { replayed: boolean }) =>
  replayed ? { headers: { 'Idempotency-Replayed': 'true' } } : {}
