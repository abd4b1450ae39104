import type { Queryable } from '@ordinal/database'
import { AppError } from '@ordinal/errors'
import {
  idempotencyKeyOf,
  integerText,
  route,
  text,
  timestamp,
  type Call,
  type Route,
} from '@ordinal/service'
import { z } from 'zod'
import { formatNumber } from '@ordinal/audit'
import { findDrawn } from '../find-drawn'
import type { IssueForSite } from '../issue-for-site'
import type { Allocator } from '../ledger/allocator'
import { findNumber, previewValues } from '../ledger/numbers'
import { requireActive, type Sequences } from '../ledger/sequences'
import { readCounter } from '../ledger/statements'
import { readRate, readTotals, readUsage, type Drawn } from '../ledger/usage'
import type { Sites } from '../sites'
import { authorityOf } from './authority'
import { fullNumber, issuingErrors, maxCount } from './number'
import { prefix } from './prefix'
import { partitionId, siteId } from './site-names'

/** The one sequence on which all sites draw. */
const global = 'GLOBAL'

export const invoiceTypes = ['on-cycle', 'off-cycle', 'simulated', 'suppressed'] as const
const invoiceType = z.enum(invoiceTypes).default('on-cycle').meta({
  description:
    'simulated: tells what the number would be, and draws none. suppressed: draws it and releases it at once',
})

const drawing = { site_id: siteId, partition_id: partitionId, invoice_type: invoiceType }
const nextQuery = z.strictObject({ ...drawing, count: integerText(1, maxCount).optional() })
const nextBody = z.strictObject({ ...drawing, count: z.int().min(1).max(maxCount).optional() })

const releaseBody = z
  .strictObject({
    sequence_number: z.int().min(1).optional(),
    full_number: fullNumber
      .optional()
      .meta({ description: 'In place of sequence_number, which several periods may have', example: '5' }),
    site_id: siteId,
    partition_id: partitionId,
    reason: text(1, 500).meta({ description: 'Why; it stays on record', example: 'suppressed-bill' }),
  })
  .refine((body) => (body.sequence_number === undefined) !== (body.full_number === undefined), {
    path: ['sequence_number'],
    message: 'either it or full_number must be given',
  })

const drawn = z
  .object({
    sequence_number: z.int(),
    full_number: z.string(),
    site_id: z.string(),
    partition_id: z.string(),
    invoice_type: z.enum(invoiceTypes),
    state: z
      .enum(['unused', 'issued', 'free', 'void'])
      .meta({ description: 'unused: simulated. free or void: suppressed' }),
  })
  .meta({ id: 'DrawnNumber' })

const released = z
  .object({
    sequence_number: z.int(),
    full_number: z.string(),
    site_id: z.string(),
    partition_id: z.string(),
    state: z.enum(['free', 'void']).meta({ description: 'free: it is drawn again, lowest first' }),
  })
  .meta({ id: 'ReleasedNumber' })

const share = { issued: z.int(), released: z.int(), last_at: timestamp() }
const stats = z
  .object({
    prefix: z.string(),
    period: z.string().meta({ description: 'The current one' }),
    current_counter: z.int(),
    values: z.int().meta({ description: 'Values up to the counters of all periods: of them, so many are' }),
    in_use: z.int(),
    reserved: z.int(),
    gaps: z.int().meta({ description: 'Values that no document holds: free or void' }),
    numbers_per_second: z.number().meta({ description: 'In the current period, over the last minute' }),
    issued: z.int().meta({ description: 'Numbers that sites have drawn' }),
    released: z.int().meta({ description: 'Numbers that sites have drawn and released' }),
    sites: z.array(z.object({ site_id: z.string(), ...share })),
    partitions: z.array(z.object({ site_id: z.string(), partition_id: z.string(), ...share })),
    invoice_types: z.array(z.object({ invoice_type: z.string(), ...share })),
  })
  .meta({ id: 'Stats' })

interface Deps {
  db: Queryable
  heavyDb: Queryable
  sequences: Sequences
  sites: Sites
  allocator: Allocator
  issueForSite: IssueForSite
}

/** `/api/v1/sequence`: sites that draw on one sequence. */
export function multiSiteRoutes({ db, heavyDb, sequences, sites, allocator, issueForSite }: Deps): Route[] {
  type Asked = z.output<typeof nextQuery>
  type Request = Pick<Call<never, never, never>, 'headers' | 'context'>

  async function next(asked: Asked, { headers, context }: Request) {
    const { site_id, partition_id, invoice_type, count } = asked
    if (invoice_type === 'simulated') {
      const numbers = await simulate(asked)
      return { status: 200 as const, body: answerOf(asked, numbers) }
    }
    const suppressed = invoice_type === 'suppressed'
    const issued = await issueForSite({
      prefix: global,
      event: suppressed ? 'suppress' : 'issue',
      count: count ?? 1,
      caller: context.caller,
      address: context.address,
      idempotencyKey: idempotencyKeyOf(headers),
      siteId: site_id,
      partitionId: partition_id,
      invoiceType: invoice_type,
      reason: suppressed ? 'suppressed' : undefined,
      requestId: context.requestId,
    })
    return {
      status: 200 as const,
      body: answerOf(asked, issued.numbers),
      ...(issued.replayed && { headers: { 'Idempotency-Replayed': 'true' } }),
    }
  }

  /** The numbers that a request would get, if nobody else came first. */
  async function simulate({ site_id, partition_id, count }: Asked) {
    const site = await sites.requireOpen(site_id, partition_id)
    if (!site.simulation) throw new AppError('simulation_off', `${site_id} may not simulate numbers`)
    const { rules, slot } = await currentSlot(global)
    const values = await previewValues(db, rules, slot.period, count ?? 1)
    return values.map((value) => ({
      value,
      number: formatNumber(slot.frame, value),
      state: 'unused' as const,
    }))
  }

  async function currentSlot(prefix: string) {
    const sequence = await sequences.load(prefix)
    requireActive(sequence)
    return { rules: sequence.rules, slot: await allocator.slotFor(sequence, undefined) }
  }

  const drawingRoute = {
    path: '/api/v1/sequence/next',
    tag: 'sites',
    answers: { 200: z.union([drawn, z.object({ numbers: z.array(drawn) })]) },
    issues: true,
    idempotent: true,
    errors: [...issuingErrors, 'site_unknown', 'simulation_off'] as const,
  }

  return [
    route({
      ...drawingRoute,
      method: 'post',
      summary: 'Draw the next number of all sites, or with `count` so many that follow each other',
      body: nextBody,
      handle: (call) => next(call.body, call),
    }),
    route({
      ...drawingRoute,
      method: 'get',
      summary: 'The same, for a browser; programs should use POST',
      query: nextQuery,
      handle: (call) => next(call.query, call),
    }),
    route({
      method: 'post',
      path: '/api/v1/sequence/release',
      tag: 'sites',
      summary:
        'Release a number that this site and partition has drawn: it leaves a gap, which the next number fills',
      body: releaseBody,
      answers: { 200: released },
      issues: true,
      idempotent: true,
      errors: [
        'number_not_found',
        'number_ambiguous',
        'number_of_another_site',
        'number_held_by_another',
        'number_state_conflict',
        'idempotency_key_reused',
        'sequencer_overloaded',
        'outcome_unknown',
      ],
      async handle({
        body: { sequence_number, full_number, site_id, partition_id, reason },
        headers,
        context,
      }) {
        const idempotencyKey = idempotencyKeyOf(headers)
        const { caller, requestId } = context
        const by = { prefix: global, caller, idempotencyKey, siteId: site_id, partitionId: partition_id }
        const found =
          sequence_number === undefined
            ? { ...(await findNumber(db, full_number!, global)), number: full_number! }
            : await findDrawn(db, sequence_number, by)
        const changed = await allocator.change({
          ...by,
          ...found,
          event: 'release',
          authority: authorityOf(context),
          reason,
          requestId,
        })
        const { state } = changed.numbers[0]!
        return {
          status: 200,
          body: {
            sequence_number: found.value,
            full_number: found.number,
            site_id,
            partition_id,
            state: state as 'free' | 'void',
          },
          ...(changed.replayed && { headers: { 'Idempotency-Replayed': 'true' } }),
        }
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/sequence/stats',
      workload: 'heavy',
      tag: 'sites',
      summary: 'How much was drawn: in all, now, and by site, partition and invoice type',
      query: z.strictObject({
        prefix: prefix.default(global).meta({ description: 'Another sequence', example: 'INV' }),
      }),
      answers: { 200: stats },
      errors: ['sequence_not_found'],
      async handle({ query: { prefix } }) {
        const { rules, slot } = await currentSlot(prefix)
        const [counter, { values, in_use, reserved, free, void: voided }, numbers_per_second, usage] =
          await Promise.all([
            readCounter(heavyDb, prefix, slot.period),
            readTotals(heavyDb, prefix),
            readRate(heavyDb, prefix, slot.period),
            readUsage(heavyDb, prefix),
          ])
        return {
          status: 200,
          body: {
            prefix,
            period: slot.period,
            current_counter: counter?.lastValue ?? rules.start - 1,
            values,
            in_use,
            reserved,
            gaps: free + voided,
            numbers_per_second,
            issued: usage.issued,
            released: usage.released,
            sites: usage.sites.map(({ site_id, ...rest }) => ({ site_id, ...shareToJson(rest) })),
            partitions: usage.partitions.map(({ site_id, partition_id, ...rest }) => ({
              site_id,
              partition_id,
              ...shareToJson(rest),
            })),
            invoice_types: usage.invoice_types.map(({ invoice_type, ...rest }) => ({
              invoice_type,
              ...shareToJson(rest),
            })),
          },
        }
      },
    }),
  ]
}

interface Number {
  value: number
  number: string
  state: string
}

function answerOf(
  { site_id, partition_id, invoice_type, count }: z.output<typeof nextQuery>,
  numbers: readonly Number[],
) {
  const all = numbers.map(({ value, number, state }) => ({
    sequence_number: value,
    full_number: number,
    site_id,
    partition_id,
    invoice_type,
    state: state as z.input<typeof drawn>['state'],
  }))
  return count === undefined ? all[0]! : { numbers: all }
}

const shareToJson = ({ issued, released, last_at }: Drawn) => ({
  issued,
  released,
  last_at: last_at.toISOString(),
})
