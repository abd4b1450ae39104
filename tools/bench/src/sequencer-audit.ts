import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import type { Contestant, Stage } from './stage'

/** How a long answer was made: rows a second, and the memory of the service meanwhile. */
export interface LongAnswer {
  rows: number
  seconds: number
  rowsPerSecond: number
  /** Resident memory in MB, before, and at most in the first and in the second half; undefined without /proc. */
  memory: { beforeMb: number; firstHalfMb: number; secondHalfMb: number } | undefined
}

export interface AuditFigures {
  verify: LongAnswer
  export: LongAnswer & { megabytes: number }
}

const apiKey = randomBytes(32).toString('base64url')
const sampledEveryMs = 50

/**
 * Verifies and exports a whole ledger, in an instance of its own that has done nothing else.
 *
 * @throws Error if the ledger does not fit, or an export is not whole
 */
export async function measureAudit(stage: Stage, database: string): Promise<AuditFigures> {
  const keys = { API_KEYS: `bench:${createHash('sha256').update(apiKey).digest('hex')}` }
  const instance = await stage.startSequencer(database, keys)

  const verify = await watched(instance, async () => {
    const body = await bodyOf(await ask(instance, '/api/v1/audit/verify'))
    const report = JSON.parse(body) as { fits: boolean; rows: number }
    if (!report.fits) throw new Error(`the ledger ${database} does not fit: ${body.slice(0, 1_000)}`)
    return { rows: report.rows }
  })
  const exported = await watched(instance, async () => {
    const { bytes, lastLine } = await readThrough(await ask(instance, '/api/v1/audit/export'))
    const end = JSON.parse(lastLine) as { type: string; entries: number }
    if (end.type !== 'end') throw new Error(`the export of ${database} was cut off`)
    return { rows: end.entries, megabytes: Math.round(bytes / 1e6) }
  })
  return { verify, export: exported }
}

/** Rows a second, and whether memory stays what it is, as text. */
export function auditNotes({ verify, export: exported }: AuditFigures): string[] {
  const line = (title: string, { rows, rowsPerSecond, memory }: LongAnswer) => {
    const mb = memory
      ? `${memory.beforeMb} MB before, ${memory.firstHalfMb} and ${memory.secondHalfMb} MB in its halves`
      : 'memory not known'
    const perSecond = Math.round(rowsPerSecond).toLocaleString('en')
    return `The ledger with a past, ${title}: ${perSecond} rows/s of ${rows.toLocaleString('en')}; ${mb}`
  }
  return [
    line('verified', verify),
    line(`exported as ${exported.megabytes.toLocaleString('en')} MB of NDJSON`, exported),
  ]
}

/** Times some work, and looks at the memory of the service meanwhile. */
async function watched<Done extends { rows: number }>(
  instance: Contestant,
  work: () => Promise<Done>,
): Promise<Done & LongAnswer> {
  const beforeMb = instance.residentMb()
  const startedAt = performance.now()
  const samples: { at: number; mb: number }[] = []
  const look = () => {
    const mb = instance.residentMb()
    if (mb !== undefined) samples.push({ at: performance.now(), mb })
  }
  const sampling = setInterval(look, sampledEveryMs)
  const done = await work().finally(() => clearInterval(sampling))
  look()
  const seconds = (performance.now() - startedAt) / 1000
  const middle = startedAt + (seconds * 1000) / 2
  const most = (half: typeof samples) => Math.max(...half.map(({ mb }) => mb), beforeMb ?? 0)
  return {
    ...done,
    seconds,
    rowsPerSecond: done.rows / seconds,
    memory:
      beforeMb === undefined
        ? undefined
        : {
            beforeMb,
            firstHalfMb: most(samples.filter(({ at }) => at <= middle)),
            secondHalfMb: most(samples.filter(({ at }) => at > middle)),
          },
  }
}

// Not fetch, which gives up after five minutes without an answer.
async function ask({ port }: Contestant, path: string): Promise<IncomingMessage> {
  const request = get({ port, host: '127.0.0.1', path, headers: { 'X-API-Key': apiKey } })
  const [answer] = (await once(request, 'response')) as [IncomingMessage]
  if (answer.statusCode !== 200) throw new Error(`${path} is answered with ${answer.statusCode}`)
  return answer
}

async function bodyOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of answer) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

/** Reads an answer of any length; gives its length and its last line. */
async function readThrough(answer: IncomingMessage): Promise<{ bytes: number; lastLine: string }> {
  let bytes = 0
  let end = Buffer.alloc(0)
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    bytes += chunk.length
    end = Buffer.concat([end, chunk.subarray(-1_000)]).subarray(-1_000)
  }
  return { bytes, lastLine: end.toString().trimEnd().split('\n').at(-1)! }
}
