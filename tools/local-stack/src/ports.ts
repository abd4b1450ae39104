import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { PortSetting } from './settings'

/**
 * Makes sure that nothing else listens on these ports. One that is taken gets `patienceMs`: the services of a stack
 * that was killed end a moment after it.
 *
 * @throws Error that names the port, its variable, and how to correct it.
 */
export async function requireFreePorts(ports: PortSetting[], patienceMs = 3_000): Promise<void> {
  const deadline = Date.now() + patienceMs
  for (const setting of ports) {
    while (!(await isFree(setting.port))) {
      if (Date.now() > deadline) throw portTaken(setting)
      await delay(100)
    }
  }
}

export function portTaken({ variable, port }: PortSetting): Error {
  const example = `${variable}=${port < 64_000 ? port + 1_000 : port - 1_000} make run`
  return new Error(
    `Port ${port} is taken by another program: stop it, or set ${variable} to a free port (${example})`,
  )
}

/** A program may hold the port on all addresses, or on the one that clients will try. */
async function isFree(port: number): Promise<boolean> {
  return (await canListen(port)) && (await canListen(port, '127.0.0.1'))
}

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
