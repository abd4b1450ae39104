import { numberStates } from '@ordinal/audit'
import { text } from '@ordinal/service'
import { z } from 'zod'
import type { Issued } from '../ledger/request'

/** The most numbers that one request gets. */
export const maxCount = 1000

/** A number as callers write it: as long as a template of a hundred characters can make it, and no shorter. */
export const fullNumber = text(1, 600)

/** A number in an answer. */
export const number = z
  .object({
    full_number: z.string().meta({ example: 'SG000001' }),
    counter: z.int(),
    prefix: z.string(),
    period: z.string(),
    state: z.enum(numberStates),
  })
  .meta({ id: 'Number' })

/** What issuing can meet. */
export const issuingErrors = [
  'sequence_not_found',
  'sequence_sealed',
  'sequence_exhausted',
  'quota_exceeded',
  'business_date_out_of_window',
  'period_closed',
  'rules_overlap',
  'sequencer_overloaded',
  'outcome_unknown',
  'idempotency_key_reused',
] as const

export const toNumbers = (prefix: string, { period, numbers }: Issued) =>
  numbers.map(({ value, number, state }) => ({
    full_number: number,
    counter: value,
    prefix,
    period,
    state,
  }))
