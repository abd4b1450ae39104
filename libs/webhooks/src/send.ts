import { lookup as resolve, type LookupAddress } from 'node:dns'
import type { Agent, IncomingMessage } from 'node:http'
import { isIP, type LookupFunction } from 'node:net'
import type { AttemptResult } from './after-attempt'
import { retryAfterMsOf } from './after-attempt'
import type { AddressPolicy } from './addresses'
import { createConnections, type Keeping } from './connections'

/** Sends one delivery, and tells what came of it. It never rejects. */
export type Send = (delivery: Sent, stopping?: AbortSignal) => Promise<AttemptResult>

export interface Sent {
  url: string
  headers: Readonly<Record<string, string>>
  body: string
}

interface Options {
  addresses: AddressPolicy
  /** For all of an attempt, from the look-up of the name to the end of the answer. */
  timeoutMs: number
  /** Of connections between deliveries. */
  keeping?: Keeping
}

// More than the deliveries to a receiver at a time are of no use; the sum over all is bounded by how many webhooks there may be.
const shortly: Keeping = { idleMs: 4_000, ageMs: 60_000, most: 4 }

/** How much of an answer is read, and kept. */
const answerBytes = 1024

/** The error of an attempt whose process ends. */
export const interrupted = 'interrupted'

/**
 * Sends deliveries. Where the name of the receiver leads is checked when a connection is made, on the addresses that it is
 * made to: a name that resolved to another address a moment before is no way around it. A connection serves the next
 * deliveries to the same receiver for a while.
 */
export function createSend({ addresses, timeoutMs, keeping = shortly }: Options) {
  const lookup = checkedLookup(addresses)
  const connections = createConnections(lookup, keeping)

  const send: Send = async ({ url, headers, body }, stopping) => {
    const startedAt = performance.now()
    const limit = AbortSignal.timeout(timeoutMs)
    const signal = stopping ? AbortSignal.any([limit, stopping]) : limit
    const result = await post().catch((error: unknown) => ({ error: reasonOf(error) }))
    return { ...result, durationMs: Math.round(performance.now() - startedAt) }

    function reasonOf(error: unknown): string {
      if (stopping?.aborted) return interrupted
      if (limit.aborted) return `timeout: no answer within ${timeoutMs} ms`
      return textOf(error as NodeJS.ErrnoException)
    }

    function cutReasonOf(error: Error): string {
      if (stopping?.aborted) return interrupted
      if (limit.aborted) return `timeout: the answer did not end within ${timeoutMs} ms`
      return `the answer was cut off: ${textOf(error)}`
    }

    async function post(): Promise<Omit<AttemptResult, 'durationMs'>> {
      const target = new URL(url)
      requireAllowed(target, addresses)
      const response = await answerOf(target)
      const { statusCode: status, headers: answered } = response
      const { answer, cutBy } = await beginningOf(response)
      const retryAfterMs = retryAfterMsOf(answered['retry-after'], new Date())
      return { status, answer, retryAfterMs, error: cutBy && cutReasonOf(cutBy) }
    }

    /** The receiver may have closed a kept connection at this very moment: then another one is made. */
    async function answerOf(target: URL): Promise<IncomingMessage> {
      const { agent } = connections.of(target.protocol)
      const kept = request(target, agent)
      return kept.answer.catch((error: unknown) => {
        if (!kept.sent.reusedSocket || signal.aborted) throw error
        return request(target, false).answer
      })
    }

    function request(target: URL, agent: Agent | false) {
      const bytes = Buffer.from(body)
      const sent = connections.of(target.protocol).request(target, {
        method: 'POST',
        headers: { ...headers, 'content-length': bytes.length },
        agent,
        lookup,
        signal,
      })
      const answer = new Promise<IncomingMessage>((resolveAnswer, reject) => {
        sent
          .on('response', resolveAnswer)
          .on('error', reject)
          // As after 101, which nobody has asked for: there is neither an answer then nor an error.
          .on('close', () => reject(new Error('the connection was closed before an answer')))
          .end(bytes)
      })
      return { sent, answer }
    }
  }

  return {
    send,
    /** Closes the connections, when nothing is sent any more. */
    close: () => connections.close(),
  }
}

const textOf = ({ code, message }: NodeJS.ErrnoException): string =>
  (code === undefined ? message : `${code}: ${message}`).slice(0, 300)

/** A URL with an address in place of a name is not looked up. */
function requireAllowed({ hostname }: URL, addresses: AddressPolicy): void {
  const address = addressIn(hostname)
  if (address !== undefined && !addresses.allows(address)) throw refused(address)
}

/** The address that a host of a URL is, if it is one. */
export function addressIn(hostname: string): string | undefined {
  const bare = hostname.replace(/^\[|\]$/g, '')
  return isIP(bare) === 0 ? undefined : bare
}

/** Looks names up, and refuses those that have an address which is not allowed, among others too. */
const checkedLookup =
  (addresses: AddressPolicy): LookupFunction =>
  (hostname, options, done) => {
    resolve(hostname, { ...options, all: true }, (error, found: LookupAddress[]) => {
      if (error) return done(error, '', 0)
      const wrong = found.find(({ address }) => !addresses.allows(address))
      if (wrong) return done(refused(wrong.address), '', 0)
      if (options.all) return done(null, found)
      const [{ address, family } = { address: '', family: 0 }] = found
      done(null, address, family)
    })
  }

const refused = (address: string): NodeJS.ErrnoException =>
  Object.assign(new Error(`${address} is not a public address`), { code: 'ADDRESS_REFUSED' })

/** What was read of an answer. */
interface Beginning {
  answer: string
  /** What ended it before its end, and before enough was there. */
  cutBy: Error | undefined
}

/**
 * The beginning of an answer, which may be endless, or come byte by byte: it is read until enough is there, or the time is
 * over. Only the connection of one that has ended is kept.
 */
function beginningOf(response: IncomingMessage): Promise<Beginning> {
  const chunks: Buffer[] = []
  let size = 0
  return new Promise((done) => {
    const finish = (cutBy?: Error) => {
      if (!response.complete) response.destroy()
      const text = Buffer.concat(chunks).subarray(0, answerBytes).toString('utf8')
      // PostgreSQL's texts hold no NUL.
      done({ answer: text.replaceAll('\0', '\ufffd'), cutBy })
    }
    response
      .on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        size += chunk.length
        if (size >= answerBytes) finish()
      })
      .on('end', () => finish())
      .on('error', finish)
      // After all of these too: the first one counts.
      .on('close', () => finish(new Error('the connection was closed')))
  })
}
