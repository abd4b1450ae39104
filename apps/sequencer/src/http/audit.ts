import { Readable } from 'node:stream'
import { numberEvents, numberStates } from '@ordinal/audit'
import { AppError } from '@ordinal/errors'
import {
  cursorFor,
  cursorQuery,
  integerText,
  pieceOf,
  readCursor,
  route,
  text,
  toPiece,
  type Route,
} from '@ordinal/service'
import type { Pool } from 'pg'
import { z } from 'zod'
import { requireChosen } from '../ledger/chosen'
import { exportFormats, exportLedger, type ExportFormat, type ExportRequest } from '../ledger/export'
import { feedStart, listEntries, readFeed, type FedEntry, type FeedPlace } from '../ledger/feed'
import { fullNumber } from './number'
import { prefix } from './prefix'

/** A period in a query; empty for that of a sequence whose values never begin again. */
export const period = z
  .string()
  .regex(
    /^[0-9A-Z-]{0,10}$/,
    'is no period; they are written as in 2026, FY2026, 2026-Q4, 2026-11 or 2026-11-21',
  )
  .meta({ description: 'Empty for sequences without periods', example: '2026' })

/** A moment in a query. */
export const moment = z.iso
  .datetime({ offset: true })
  .transform((time) => new Date(time))
  .meta({ override: { type: 'string', format: 'date-time' }, example: '2026-11-21T00:00:00Z' })

const stretch = {
  from: moment.optional().meta({ description: 'Not before this moment' }),
  to: moment.optional().meta({ description: 'Before this moment' }),
}

const entry = z
  .object({
    prefix: z.string(),
    period: z.string(),
    batch: z.int().meta({ description: 'Which commit of its counter, from 1' }),
    position: z.int().meta({ description: 'Which row of the batch, from 1' }),
    value: z.int(),
    revision: z.int().meta({ description: 'Which step of the value, from 1' }),
    event: z.enum(numberEvents),
    state: z.enum(numberStates).meta({ description: 'After the event' }),
    number: z.string(),
    caller: z.string(),
    idempotency_key: z
      .string()
      .meta({ description: "The caller's, or the one that was made for the request" }),
    item: z.int().meta({ description: 'Which number of the request, from 0' }),
    hold_seconds: z.int().nullable(),
    client_id: z.string().nullable(),
    generated_by: z.string().nullable(),
    site_id: z.string().nullable(),
    partition_id: z.string().nullable(),
    invoice_type: z.string().nullable(),
    business_date: z.string().nullable(),
    reason: z.string().nullable(),
    request_id: z.string().nullable(),
    at: z.iso.datetime({ precision: 6 }).meta({ example: '2026-11-21T03:43:00.123456Z' }),
  })
  .meta({ id: 'LedgerEntry' })

const listQuery = z.strictObject({
  after: z
    .string()
    .min(1)
    .max(1000)
    .optional()
    .meta({
      description:
        'The change feed: every row once, the oldest first. `0`, then the `next_cursor` of the answer before; at the end ' +
        'that is the same again, to ask with later. Takes no filter',
    }),
  cursor: cursorQuery.cursor,
  page_size: integerText(1, 1000)
    .default(100)
    .meta({ override: { default: 100 } }),
  prefix: prefix.optional(),
  period: period.optional(),
  state: z.enum(numberStates).optional(),
  event: z.enum(numberEvents).optional(),
  number: fullNumber.optional(),
  client_id: text(1, 200).optional(),
  generated_by: text(1, 200).optional(),
  site_id: text(1, 200).optional(),
  caller: text(1, 200).optional(),
  ...stretch,
})

/** What a cursor of the ledger says. */
export const place = z.tuple([z.int(), prefix.or(z.literal('')), period, z.int(), z.int()])

const exportQuery = z.strictObject({
  format: z
    .enum(exportFormats)
    .default('ndjson')
    .meta({
      override: { default: 'ndjson' },
      description: 'ndjson has all that a verification needs; csv has the rows, for spreadsheets',
    }),
  prefix: prefix.optional(),
  period: period.optional(),
  ...stretch,
})

// Each reads as fast as its client takes it, on the connections of heavy reads.
const maxExports = 4

/** `/api/v1/audit`: the rows of the ledger, as a list, as a feed, and as a file. */
export function auditRoutes(pool: Pool): Route[] {
  const reading = { method: 'get', tag: 'audit', requires: 'viewer', workload: 'heavy' } as const
  let exporting = 0

  function openExport(format: ExportFormat, request: ExportRequest): Readable {
    if (exporting >= maxExports) {
      const detail = `This instance makes ${exporting} exports already`
      throw new AppError('exports_under_way', detail, { retryAfterSeconds: 10 })
    }
    exporting += 1
    const pieces = Readable.from(exportLedger(pool, format, request), { objectMode: false })
    // Whatever ends it: its end, a failure, or its client.
    return pieces.once('close', () => (exporting -= 1))
  }

  async function feed(after: string, pageSize: number) {
    const from = after === '0' ? feedStart : requirePlace('after', after)
    const rows = await readFeed(pool, from, pageSize)
    const last = rows.at(-1)
    return {
      data: rows.map(toJson),
      pagination: { page_size: pageSize, next_cursor: last ? cursorFor(placeOf(last)) : after },
    }
  }

  return [
    route({
      ...reading,
      path: '/api/v1/audit',
      summary: 'The rows of the ledger, the newest first; with `after` the change feed, the oldest first',
      query: listQuery,
      answers: { 200: pieceOf(entry) },
      errors: ['search_too_long'],
      async handle({ query: { after, cursor, page_size, ...filter } }) {
        if (after !== undefined) {
          requireNoFilter({ cursor, ...filter })
          return { status: 200, body: await feed(after, page_size) }
        }
        const before = cursor === undefined ? undefined : requirePlace('cursor', cursor)
        const rows = await listEntries(pool, filter, before, page_size + 1)
        return { status: 200, body: toPiece(rows, page_size, toJson, placeOf) }
      },
    }),
    route({
      ...reading,
      path: '/api/v1/audit/export',
      summary: 'The ledger as a file of any length, to verify it elsewhere (NDJSON) or to look at (CSV)',
      query: exportQuery,
      media: ['application/x-ndjson', 'text/csv'],
      answers: { 200: z.string() },
      errors: ['exports_under_way', 'sequence_not_found'],
      async handle({ query: { format, ...request } }) {
        await requireChosen(pool, request)
        const name = ['ordinal-audit', request.prefix, request.period].filter(Boolean).join('-')
        return {
          status: 200,
          body: openExport(format, request),
          headers: {
            'Content-Type': format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson',
            'Content-Disposition': `attachment; filename="${name}.${format}"`,
            'Cache-Control': 'no-store',
          },
        }
      },
    }),
  ]
}

const toJson = ({ feed: _, ...row }: FedEntry): z.input<typeof entry> => row

const placeOf = ({ feed, prefix, period, batch, position }: FedEntry): FeedPlace => [
  feed,
  prefix,
  period,
  batch,
  position,
]

function requirePlace(parameter: string, cursor: string): FeedPlace {
  return readCursor(cursor, place, parameter)!
}

function requireNoFilter(filter: Record<string, unknown>): void {
  const given = Object.keys(filter).filter((name) => filter[name] !== undefined)
  if (given.length === 0) return
  const message = `cannot go with after: the feed has every row`
  throw new AppError('validation_failed', `query.${given[0]}: ${message}`, {
    errors: given.map((name) => ({ path: `query.${name}`, message })),
  })
}
