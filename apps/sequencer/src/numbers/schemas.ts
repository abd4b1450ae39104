import { numberStates } from '@ordinal/audit'
import { integerText, nameText, text } from '@ordinal/http'
import { z } from 'zod'
import type { Issued } from '../ledger/request'
import type { CounterStatus } from './reads'

const maxHoldSeconds = 30 * 24 * 60 * 60

const hold = {
  description: 'Reserves instead of issuing: released unless confirmed within so many seconds',
}
export const holdSeconds = z.int().min(1).max(maxHoldSeconds).optional().meta(hold)
export const holdSecondsText = integerText(1, maxHoldSeconds).optional().meta(hold)

/** The system and the person or job that ask for a step. */
export const clientFields = {
  client_id: nameText(1, 200).optional(),
  generated_by: nameText(1, 200).optional(),
}
export const reason = text(1, 500).meta({
  description: 'Why; it stays on record',
  example: 'order cancelled',
})

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

export const toNumbers = (prefix: string, { period, numbers }: Issued): z.input<typeof number>[] =>
  numbers.map(({ value, number, state }) => ({
    full_number: number,
    counter: value,
    prefix,
    period,
    state,
  }))

/** How far the values of a sequence go, in an answer. */
export const range = {
  end: z
    .int()
    .optional()
    .meta({ description: 'The last value that may be issued, where the rules have an end' }),
  values_left: z
    .int()
    .optional()
    .meta({ description: 'How many values can still be issued in the period, where the rules have an end' }),
}

export const rangeToJson = (end: number | undefined, left: number | undefined) =>
  end === undefined ? {} : { end, values_left: left }

/** Where a counter is, in an answer. */
export const status = z.object({
  prefix: z.string(),
  period: z.string(),
  current_counter: z.int(),
  next_counter: z.int().meta({ description: 'The value after the counter; a free one is issued before it' }),
  gaps: z.int().meta({ description: 'Values up to the counter that no document holds' }),
  reserved: z.int(),
  closed: z.literal(true).optional().meta({ description: 'Nothing more is issued in this period' }),
  ...range,
  database_healthy: z.boolean(),
})

export const statusToJson = (
  prefix: string,
  { period, lastValue, gaps, reserved, closed, end, valuesLeft }: CounterStatus,
): z.input<typeof status> => ({
  prefix,
  period,
  current_counter: lastValue,
  next_counter: lastValue + 1,
  gaps,
  reserved,
  ...(closed && { closed: true as const }),
  ...rangeToJson(end, valuesLeft),
  // It has just answered.
  database_healthy: true,
})
