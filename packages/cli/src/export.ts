import { pipeline } from 'node:stream/promises'
import type { ExportFilter } from '@ordinal/client'
import { Option, type Command } from 'commander'
import { again, usualAttempts } from './again'
import { BrokenOffError } from './exit-codes'
import { showProgress, sizeOf } from './progress'
import type { Run } from './run'
import { integer, moment } from './values'
import { destinationAt, type Destination } from './whole-file'

interface Options {
  format: 'ndjson' | 'csv'
  bom?: boolean
  sequence?: string
  period?: string
  from?: string
  to?: string
  attempts: number
}

/** `ordinal export`: the ledger as a file. */
export function addExportCommand(program: Command, run: Run): void {
  program
    .command('export [file]')
    .description(
      'write the ledger to a file, or to standard output: to verify it (NDJSON), or to look at (CSV)',
    )
    .addOption(new Option('--format <format>', 'of the file').choices(['ndjson', 'csv']).default('ndjson'))
    .option('--bom', 'begin CSV so that spreadsheets know it as UTF-8')
    .option('--sequence <prefix>', 'only of this sequence')
    .option('--period <period>', 'only of this period')
    .option('--from <moment>', 'only from here on', moment)
    .option('--to <moment>', 'only before', moment)
    .option('--attempts <n>', 'how often it is begun, if it is cut off', integer, usualAttempts)
    .action(
      run(async ({ ordinal, screen, stdout }, file: string | undefined, options: Options) => {
        const { format, bom, sequence, period, from, to, attempts } = options
        const filter: ExportFilter = { format, bom, prefix: sequence, period, from, to }
        const isStdout = file === undefined || file === '-' || file === '/dev/stdout'
        const destination: Destination = isStdout
          ? { isStream: true, write: (pieces) => pipeline(pieces, stdout, { end: false }) }
          : await destinationAt(file)
        let bytes = 0
        const end = showProgress(screen, () => `${sizeOf(bytes)} received`)
        async function* pieces() {
          bytes = 0
          const tail = createTail()
          for await (const piece of ordinal.audit.export(filter)) {
            bytes += piece.byteLength
            tail.add(piece)
            yield piece
          }
          if (format === 'ndjson' && !tail.isEnd())
            throw new BrokenOffError('The export was cut off: its last line is missing')
        }
        try {
          await again(destination.isStream ? 1 : attempts, screen, () => destination.write(pieces()))
        } finally {
          end()
        }
        screen.write(`${sizeOf(bytes)} exported\n`)
      }),
    )
}

const longestEnd = 200

/** Knows whether the last line of an export of NDJSON was there. */
function createTail() {
  let tail = Buffer.alloc(0)
  return {
    add(piece: Uint8Array) {
      tail = Buffer.concat([tail, piece.subarray(-longestEnd)]).subarray(-longestEnd)
    },
    isEnd: () => /\n\{"type":"end",[^\n]*\}\n$/.test(tail.toString('latin1')),
  }
}
