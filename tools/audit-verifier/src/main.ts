// Verifies an export of the ledger with nothing but the file, and what somebody has kept: no service, no database.
import { createReadStream, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { createPublicKey } from 'node:crypto'
import {
  CheckpointError,
  ExportError,
  publicJwk,
  type PublicJwk,
  readCheckpoint,
  verifyExport,
  type ExportReport,
} from '@ordinal/audit'

const usage = `Verifies an export of the ledger: GET /api/v1/audit/export

  node dist/tools/audit-verifier/main.js export.ndjson [--checkpoint FILE]... [--key FILE]

  export.ndjson   the export; - for standard input
  --checkpoint    a checkpoint, or lines of a log with checkpoints; may be given several times
  --key           the public keys by which checkpoints are checked: a JWKS (GET /api/v1/audit/keys), or a PEM
  --json          the report as JSON

Ends with 0 if all fits, 1 if something does not, 2 if it could not be verified.`

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      checkpoint: { type: 'string', multiple: true, default: [] },
      key: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const [file, ...more] = positionals
  if (values.help || !file || more.length > 0) throw new UsageError(usage)
  const checkpoints = await readCheckpoints(values.checkpoint, values.key)
  const input = file === '-' ? process.stdin : createReadStream(file)
  const report = await verifyExport(linesOf(input), checkpoints)
  console.log(values.json ? JSON.stringify(report, undefined, 2) : summaryOf(report))
  return report.fits ? 0 : 1
}

class UsageError extends Error {}

/** Lines of a file; unlike readline's own iterator this fails if the file cannot be read. */
async function* linesOf(input: NodeJS.ReadableStream): AsyncGenerator<string> {
  const lines = createInterface({ input, crlfDelay: Infinity })
  let fault: Error | undefined
  input.once('error', (error: Error) => {
    fault = error
    lines.close()
  })
  for await (const line of lines as AsyncIterable<string>) yield line
  if (fault) throw fault
}

/** The checkpoints in some files, whatever is around them, each signed by one of the keys. */
async function readCheckpoints(files: readonly string[], keyFile: string | undefined) {
  const signed = files.flatMap((file) => {
    const found = readFileSync(file, 'utf8').match(/(?<![\w-])eyJ[\w-]+\.[\w-]+\.[\w-]+/g)
    if (!found) throw new UsageError(`${file} has no checkpoint in it`)
    return found
  })
  if (signed.length > 0 && keyFile === undefined)
    throw new UsageError('a checkpoint is worth what its signature is: give the public key with --key')
  const keys = keyFile === undefined ? [] : await readKeys(keyFile)
  return Promise.all(signed.map((jws) => readCheckpoint(jws, keys)))
}

async function readKeys(file: string) {
  const text = readFileSync(file, 'utf8')
  if (text.includes('BEGIN')) return [await publicJwk(createPublicKey(text))]
  const { keys } = JSON.parse(text) as { keys?: PublicJwk[] }
  if (!keys) throw new UsageError(`${file} is neither a JWKS nor a PEM`)
  return keys
}

function summaryOf({
  fits,
  counters,
  batches,
  rows,
  heads,
  export: made,
  findings,
  finding_count,
}: ExportReport): string {
  const chosen = [made.prefix, made.period, made.from && `from ${made.from}`, made.to && `to ${made.to}`]
  const what = chosen.filter(Boolean).join(', ') || 'all of the ledger'
  const lines = [
    `Export of ${made.at}: ${what}`,
    `${rows} rows in ${batches} batches of ${counters} counters`,
    ...(heads.compared + heads.outside > 0
      ? [
          `${heads.compared} heads of checkpoints compared${heads.outside ? `, ${heads.outside} are not in this export` : ''}`,
        ]
      : ['no checkpoint compared: whether all of it was rewritten cannot be told']),
    fits
      ? '✓ It fits.'
      : `✗ It does not fit: ${finding_count === 1 ? 'one finding' : `${finding_count} findings`}`,
    ...findings.map(
      ({ kind, prefix, period, detail }) => `  ${kind}: ${prefix}${period ? ` ${period}` : ''}: ${detail}`,
    ),
  ]
  return lines.join('\n')
}

main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    const known =
      error instanceof UsageError ||
      error instanceof ExportError ||
      error instanceof CheckpointError ||
      (error instanceof Error && 'code' in error)
    console.error(known ? error.message : error)
    process.exitCode = 2
  },
)
