import { booleanText, integerText, route, type Route } from '@ordinal/http'
import { z } from 'zod'
import { fileOfForm, formMedia } from './form'
import { columnNames, plainName } from './header'
import type { ImportNumbers } from './importer'
import { dateFormats, importMedia, readLines } from './parse'
import type { ImportReport } from './run'
import { prefixParams } from '../api/schemas'
import type { ErrorCode } from '../domain/errors'

const maxHole = 10_000

const report = z
  .object({
    prefix: z.string(),
    dry_run: z.boolean(),
    ignored_columns: z
      .array(z.string())
      .meta({ description: 'Columns of CSV, or fields of NDJSON, that are not known: the first hundred' }),
    complete: z.boolean().meta({ description: 'Whether the file was read to its end' }),
    rows: z.int().meta({ description: 'Lines that were read, the one that names the columns aside' }),
    imported: z.int().meta({ description: 'Rows written, void ones too' }),
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

/** `ours:theirs,ours:theirs` */
const columnsText = z
  .string()
  .min(1)
  .max(2000)
  .transform((text, context) => {
    const pairs = text.split(',').map((pair) => {
      const [ours = '', ...theirs] = pair.split(':')
      return [ours.trim(), theirs.join(':').trim()] as const
    })
    const wrong = pairs.find(([ours, theirs]) => !columnNames.includes(ours) || theirs === '')
    if (wrong)
      context.addIssue(
        `must be pairs such as number:Invoice Number, of the columns ${columnNames.join(', ')}`,
      )
    const givesTwice = (names: readonly string[]) => new Set(names).size < names.length
    if (givesTwice(pairs.map(([ours]) => ours)) || givesTwice(pairs.map(([, theirs]) => plainName(theirs))))
      context.addIssue('gives a name twice')
    return new Map(pairs)
  })

/** `/api/v1/sequences/{prefix}/import`: numbers of another system. */
export function importRoutes(importNumbers: ImportNumbers): Route<ErrorCode>[] {
  return [
    route({
      method: 'post',
      path: '/api/v1/sequences/{prefix}/import',
      workload: 'heavy',
      tag: 'sequences',
      summary: 'Take over numbers of another system from a file; issuing goes on above them',
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
        strict: booleanText()
          .default(false)
          .meta({
            override: { default: false },
            description:
              'Refuses unknown columns of CSV and fields of NDJSON, in place of ignoring them; misspelt ones are always refused',
          }),
        date_format: z
          .enum(dateFormats)
          .default('yyyy-mm-dd')
          .meta({
            override: { default: 'yyyy-mm-dd' },
            description: 'How the file writes business dates; yyyy-mm-dd is always read',
          }),
        columns: columnsText.optional().meta({
          override: { type: 'string' },
          description:
            'What columns of CSV, or fields of NDJSON, are called: `number:Invoice Number,client_id:Customer`',
        }),
      }),
      upload: [...importMedia, formMedia],
      answers: { 200: report },
      issues: true,
      errors: [
        'sequence_not_found',
        'import_unreadable',
        'import_overtaken',
        'rules_changed',
        'rules_overlap',
        'period_closed',
        'ledger_behind',
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
        const { strict, date_format: dateFormat, columns = new Map<string, string>() } = query
        const file = upload!.media === formMedia ? await fileOfForm(upload!) : upload!
        const { lines, ignored } = readLines(file, { strict, dateFormat, columns })
        const done = await importNumbers(order, lines)
        const body = { prefix, dry_run: query.dry_run, ignored_columns: ignored, ...toJson(done) }
        return { status: 200, body }
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
