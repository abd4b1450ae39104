import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * Where the servers of this process listen that a test stops, restarts or never starts: while one is away, no other
 * process takes its place. On Linux all of 127.0.0.0/8 is this machine, and each process has an address by its pid;
 * elsewhere there is only 127.0.0.1.
 */
export const ownAddress = process.platform === 'linux' ? addressOf(process.pid) : '127.0.0.1'

const given = new Set<number>()

/**
 * A port of our address that nothing listens on, and that is given once. It is below the range from which the kernel
 * takes ports, so that no client and no server on "any free port" gets it, on whichever address.
 */
export async function ownPort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 22_000)
    if (given.has(port) || !(await isFree(port))) continue
    given.add(port)
    return port
  }
}

/** A pid of Linux has at most 22 bits. */
function addressOf(pid: number): string {
  return `127.${64 + (pid >> 16)}.${(pid >> 8) & 255}.${pid & 255}`
}

/** Whether nothing listens there, nor on the address that programs have by default; one on all addresses has ours too. */
const isFree = async (port: number) =>
  (await canListen(port, ownAddress)) && (await canListen(port, '127.0.0.1'))

async function canListen(port: number, host: string): Promise<boolean> {
  const probe = createServer()
  try {
    await once(probe.listen(port, host), 'listening')
    await once(probe.close(), 'close')
    return true
  } catch {
    return false
  }
}
