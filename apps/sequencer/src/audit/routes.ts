import { numberEvents, numberStates } from '@ordinal/audit'
import { AppError, type ErrorCode } from '../domain/errors'
import {
  booleanText,
  cursorQuery,
  integerText,
  pieceOf,
  route,
  text,
  toPiece,
  type Route,
} from '@ordinal/http'
import { z } from 'zod'
import { numberRequest } from '../api/request-fields'
import { fullNumber } from '../api/schemas'
import { exportFormats } from './export'
import type { FedEntry, FeedPlace } from './queries/feed'
import { chosen, feedCursors, listCursors, moment } from './schemas'
import type { AuditService } from './service'
import { clientIn } from './share'

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
      .meta({ description: "The caller's, or the one that was generated for the request" }),
    item: z.int().meta({ description: 'Which number of the request, from 0' }),
    at: z.iso.datetime({ precision: 6 }).meta({ example: '2026-11-21T03:43:00.123456Z' }),
  })
  .and(numberRequest)
  .meta({ id: 'LedgerEntry' })

const listQuery = z.strictObject({
  after: z.string().min(1).max(1000).optional().meta({
    description:
      'The change feed: every row once, oldest first. `0`, then the last `next_cursor`, which at the end is the same again. Takes no filter',
  }),
  cursor: cursorQuery.cursor,
  page_size: integerText(1, 1000)
    .default(100)
    .meta({ override: { default: 100 } }),
  ...chosen,
  state: z.enum(numberStates).optional(),
  event: z.enum(numberEvents).optional(),
  number: fullNumber.optional(),
  client_id: text(1, 200).optional(),
  generated_by: text(1, 200).optional(),
  site_id: text(1, 200).optional(),
  invoice_type: text(1, 200).optional(),
  request_id: text(1, 200).optional(),
  caller: text(1, 200).optional(),
  ...stretch,
})

const exportQuery = z.strictObject({
  format: z
    .enum(exportFormats)
    .default('ndjson')
    .meta({
      override: { default: 'ndjson' },
      description: 'ndjson has all that a verification needs; csv has the rows, for spreadsheets',
    }),
  bom: booleanText()
    .default(false)
    .meta({
      override: { default: false },
      description: 'With csv: starts with a byte order mark, without which Excel does not read UTF-8',
    }),
  ...chosen,
  ...stretch,
})

/** `/api/v1/audit`: the rows of the ledger, as a list, as a feed, and as a file. */
export function auditRoutes(audit: AuditService): Route<ErrorCode>[] {
  const reading = { method: 'get', tag: 'audit', requires: 'viewer', workload: 'heavy' } as const

  async function feed(after: string, pageSize: number) {
    const rows = await audit.feed(feedCursors.read(after, {}, 'query.after'), pageSize)
    const last = rows.at(-1)
    return {
      data: rows.map(toJson),
      pagination: { page_size: pageSize, next_cursor: last ? feedCursors.write(placeOf(last)) : after },
    }
  }

  return [
    route({
      ...reading,
      path: '/api/v1/audit',
      summary: 'The rows of the ledger, newest first; with `after` the change feed',
      query: listQuery,
      answers: { 200: pieceOf(entry) },
      errors: ['search_too_long'],
      async handle({ query: { after, cursor, page_size, ...filter } }) {
        if (after !== undefined) {
          requireNoFilter({ cursor, ...filter })
          return { status: 200, body: await feed(after, page_size) }
        }
        const before = listCursors.read(cursor, filter)
        const rows = await audit.list(filter, before, page_size + 1)
        const cursorOf = (row: FedEntry) => listCursors.write(placeOf(row), filter)
        return { status: 200, body: toPiece(rows, page_size, toJson, cursorOf) }
      },
    }),
    route({
      ...reading,
      path: '/api/v1/audit/export',
      summary: 'The ledger as a file, to verify elsewhere (NDJSON) or to look at (CSV)',
      query: exportQuery,
      media: ['application/x-ndjson', 'text/csv'],
      answers: { 200: z.string() },
      errors: ['exports_under_way', 'too_many_open', 'sequence_not_found'],
      async handle({ query: { format, ...request }, context }) {
        if (request.bom && format !== 'csv') throw refusedQuery(['bom'], 'goes with format=csv only')
        const body = await audit.openExport(format, request, clientIn(context))
        const name = ['ordinal-audit', request.prefix, request.period].filter(Boolean).join('-')
        return {
          status: 200,
          body,
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

function requireNoFilter(filter: Record<string, unknown>): void {
  const given = Object.keys(filter).filter((name) => filter[name] !== undefined)
  if (given.length > 0) throw refusedQuery(given, 'cannot go with after: the feed has every row')
}

const refusedQuery = (names: readonly string[], message: string) =>
  new AppError('validation_failed', `query.${names[0]}: ${message}`, {
    errors: names.map((name) => ({ path: `query.${name}`, message })),
  })
