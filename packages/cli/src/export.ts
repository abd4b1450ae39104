import { pipeline } from 'node:stream/promises'
import { ConnectionError, type ExportFilter } from '@ordinal/client'
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
        let received = { bytes: 0, lines: 0 }
        const end = showProgress(screen, () => `${sizeOf(received.bytes)} received`)
        async function* pieces() {
          received = { bytes: 0, lines: 0 }
          const tail = createTail()
          try {
            for await (const piece of ordinal.audit.export(filter)) {
              received.bytes += piece.byteLength
              received.lines += linesIn(piece)
              tail.add(piece)
              yield piece
            }
          } catch (error) {
            // Before the first piece it was refused, or not answered.
            throw received.bytes > 0 && error instanceof ConnectionError
              ? cutOff(received, reasonOf(error))
              : error
          }
          if (format === 'ndjson' && !tail.isEnd()) throw cutOff(received, 'its last line is missing')
        }
        try {
          await again(destination.isStream ? 1 : attempts, screen, () => destination.write(pieces()))
        } catch (error) {
          if (!(error instanceof BrokenOffError)) throw error
          throw new BrokenOffError(`${error.message}. ${whatIsLeft(file, destination)}`, { cause: error })
        } finally {
          end()
        }
        screen.write(`${sizeOf(received.bytes)} exported\n`)
      }),
    )
}

const cutOff = ({ bytes, lines }: { bytes: number; lines: number }, reason: string) =>
  new BrokenOffError(`The export was cut off after ${sizeOf(bytes)}, ${lines} whole lines: ${reason}`)

/** fetch says that it was "terminated", and why in the cause of that. */
function reasonOf({ message, cause }: ConnectionError): string {
  const { cause: deeper = cause } = (cause ?? {}) as { cause?: unknown }
  return deeper instanceof Error ? deeper.message : message
}

/** What an export that was cut off leaves, and what to do. */
function whatIsLeft(file: string | undefined, { isStream }: Destination): string {
  const left = isStream ? 'What was written is no whole export' : `Nothing of it is in ${file}`
  return `${left}. Export again: it is the ledger at one moment, and so begins from the start; --sequence and --period make smaller ones`
}

function linesIn(piece: Uint8Array): number {
  let lines = 0
  for (let at = piece.indexOf(10); at !== -1; at = piece.indexOf(10, at + 1)) lines += 1
  return lines
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
