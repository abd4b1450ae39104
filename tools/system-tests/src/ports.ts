import { once } from 'node:events'
import { createServer } from 'node:net'

const given = new Set<number>()

/**
 * A port on which nothing listens, from below the range that connections take theirs from: otherwise one may hold
 * it when a service that was killed is started again.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 12_000 + Math.floor(Math.random() * 20_000)
    if (given.has(port) || !(await isFree(port))) continue
    given.add(port)
    return port
  }
}

/** Whether nothing listens on a port, on any address or on the one that clients try. */
export const isFree = async (port: number) => (await canListen(port)) && (await canListen(port, '127.0.0.1'))

async function canListen(port: number, host?: string): Promise<boolean> {
  const probe = createServer()
  try {
    await once(probe.listen({ port, host }), 'listening')
    await once(probe.close(), 'close')
    return true
  } catch {
    return false
  }
}
