import { createReadStream, readFileSync } from 'node:fs'
import {
  readCheckpoint,
  readPublicKeys,
  verifyExport,
  type Checkpoint,
  type ExportReport,
} from '@ordinal/audit'
import { Option, type Command } from 'commander'
import { checkpointsOf } from './checkpoints'
import { exitCodes } from './exit-codes'
import { linesOf } from './lines'
import type { Output } from './output'
import type { Run, Work } from './run'
import { collect } from './values'

const columns = ['kind', 'prefix', 'period', 'number', 'detail']

interface Options {
  sequence?: string
  period?: string
  file?: string
  checkpoint?: string[]
  key?: string
}

/** `ordinal verify`: whether the ledger, or an export of it, is what was written. */
export function addVerifyCommand(program: Command, run: Run): void {
  program
    .command('verify')
    .description(
      'recompute the proofs of the ledger, or offline those of an export, and list what does not fit',
    )
    .option('--sequence <prefix>', 'only of this sequence')
    .option('--period <period>', 'only of this period')
    .addOption(
      new Option('--file <export>', 'an export as NDJSON, with no service; - for standard input').conflicts([
        'sequence',
        'period',
      ]),
    )
    .option('--checkpoint <file>', 'a kept checkpoint, or a log with some; several times for more', collect)
    .option('--key <file>', 'their public keys: a JWKS (GET /api/v1/audit/keys), or a PEM')
    .action(
      run((work, { sequence, period, file, checkpoint = [], key }: Options) => {
        if (file !== undefined) return verifyFile(work, { file, checkpoint, key })
        if (checkpoint.length > 0 || key !== undefined)
          throw new Error('--checkpoint and --key go with --file; ordinal doctor compares the ledger itself')
        return verifyLedger(work, { prefix: sequence, period })
      }),
    )
}

async function verifyLedger(
  { ordinal, output, setExitCode }: Work,
  filter: { prefix: string | undefined; period: string | undefined },
): Promise<void> {
  const { findings, ...summary } = await ordinal.audit.verify(filter)
  if (!summary.fits) setExitCode(exitCodes.found)
  output.one(summary)
  if (findings.length > 0) await output.many(findings, columns)
}

async function verifyFile(
  { output, setExitCode }: Work,
  { file, checkpoint, key }: { file: string; checkpoint: readonly string[]; key: string | undefined },
): Promise<void> {
  const checkpoints = await readCheckpoints(checkpoint, key)
  const input = file === '-' ? process.stdin : createReadStream(file)
  const report = await verifyExport(linesOf(input), checkpoints)
  if (!report.fits) setExitCode(exitCodes.found)
  await show(report, output)
}

/** The checkpoints in some files, each signed by one of the keys. */
async function readCheckpoints(files: readonly string[], keyFile: string | undefined): Promise<Checkpoint[]> {
  const signed = files.flatMap(checkpointsOf)
  if (signed.length > 0 && keyFile === undefined)
    throw new Error('a checkpoint is worth what its signature is: give the public key with --key')
  const keys = keyFile === undefined ? [] : await readPublicKeys(readFileSync(keyFile, 'utf8'))
  return Promise.all(signed.map((jws) => readCheckpoint(jws, keys)))
}

async function show(report: ExportReport, output: Output): Promise<void> {
  const { fits, counters, batches, rows, heads, export: made, findings, finding_count: count } = report
  const chosen = [made.prefix, made.period, made.from && `from ${made.from}`, made.to && `to ${made.to}`]
  output.record(report)
  output.line(`Export of ${made.at}: ${chosen.filter(Boolean).join(', ') || 'all of the ledger'}`)
  output.line(`${rows} rows in ${batches} batches of ${counters} counters`)
  output.line(
    heads.compared + heads.outside > 0
      ? `${heads.compared} heads of checkpoints compared${heads.outside ? `, ${heads.outside} are not in this export` : ''}`
      : 'no checkpoint compared: whether all of it was rewritten cannot be told',
  )
  output.line(fits ? '✓ It fits.' : `✗ It does not fit: ${count === 1 ? 'one finding' : `${count} findings`}`)
  if (findings.length > 0) await output.table(findings, columns)
}
