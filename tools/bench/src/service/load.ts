import { once } from 'node:events'
import { connect, isIP, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { connect as connectSecurely } from 'node:tls'
import { exchange } from '../load'

const answerWithinMs = 30_000
/** Before a connection that was lost is opened again: a server that is down is not flooded. */
const pauseMs = 100

/** A request that is sent again and again. */
export interface Call {
  url: URL
  makeRequest: () => string
  /** How many numbers, orders or whatever is counted an answer has that succeeded. */
  countOf: (answer: string) => number
}

/** What the answers of some seconds were. */
export interface Measured {
  perSecond: number
  /** Of the answers that succeeded, in milliseconds. */
  latencies: Record<'p50' | 'p90' | 'p99' | 'most', number>
  succeeded: number
  /** By the code of the problem, or what happened to the connection. */
  errors: Record<string, number>
}

/** Sends a request over some kept connections, the next as soon as the answer is there. */
export async function loadService(call: Call, connections: number, seconds: number): Promise<Measured> {
  const latencies: number[] = []
  const errors: Record<string, number> = {}
  let counted = 0
  const count = (code: string, times = 1) => (errors[code] = (errors[code] ?? 0) + times)
  const startedAt = performance.now()
  const end = startedAt + seconds * 1000

  const ask = async (socket: Socket) => {
    const askedAt = performance.now()
    const answer = await exchange(socket, call.makeRequest())
    for (const code of errorsOf(answer)) count(code)
    if (!isSuccess(answer)) return
    latencies.push(performance.now() - askedAt)
    counted += call.countOf(answer)
  }
  const keepAsking = async () => {
    while (performance.now() < end) {
      const socket = await open(call.url).catch(() => undefined)
      try {
        while (socket && performance.now() < end) await ask(socket)
        if (!socket) count('not_connected')
      } catch {
        count('no_answer')
      } finally {
        socket?.destroy()
      }
      if (performance.now() < end) await delay(pauseMs)
    }
  }
  await Promise.all(Array.from({ length: connections }, keepAsking))

  const elapsed = (performance.now() - startedAt) / 1000
  latencies.sort((a, b) => a - b)
  const at = (part: number) => latencies[Math.floor(latencies.length * part)] ?? 0
  return {
    perSecond: counted / elapsed,
    latencies: { p50: at(0.5), p90: at(0.9), p99: at(0.99), most: latencies.at(-1) ?? 0 },
    succeeded: latencies.length,
    errors,
  }
}

/** Sends a request once; gives the answer as it came. @throws Error if there is none */
export async function askOnce({ url, makeRequest }: Call): Promise<string> {
  const socket = await open(url)
  return exchange(socket, makeRequest()).finally(() => socket.destroy())
}

export const isSuccess = (answer: string) => /^HTTP\/1\.1 2/.test(answer)

/** The codes of the problems in an answer: its own, and where it answers many at once those of each; else its status. */
export function errorsOf(answer: string): string[] {
  const codes = [...answer.matchAll(/"code":"([a-z_]+)"/g)].map(([, code]) => code!)
  if (isSuccess(answer)) return codes
  return [codes[0] ?? `status ${answer.slice(9, 12)}`]
}

/** Opens a connection that ends when it is silent for too long. @throws Error if nothing listens there */
export async function open(url: URL, withinMs = answerWithinMs): Promise<Socket> {
  const isSecure = url.protocol === 'https:'
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const port = Number(url.port || (isSecure ? 443 : 80))
  const socket = isSecure
    ? connectSecurely({ host, port, ...(!isIP(host) && { servername: host }) })
    : connect(port, host)
  socket.setNoDelay().setEncoding('latin1').setTimeout(withinMs)
  socket.on('timeout', () => socket.destroy(new Error(`no answer within ${withinMs / 1000} s`)))
  await once(socket, isSecure ? 'secureConnect' : 'connect')
  // What ends a connection is seen by whoever waits for an answer on it.
  socket.on('error', () => {})
  return socket
}
