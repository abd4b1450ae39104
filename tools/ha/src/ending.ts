import { readFileSync } from 'node:fs'
import { familyOf, isAlive, list, signal, until, type Program } from './programs'

/** Ends the programs of a cluster, and all that come from them. */
export async function endAll(folder: string, programs: readonly Program[]): Promise<void> {
  // No failover now, and nothing that is kept: the cluster is at its end.
  const families = frozen(programs.map(({ pid }) => pid))
  signal(families, 'SIGKILL')
  await until('all programs have ended', () => {
    const servers = serversIn(folder).flatMap(familyOf)
    signal(servers, 'SIGKILL')
    return ![...families, ...servers].some(isAlive)
  })
}

/** Stops processes and all that come from them, which can then start no other, and gives all. */
function frozen(pids: readonly number[]): number[] {
  for (let known = -1; ;) {
    const all = pids.flatMap(familyOf)
    signal(all, 'SIGSTOP')
    if (all.length === known) return all
    known = all.length
  }
}

/** The servers whose data is in a folder: those that Patroni started are nobody's children once what reaps for it was killed. */
const serversIn = (folder: string): number[] =>
  list('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && isServerOf(pid, folder))

function isServerOf(pid: number, folder: string): boolean {
  const [command, ...args] = commandLineOf(pid)
  return /\/postgres$/.test(command ?? '') && args.some((arg) => arg.startsWith(`${folder}/`))
}

function commandLineOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  } catch {
    return []
  }
}
