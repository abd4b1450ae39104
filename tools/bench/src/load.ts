import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export interface Load {
  requests: number
  perSecond: number
  p50Ms: number
  p99Ms: number
  /** Answers that were not 2xx: a measurement with any is none. */
  failures: number
  firstFailure?: string
}

/** @throws Error with the first answer that was not 2xx, if any was */
export function requireSuccess(what: string, { failures, firstFailure }: Load) {
  if (failures > 0) throw new Error(`${what}: ${failures} answers were not 2xx, the first: ${firstFailure}`)
}

/** The bytes of a request. */
export const post = (path: string, headers: readonly string[] = [], body = '') =>
  [`POST ${path} HTTP/1.1`, 'Host: bench', `Content-Length: ${body.length}`, ...headers, '', body].join(
    '\r\n',
  )

export const get = (path: string) => [`GET ${path} HTTP/1.1`, 'Host: bench', '', ''].join('\r\n')

/**
 * Sends requests over some kept connections, the next as soon as the answer is there. It reads no more of an
 * answer than its status and length: on few cores a full HTTP client takes more than the server that it measures.
 *
 * @param ports of the servers, which share the connections
 * @param makeRequest gives the bytes of each request
 */
export async function load(
  ports: readonly number[],
  makeRequest: () => string,
  connections: number,
  seconds: number,
): Promise<Load> {
  let firstFailure: string | undefined
  const sockets = await Promise.all(
    Array.from({ length: connections }, (_, index) => open(ports[index % ports.length]!)),
  )
  const callers = sockets.map((socket) => async () => {
    const answer = await exchange(socket, makeRequest())
    const succeeded = /^HTTP\/1\.1 2/.test(answer)
    if (!succeeded) firstFailure ??= answer
    return succeeded
  })
  try {
    const measured = await measure(callers, seconds)
    return { ...measured, ...(firstFailure !== undefined && { firstFailure }) }
  } finally {
    for (const socket of sockets) socket.destroy()
  }
}

/** Sends requests once each, over 64 connections. @throws Error with the first answer that was not 2xx */
export async function exchangeAll(port: number, requests: readonly string[]): Promise<void> {
  const left = requests.values()
  const sockets = await Promise.all(Array.from({ length: 64 }, () => open(port)))
  try {
    await Promise.all(
      sockets.map(async (socket) => {
        for (const request of left) {
          const answer = await exchange(socket, request)
          if (!/^HTTP\/1\.1 2/.test(answer)) throw new Error(`${request}\n${answer}`)
        }
      }),
    )
  } finally {
    for (const socket of sockets) socket.destroy()
  }
}

/**
 * Times callers, each of which calls again as soon as its call has ended.
 *
 * @param callers make a call, and give whether it went well
 */
export async function measure(callers: readonly (() => Promise<boolean>)[], seconds: number): Promise<Load> {
  const latencies: number[] = []
  let failures = 0
  const startedAt = performance.now()
  const end = startedAt + seconds * 1000

  await Promise.all(
    callers.map(async (call) => {
      while (performance.now() < end) {
        const calledAt = performance.now()
        if (!(await call())) failures += 1
        latencies.push(performance.now() - calledAt)
      }
    }),
  )
  return { ...summarize(latencies, (performance.now() - startedAt) / 1000), failures }
}

/** What some calls have taken, each in milliseconds, in as many seconds. */
export function summarize(latencies: readonly number[], seconds: number): Omit<Load, 'failures'> {
  const sorted = [...latencies].sort((a, b) => a - b)
  const at = (part: number) => sorted[Math.floor(sorted.length * part)] ?? 0
  return {
    requests: sorted.length,
    perSecond: sorted.length / seconds,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
  }
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').setNoDelay().setEncoding('latin1')
  await once(socket, 'connect')
  return socket
}

/** Sends a request and reads its answer whole. @throws Error if the connection ends before */
export function exchange(socket: Socket, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    if (socket.destroyed) return reject(new Error('the server has closed a connection'))
    let received = ''
    const onData = (chunk: string) => {
      received += chunk
      if (!isWhole(received)) return
      socket.removeListener('data', onData)
      socket.removeListener('close', onClose)
      resolve(received)
    }
    const onClose = () => reject(new Error('the server has closed a connection'))
    socket.on('data', onData)
    socket.once('close', onClose)
    socket.write(request)
  })
}

function isWhole(received: string): boolean {
  const headEnd = received.indexOf('\r\n\r\n')
  if (headEnd === -1) return false
  const [, length] = /content-length: (\d+)/i.exec(received) ?? []
  // As proxies pass on what they do not know the length of.
  if (length === undefined && /transfer-encoding: chunked/i.test(received))
    return received.endsWith('\r\n0\r\n\r\n')
  return received.length >= headEnd + 4 + Number(length ?? 0)
}
