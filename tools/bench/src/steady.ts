import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { exchange, summarize, type Load } from './load'

/** Requests at a rate, which is below what the server can do. */
export interface Steady {
  port: number
  makeRequest: () => string
  perSecond: number
  connections: number
}

/**
 * Sends requests at a rate for some seconds: each connection has its turn again and again, and one that is late makes up for
 * it.
 */
export async function loadSteadily(
  { port, makeRequest, perSecond, connections }: Steady,
  seconds: number,
): Promise<Load> {
  const latencies: number[] = []
  const failures: string[] = []
  const startedAt = performance.now()
  const end = startedAt + seconds * 1000
  const keepAsking = async (index: number) => {
    const socket = connect(port, '127.0.0.1').setNoDelay().setEncoding('latin1')
    await once(socket, 'connect')
    for (let turn = index; turn < perSecond * seconds && performance.now() < end; turn += connections) {
      const dueInMs = startedAt + (turn / perSecond) * 1000 - performance.now()
      if (dueInMs > 0) await delay(dueInMs)
      const askedAt = performance.now()
      const answer = await exchange(socket, makeRequest())
      latencies.push(performance.now() - askedAt)
      if (!/^HTTP\/1\.1 2/.test(answer)) failures.push(answer)
    }
    socket.destroy()
  }
  await Promise.all(Array.from({ length: connections }, (_, index) => keepAsking(index)))
  const [firstFailure] = failures
  return {
    ...summarize(latencies, (performance.now() - startedAt) / 1000),
    failures: failures.length,
    ...(firstFailure !== undefined && { firstFailure }),
  }
}
