import { createReadStream, statSync } from 'node:fs'
import { extname } from 'node:path'
import { Readable } from 'node:stream'
import type { Content, ImportReport } from '@ordinal/client'
import { Option, type Command } from 'commander'
import { again, usualAttempts } from './again'
import { BrokenOffError, exitCodes } from './exit-codes'
import { showProgress, sizeOf } from './progress'
import type { Output } from './output'
import type { Run } from './run'
import { integer, wholeFromZero } from './values'

const mediaOf = { csv: 'text/csv', ndjson: 'application/x-ndjson' } as const
const formatOf: Record<string, keyof typeof mediaOf> = { '.ndjson': 'ndjson', '.jsonl': 'ndjson' }

interface Options {
  dryRun?: boolean
  maxHole?: number
  strict?: boolean
  dateFormat?: 'yyyy-mm-dd' | 'dd.mm.yyyy' | 'dd/mm/yyyy' | 'mm/dd/yyyy'
  columns?: string
  format?: keyof typeof mediaOf
  attempts: number
}

/** `ordinal import`: takes over the numbers of another system. */
export function addImportCommand(program: Command, run: Run): void {
  program
    .command('import <sequence> <file>')
    .description('take over numbers of another system; a file that was cut off is sent again, and goes on')
    .option('--dry-run', 'report what would be done, and write nothing')
    .option(
      '--max-hole <n>',
      'how many values may be left out before a number: they become void',
      wholeFromZero,
    )
    .option('--strict', 'refuse columns that are not known')
    .addOption(
      new Option('--date-format <format>', 'how the file writes dates').choices([
        'yyyy-mm-dd',
        'dd.mm.yyyy',
        'dd/mm/yyyy',
        'mm/dd/yyyy',
      ]),
    )
    .option('--columns <names>', 'what columns are called, as "number:Invoice No,client_id:Customer"')
    .addOption(
      new Option('--format <format>', 'else by the ending of its name').choices(Object.keys(mediaOf)),
    )
    .option('--attempts <n>', 'how often it is sent, if it is cut off', integer, usualAttempts)
    .action(
      run(
        async ({ ordinal, output, screen, setExitCode }, sequence: string, file: string, given: Options) => {
          const { dryRun, maxHole, strict, dateFormat, columns, attempts } = given
          const query = { dry_run: dryRun, max_hole: maxHole, strict, date_format: dateFormat, columns }
          const { content, sent, of, failure } = readFile(file, given.format)
          const end = showProgress(screen, () => `${sizeOf(sent())} of ${sizeOf(of)} sent`)
          try {
            const report = await again(attempts, screen, async () => {
              const sending = ordinal.sequences.import(sequence, content, query, { retries: 0 })
              const told = await sending.catch((error: unknown) => {
                throw failure() ?? error
              })
              if (!isOver(told)) throw new BrokenOffError(told.stopped!.detail)
              return told
            })
            if (!report.complete || report.refused.total > 0) setExitCode(exitCodes.found)
            await show(report, output)
          } finally {
            end()
          }
        },
      ),
    )
}

/** What the same file may get past if it is sent again; the rest is for somebody to correct. */
const passing = [
  'outcome_unknown',
  'import_overtaken',
  'request_timeout',
  'database_unavailable',
  'internal_error',
  'sequencer_overloaded',
]
const isOver = ({ stopped }: ImportReport) => stopped === null || !passing.includes(stopped.code)

/**
 * A file that is read while it is sent, from its beginning for each attempt, and how much of it was.
 *
 * @returns also why it could not be read, if that is what ended an attempt: to the client it is a connection that was cut
 * @throws Error if it is not there, or a directory
 */
function readFile(file: string, format: keyof typeof mediaOf | undefined) {
  const stats = statSync(file)
  if (stats.isDirectory()) throw new Error(`${file} is a directory`)
  let read = 0
  let failure: Error | undefined
  const content: Content = {
    type: mediaOf[format ?? formatOf[extname(file).toLowerCase()] ?? 'csv'],
    open() {
      read = 0
      const counted = async function* () {
        const stream = createReadStream(file).on('error', (error) => (failure = error))
        for await (const piece of stream as AsyncIterable<Buffer>) {
          read += piece.byteLength
          yield piece
        }
      }
      return Readable.toWeb(Readable.from(counted(), { objectMode: false })) as ReadableStream<Uint8Array>
    },
  }
  return { content, sent: () => read, of: stats.size, failure: () => failure }
}

async function show(report: ImportReport, output: Output): Promise<void> {
  const { rows, imported, already_there: there, skipped, refused, periods, stopped } = report
  output.record(report)
  output.line(
    `${report.dry_run ? 'Tried, and nothing written: ' : ''}${rows} lines: ${imported} imported, ${there} there already, ${skipped} values between them void, ${refused.total} refused`,
  )
  if (periods.length > 0) await output.table(periods, ['period', 'imported', 'skipped', 'current_counter'])
  if (refused.total > 0) await output.table(refused.shown, ['line', 'number', 'reason'])
  if (stopped) output.line(`It ended before the end of the file: ${stopped.detail} (${stopped.code})`)
}
