import { findingKinds } from '@ordinal/audit'
import { AppError } from '@ordinal/errors'
import type { Logger } from '@ordinal/logging'
import { booleanText, integerText, route, timestamp, type Route } from '@ordinal/service'
import type { Pool } from 'pg'
import { z } from 'zod'
import type { Checkpoints } from '../ledger/checkpoints'
import { requireChosen } from '../ledger/chosen'
import type { BuildSchema } from '../ledger/schema'
import { verifyLedger } from '../ledger/verify'
import { moment, period } from './audit'
import { prefix } from './prefix'

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
      .meta({ description: 'How many rows it may be, from that one on; 1 if it is told exactly' }),
    column: z.string().nullable(),
    object: z
      .string()
      .nullable()
      .meta({ description: 'What is meant if it is no counter, such as "rules SG version 2"' }),
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
    at: timestamp().meta({ description: 'What is dated earlier is in it' }),
    counters: z.int(),
    root: z.string().meta({ description: 'Of the tree of all heads' }),
    heads: heads
      .optional()
      .meta({ description: 'Where they are few, or were asked for. Kept, they tell which counter differs' }),
    checkpoint: z
      .string()
      .meta({ description: 'The state, signed: a compact JWS with EdDSA. Keep this elsewhere' }),
  })
  .meta({ id: 'Checkpoint' })

const chosen = { prefix: prefix.optional(), period: period.optional() }

interface Deps {
  pool: Pool
  checkpoints: Checkpoints
  /** The schema that the database has to have, if it is known. */
  schema: BuildSchema | undefined
  log: Logger
}

/** `/api/v1/audit/verify` and `/checkpoints`: whether the ledger is what was written. */
export function proofRoutes({ pool, checkpoints, schema, log }: Deps): Route[] {
  const reading = { tag: 'audit', requires: 'viewer', workload: 'heavy' } as const
  let verifying = false

  return [
    route({
      ...reading,
      method: 'get',
      path: '/api/v1/audit/verify',
      summary: 'Compute the hash chains again from the rows, and tell what does not fit',
      query: z.strictObject({
        ...chosen,
        since: z
          .union([integerText(1), moment])
          .optional()
          .meta({ description: 'Only from this batch of each counter on, or from this moment on' }),
      }),
      answers: { 200: report },
      errors: ['verification_under_way', 'sequence_not_found'],
      async handle({ query, gone }) {
        await requireChosen(pool, query)
        if (verifying) {
          const detail = 'This instance verifies the ledger already'
          throw new AppError('verification_under_way', detail, { retryAfterSeconds: 10 })
        }
        verifying = true
        const told = await verifyLedger(pool, schema, query, gone()).finally(() => {
          verifying = false
        })
        if (!told.fits) log.error('the ledger is not what was written', { first: told.findings[0] })
        const { seconds, rows, ...others } = told
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
      summary: 'Tell whether the ledger still has what a checkpoint has kept: a rewritten one has not',
      body: z.strictObject({
        checkpoint: z.string().min(1),
        heads: heads
          .optional()
          .meta({ description: 'All heads of the checkpoint, if it has too many itself' }),
      }),
      answers: { 200: comparison },
      errors: ['checkpoint_invalid', 'signing_key_missing'],
      async handle({ body }) {
        const compared = await checkpoints.compare(body.checkpoint, body.heads)
        const [first] = compared.findings
        if (first) log.error('the ledger is not what a checkpoint has kept', { first })
        return { status: 200, body: { ...compared, fits: first === undefined } }
      },
    }),
    route({
      ...reading,
      method: 'get',
      path: '/api/v1/audit/checkpoints',
      summary: 'The state of the ledger now, signed, for somebody else to keep',
      query: z.strictObject({
        ...chosen,
        heads: booleanText().default(false).meta({ description: 'With all heads, however many they are' }),
      }),
      answers: { 200: checkpoint },
      errors: ['signing_key_missing', 'sequence_not_found'],
      async handle({ query }) {
        await requireChosen(pool, query)
        const { checkpoint, heads, signed } = await checkpoints.sign(query)
        const { at, counters, root } = checkpoint
        const told = query.heads ? heads : checkpoint.heads
        return { status: 200, body: { at, counters, root, ...(told && { heads: told }), checkpoint: signed } }
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/audit/keys',
      tag: 'audit',
      summary: 'The public keys of checkpoints, as a JWKS; none if nothing is signed',
      answers: { 200: z.object({ keys: z.array(z.record(z.string(), z.unknown())) }) },
      handle: async () => ({ status: 200, body: { keys: await checkpoints.keys() } }),
    }),
  ]
}
