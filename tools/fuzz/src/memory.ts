import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/** A crowd of connections, after which a service collects its garbage (libs/http/src/server/collect-garbage.ts). */
const crowd = 300
const collections = 6

/**
 * Resident memory of processes in MB, once they have collected their garbage; undefined where there is no /proc.
 *
 * @param services processes, and where they listen
 */
export async function residentAfterGarbage(
  services: readonly { pid: number; url: string }[],
): Promise<(number | undefined)[]> {
  const sockets = (await Promise.all(services.map(({ url }) => gather(new URL(url))))).flat()
  // They look at their connections each second.
  await delay(1_500)
  for (const socket of sockets) socket.destroy()
  await delay(collections * 1_000)
  return services.map(({ pid }) => residentMb(pid))
}

const gather = ({ hostname, port }: URL): Promise<Socket[]> =>
  Promise.all(
    Array.from({ length: crowd }, async () => {
      const socket = connect(Number(port), hostname)
      await new Promise((resolve) => socket.once('connect', resolve).once('error', resolve))
      return socket
    }),
  )

function residentMb(pid: number): number | undefined {
  if (process.platform !== 'linux') return undefined
  const [, kb] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Math.round(Number(kb) / 1024)
}
