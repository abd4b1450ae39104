import { findingKinds } from '@ordinal/audit'
import { booleanText, integerText, route, timestamp, type Route } from '@ordinal/http'
import { z } from 'zod'
import { chosen, moment } from './schemas'
import type { AuditService } from './service'
import type { ErrorCode } from '../domain/errors'

const finding = z
  .object({
    kind: z.enum(findingKinds),
    prefix: z.string().nullable(),
    period: z.string().nullable(),
    batch: z.int().nullable(),
    position: z.int().nullable(),
    value: z.int().nullable(),
    number: z.string().nullable(),
    rows: z
      .int()
      .nullable()
      .meta({ description: 'How many rows the fault may lie in, from that one on; 1 if the row is certain' }),
    column: z.string().nullable(),
    object: z
      .string()
      .nullable()
      .meta({ description: 'What the finding is about if it is no counter, such as "rules SG version 2"' }),
    detail: z.string(),
  })
  .meta({ id: 'Finding' })

const findings = {
  fits: z.boolean(),
  finding_count: z.int(),
  findings: z.array(finding).meta({ description: 'The first of them, in the order of the chains' }),
}
const report = z
  .object({
    ...findings,
    counters: z.int(),
    batches: z.int(),
    rows: z.int(),
    seconds: z.number(),
    rows_per_second: z.int(),
  })
  .meta({ id: 'Verification' })
const comparison = z
  .object({ ...findings, at: timestamp().meta({ description: 'Of the checkpoint' }), heads: z.int() })
  .meta({ id: 'Comparison' })
const heads = z.array(
  z.strictObject({
    prefix: z.string(),
    period: z.string(),
    batch: z.int(),
    head: z.string().meta({ description: 'The hash of that batch' }),
  }),
)
const checkpoint = z
  .object({
    at: timestamp().meta({ description: 'Everything dated earlier is in it' }),
    counters: z.int(),
    root: z.string().meta({ description: 'Of the tree of all heads' }),
    heads: heads
      .optional()
      .meta({ description: 'Where they are few, or requested. Kept, they show which counter differs' }),
    checkpoint: z
      .string()
      .meta({ description: 'The state, signed: a compact JWS with EdDSA. Keep this elsewhere' }),
  })
  .meta({ id: 'Checkpoint' })

/** `/api/v1/audit/verify`, `/checkpoints` and `/keys`: whether the ledger is what was written. */
export function proofRoutes(audit: AuditService): Route<ErrorCode>[] {
  const reading = { tag: 'audit', requires: 'viewer', workload: 'heavy' } as const

  return [
    route({
      ...reading,
      method: 'get',
      path: '/api/v1/audit/verify',
      summary: 'Compute the hash chains again from the rows, and report what does not fit',
      query: z.strictObject({
        ...chosen,
        since: z
          .union([integerText(1), moment])
          .optional()
          .meta({ description: 'Only from this batch of each counter on, or from this moment on' }),
      }),
      answers: { 200: report },
      errors: ['verification_under_way', 'sequence_not_found'],
      async handle({ query, deadline }) {
        const { seconds, rows, ...others } = await audit.verify(query, deadline.signal())
        return {
          status: 200,
          body: {
            ...others,
            rows,
            seconds: Math.round(seconds * 1000) / 1000,
            rows_per_second: Math.round(rows / seconds),
          },
        }
      },
    }),
    route({
      ...reading,
      method: 'post',
      path: '/api/v1/audit/verify',
      summary: 'Compare the ledger with a checkpoint',
      body: z.strictObject({
        checkpoint: z.string().min(1),
        heads: heads
          .optional()
          .meta({ description: 'All heads of the checkpoint, if they were kept beside it' }),
      }),
      answers: { 200: comparison },
      errors: ['checkpoint_invalid', 'signing_key_missing'],
      handle: async ({ body }) => ({ status: 200, body: await audit.compare(body.checkpoint, body.heads) }),
    }),
    route({
      ...reading,
      method: 'get',
      path: '/api/v1/audit/checkpoints',
      summary: 'The state of the ledger now, signed, for somebody else to keep',
      query: z.strictObject({
        ...chosen,
        heads: booleanText().default(false).meta({ description: 'Whether to give all heads, however many' }),
      }),
      answers: { 200: checkpoint },
      errors: ['signing_key_missing', 'sequence_not_found', 'ledger_behind'],
      async handle({ query }) {
        const { checkpoint, heads, signed } = await audit.sign(query)
        const { at, counters, root } = checkpoint
        const shown = query.heads ? heads : checkpoint.heads
        return {
          status: 200,
          body: { at, counters, root, ...(shown && { heads: shown }), checkpoint: signed },
        }
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/audit/keys',
      tag: 'audit',
      summary: 'The public keys of checkpoints, as a JWKS; none if nothing is signed',
      answers: { 200: z.object({ keys: z.array(z.record(z.string(), z.unknown())) }) },
      handle: async () => ({ status: 200, body: { keys: await audit.keys() } }),
    }),
  ]
}
