import { connect } from 'node:tls'
import { CallTimeoutError, ProblemError, type Ordinal } from '@ordinal/client'
import type { Profile } from '../profiles'
import { services, type Service } from '../services'
import type { Asked, Diagnostics, Facts, Health, ServiceFacts } from './facts'

const healthLimitMs = 5_000
const diagnosticsLimitMs = 10_000
/** Far more than a service says of its health. */
const healthBytes = 64 * 1024

interface Options {
  ordinal: Ordinal
  profile: Profile
  /** For the ledger: it may be long. */
  verifyLimitMs: number
  /** A checkpoint that was kept. */
  checkpoint: string | undefined
  checkpointHours: number
}

/**
 * Asks all services at once, each question with a limit of its own: one that is slow, or is not there, keeps nobody waiting
 * for longer than that. It never rejects: that there was no answer is a fact, too.
 */
export async function gatherFacts(options: Options): Promise<Facts> {
  const { ordinal, profile, verifyLimitMs, checkpoint, checkpointHours } = options
  const there = services.filter(({ client }) => profile[client])
  const leave = new AbortController()
  const limits = {
    retries: 0,
    timeoutMs: verifyLimitMs,
    attemptTimeoutMs: verifyLimitMs,
    signal: leave.signal,
  }
  const asksSequencer = Boolean(profile.sequencer)
  const [looked, chains, kept] = await Promise.all([
    Promise.all(there.map(look)).then(unlessAway),
    asksSequencer ? ask(verifyLimitMs, () => ordinal.audit.verify({}, limits)) : undefined,
    asksSequencer && checkpoint !== undefined
      ? ask(verifyLimitMs, () => ordinal.audit.compare(checkpoint, limits))
      : undefined,
  ])
  return {
    at: new Date(),
    services: looked,
    unasked: services.filter((service) => !there.includes(service)).map(({ name }) => name),
    chains,
    checkpoint: kept,
    checkpointHours,
  }

  /** A ledger whose service does not answer is not waited for. */
  function unlessAway(looked: ServiceFacts[]): ServiceFacts[] {
    const sequencer = looked.find(({ name }) => name === 'sequencer')
    if (sequencer?.health.is !== 'answered') leave.abort(new Error('the sequencer does not answer'))
    return looked
  }

  async function look({ name, client }: Service): Promise<ServiceFacts> {
    const url = profile[client]!
    const own = { retries: 0, timeoutMs: diagnosticsLimitMs, attemptTimeoutMs: diagnosticsLimitMs }
    const sentAt = Date.now()
    let receivedAt = sentAt
    const [health, diagnostics, certificateExpiresAt] = await Promise.all([
      ask(healthLimitMs, () => readHealth(url, name)),
      ask(diagnosticsLimitMs, async () => {
        const answer: Diagnostics = await ordinal.diagnostics[client](own)
        receivedAt = Date.now()
        requireService(name, answer)
        return answer
      }),
      certificateOf(url),
    ])
    const told =
      diagnostics.is === 'answered'
        ? // One look may be shared for a second.
          aheadMs(Date.parse(diagnostics.answer.at), sentAt - 1_000, receivedAt)
        : health.is === 'answered' && health.answer.date !== undefined
          ? // A date has whole seconds.
            aheadMs(health.answer.date, health.answer.sentAt - 1_000, health.answer.receivedAt)
          : undefined
    return { name, health, diagnostics, clockAheadMs: told, certificateExpiresAt }
  }
}

/** By how much a clock is ahead that said this at some time between two moments here. */
const aheadMs = (said: number, from: number, to: number): number =>
  said > to ? said - to : said < from ? said - from : 0

async function ask<Answer>(limitMs: number, question: () => Promise<Answer>): Promise<Asked<Answer>> {
  const startedAt = performance.now()
  try {
    return { is: 'answered', answer: await question() }
  } catch (cause) {
    const tookMs = performance.now() - startedAt
    if (cause instanceof ProblemError) {
      // The sequencer ends at the limit that it was sent, a moment before it passes here.
      if (cause.code === 'deadline_exceeded') return { is: 'slow', afterMs: limitMs }
      return { is: 'refused', why: `${cause.status} ${cause.code}` }
    }
    if (cause instanceof OtherServiceError) return { is: 'other', why: cause.message }
    const isLate = cause instanceof CallTimeoutError || (cause as Error).name === 'TimeoutError'
    if (isLate || tookMs >= limitMs) return { is: 'slow', afterMs: limitMs }
    return { is: 'away', why: reasonOf(cause as Error) }
  }
}

/** fetch says "fetch failed", and the reason in its cause. */
function reasonOf({ message, cause }: Error): string {
  const reason = cause instanceof Error && cause.message ? cause.message : message
  return reason === 'bad port' ? 'bad port: fetch sends nothing to this one, so it was not asked' : reason
}

class OtherServiceError extends Error {}

/** The services have paths in common, so that one could pass for another. */
function requireService(name: ServiceFacts['name'], { service }: { service?: unknown }): void {
  if (typeof service === 'string' && service !== name)
    throw new OtherServiceError(`${service} answers at its address`)
}

async function readHealth(url: string, name: ServiceFacts['name']) {
  const sentAt = Date.now()
  const response = await fetch(`${url.replace(/\/$/, '')}/health`, {
    signal: AbortSignal.timeout(healthLimitMs),
    redirect: 'error',
  })
  const body = JSON.parse(await textOf(response, healthBytes)) as
    (Partial<Health> & { service?: unknown; detail?: unknown }) | null
  if (typeof body?.version !== 'string')
    throw new Error(
      String(body?.detail).startsWith('This port takes HTTPS only')
        ? 'it takes HTTPS only, and its address begins with http://'
        : 'what answers there is no service of Ordinal',
    )
  requireService(name, body)
  const date = Date.parse(response.headers.get('Date') ?? '')
  return {
    status: response.status,
    version: body.version,
    checks: body.checks ?? {},
    date: Number.isNaN(date) ? undefined : date,
    sentAt,
    receivedAt: Date.now(),
  }
}

/**
 * The text of an answer, which may be that of anybody.
 *
 * @throws Error if it is longer than `maxBytes`
 */
async function textOf({ body }: Response, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array> | Uint8Array[]) {
    bytes += chunk.byteLength
    // Leaving the loop ends the connection.
    if (bytes > maxBytes) throw new Error(`its answer is longer than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** When the certificate at an address expires; undefined where there is none, or it does not show in time. */
function certificateOf(address: string): Promise<Date | undefined> {
  const { protocol, hostname, port } = new URL(address)
  if (protocol !== 'https:') return Promise.resolve(undefined)
  return new Promise((resolve) => {
    // Only its date is read: whether it is trusted, the requests say.
    const socket = connect({
      host: hostname.replaceAll(/[[\]]/g, ''),
      port: Number(port || 443),
      servername: /^[\d.]+$|:/.test(hostname) ? undefined : hostname,
      rejectUnauthorized: false,
    })
    const end = (until?: Date) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(until)
    }
    const timer = setTimeout(end, healthLimitMs)
    socket.once('error', () => end())
    socket.once('secureConnect', () => {
      const until = new Date(socket.getPeerCertificate().valid_to)
      end(Number.isNaN(until.getTime()) ? undefined : until)
    })
  })
}
