import { booleanText, integerText, route, type Route } from '@ordinal/http'
import { z } from 'zod'
import type { ImportNumbers } from './importer'
import { importMedia, readLines } from './parse'
import type { ImportReport } from './run'
import { prefixParams } from '../api/schemas'
import type { ErrorCode } from '../domain/errors'

const maxHole = 10_000

const report = z
  .object({
    prefix: z.string(),
    dry_run: z.boolean(),
    complete: z.boolean().meta({ description: 'Whether the file was read to its end' }),
    rows: z.int().meta({ description: 'Lines that were read, the one that names the columns aside' }),
    imported: z.int(),
    already_there: z.int().meta({ description: 'Imported before' }),
    skipped: z.int().meta({ description: 'Values between them that the file leaves out: they are void' }),
    refused: z.object({
      total: z.int(),
      shown: z
        .array(z.object({ line: z.int(), number: z.string(), reason: z.string() }))
        .meta({ description: 'The first hundred' }),
    }),
    periods: z.array(
      z.object({
        period: z.string(),
        imported: z.int(),
        skipped: z.int(),
        current_counter: z.int(),
      }),
    ),
    stopped: z
      .object({ code: z.string(), detail: z.string() })
      .nullable()
      .meta({ description: 'Why it ended before the end of the file; what was done before stays' }),
  })
  .meta({ id: 'ImportReport' })

/** `/api/v1/sequences/{prefix}/import`: numbers of another system. */
export function importRoutes(importNumbers: ImportNumbers): Route<ErrorCode>[] {
  return [
    route({
      method: 'post',
      path: '/api/v1/sequences/{prefix}/import',
      workload: 'heavy',
      tag: 'sequences',
      summary: 'Take over numbers of another system, from a file of any length; issuing goes on above them',
      requires: 'admin',
      params: prefixParams,
      query: z.strictObject({
        max_hole: integerText(0, maxHole)
          .default(0)
          .meta({
            override: { default: 0 },
            description: 'How many values may be left out before a number: they become void',
          }),
        dry_run: booleanText()
          .default(false)
          .meta({
            override: { default: false },
            description: 'Reports what would be done, and writes nothing',
          }),
      }),
      upload: importMedia,
      answers: { 200: report },
      issues: true,
      errors: [
        'sequence_not_found',
        'import_unreadable',
        'import_overtaken',
        'rules_changed',
        'rules_overlap',
        'period_closed',
        'outcome_unknown',
      ],
      async handle({ params: { prefix }, query, upload, context }) {
        const order = {
          prefix,
          maxHole: query.max_hole,
          dryRun: query.dry_run,
          caller: context.caller,
          requestId: context.requestId,
        }
        const done = await importNumbers(order, readLines(upload!))
        return { status: 200, body: { prefix, dry_run: query.dry_run, ...toJson(done) } }
      },
    }),
  ]
}

const toJson = ({ alreadyThere, periods, stopped, ...counts }: ImportReport) => ({
  ...counts,
  already_there: alreadyThere,
  periods: periods.map(({ lastValue, ...period }) => ({ ...period, current_counter: lastValue })),
  stopped: stopped ? { code: stopped.code, detail: stopped.message } : null,
})
