import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'

/** What the sequencer says of an import; see docs/sequencer.md. */
export interface ImportReport {
  complete: boolean
  rows: number
  imported: number
  already_there: number
  refused: { total: number; shown: { line: number; number: string | null; reason: string }[] }
  stopped: unknown
}

export interface ImportOptions {
  sequencer: string
  /** Of an administrator. */
  token: string
  /** The sequence whose numbers another system has issued. */
  prefix: string
  /** CSV with the column `number`, and others. */
  file: string
  attempts?: number
  pauseMs?: number
}

/** Lines that the sequencer would refuse: nothing was imported. */
export class RefusedLinesError extends Error {
  constructor(readonly report: ImportReport) {
    const { total, shown } = report.refused
    super(
      [
        `${total} lines are refused`,
        ...shown.map(({ line, number, reason }) => `line ${line}: ${number} ${reason}`),
      ].join('\n  '),
    )
  }
}

/**
 * Imports the numbers that another system has issued during the day.
 *
 * The file is tried first, so that one bad line stops it before the first row is written, and not in the middle. An import
 * that breaks off is sent again as a whole: what is there already is counted as that, and the rest is added. So it may also
 * be started twice, or again the next night.
 *
 * @throws RefusedLinesError, or Error if it is not complete after all attempts
 */
export async function importNumbers(options: ImportOptions): Promise<ImportReport> {
  const tried = await persist(options, () => send(options, true))
  if (tried.refused.total > 0) throw new RefusedLinesError(tried)
  return persist(options, () => send(options, false))
}

/** Sends it until it is complete. */
async function persist(
  { attempts = 5, pauseMs = 5_000 }: ImportOptions,
  attempt: () => Promise<ImportReport>,
): Promise<ImportReport> {
  for (let n = 1; ; n += 1) {
    try {
      const report = await attempt()
      if (report.complete) return report
      throw new Error(`The import broke off: ${JSON.stringify(report.stopped)}`)
    } catch (error) {
      if (n >= attempts || error instanceof FinalError) throw error
      await delay(pauseMs)
    }
  }
}

/** An answer that the same request would get again. */
class FinalError extends Error {}

async function send(
  { sequencer, token, prefix, file }: ImportOptions,
  dryRun: boolean,
): Promise<ImportReport> {
  const answer = await fetch(
    `${sequencer}/api/v1/sequences/${encodeURIComponent(prefix)}/import?dry_run=${dryRun}`,
    {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'text/csv' },
      // Read while it is sent: the file may be of any length.
      body: Readable.toWeb(createReadStream(file)) as ReadableStream,
      duplex: 'half',
    },
  )
  if (answer.ok) return (await answer.json()) as ImportReport
  const text = `${answer.status} ${await answer.text()}`
  throw answer.status < 500 && answer.status !== 429 ? new FinalError(text) : new Error(text)
}
