import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * Where the servers of this process listen that a test stops, restarts or never starts: while one is away, no other
 * process takes its place. On Linux all of 127.0.0.0/8 is this machine, and each process has an address by its pid;
 * elsewhere there is only 127.0.0.1.
 */
export const ownAddress = process.platform === 'linux' ? addressOf(process.pid) : '127.0.0.1'

// Below the range from which the kernel takes ports, so that no client and no server on "any free port" gets one, on whichever
// address. Those that programs take on all addresses are apart: a server on the address of any process would be in their way.
const ports = { ofOneAddress: [10_000, 28_000], ofAll: [28_000, 32_700] } as const
const given = new Set<number>()

/** A port of our address that nothing listens on, and that is given once. */
export const ownPort = () =>
  choosePort(ports.ofOneAddress, async (port) => (await canListen(port, ownAddress)) && isFreeHere(port))

/**
 * A port that nothing listens on, on any address, and that is given once: for a program that listens on all of them, or makes
 * sure that nothing else does. No server gets it from `ownPort`, in whichever process.
 */
export const freePort = () => choosePort(ports.ofAll, isFree)

/** Whether nothing listens on a port, on any address or on the one that clients try. */
export const isFree = async (port: number) => (await canListen(port)) && isFreeHere(port)

/** On the address that programs have by default; a server on all addresses has that, too. */
const isFreeHere = (port: number) => canListen(port, '127.0.0.1')

async function choosePort(
  [from, below]: readonly [number, number],
  suits: (port: number) => Promise<boolean>,
): Promise<number> {
  for (;;) {
    const port = from + Math.floor(Math.random() * (below - from))
    if (given.has(port) || !(await suits(port))) continue
    given.add(port)
    return port
  }
}

/** A pid of Linux has at most 22 bits. */
function addressOf(pid: number): string {
  return `127.${64 + (pid >> 16)}.${(pid >> 8) & 255}.${pid & 255}`
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
