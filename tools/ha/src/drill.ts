import { setTimeout as sleep } from 'node:timers/promises'
import { startCallers, type Callers } from './callers'
import type { Cluster } from './cluster'
import { familyOf, isAlive, signal, until } from './programs'
import { prove, type Proof } from './proof'

export const faults = {
  postmaster: 'the PostgreSQL of the leader is killed',
  machine: 'the PostgreSQL and the Patroni of the leader are killed, and Patroni is back after 10 s',
  frozen: 'the PostgreSQL and the Patroni of the leader are frozen (SIGSTOP) for 15 s',
  balancer: 'HAProxy is killed, and back after 5 s',
} as const

export type Fault = keyof typeof faults

export interface Drilled {
  /** The longest time without an acknowledged number, of each fault in turn. */
  pausesMs: Record<Fault, number[]>
  proof: Proof
}

/**
 * Makes faults while callers ask for numbers and place orders, and compares the answers with what the databases have at the
 * end.
 */
export async function drill(
  cluster: Cluster,
  plan: readonly Fault[],
  say: (line: string) => void,
): Promise<Drilled> {
  const callers = await startCallers(cluster.urls)
  const pausesMs: Drilled['pausesMs'] = { postmaster: [], machine: [], frozen: [], balancer: [] }
  try {
    for (const fault of plan) {
      await advance(callers, 50)
      const startedAtMs = performance.now()
      await commit[fault](cluster)
      // Until it is noticed, Patroni still says what was.
      await advance(callers, 50)
      await cluster.settled()
      const pauseMs = callers.longestPauseMs(startedAtMs)
      pausesMs[fault].push(pauseMs)
      say(`${fault}: ${(pauseMs / 1000).toFixed(1)} s without a number`)
    }
  } finally {
    await callers.stop()
  }
  await cluster.settled()
  // Numbering finishes what the failovers left without a number.
  const isDone = async () => {
    const proof = await prove(cluster.databaseUrl, callers)
    return proof.unexplained.length === 0 && proof
  }
  const proof = await until('each order has its number', isDone, 30_000).catch(() =>
    prove(cluster.databaseUrl, callers),
  )
  return { pausesMs, proof }
}

/** Waits until the callers have got so many numbers more, and an order. */
async function advance(callers: Callers, numbers: number): Promise<void> {
  const [wanted, orders] = [callers.numbers.length + numbers, callers.orders.length]
  await until(
    'numbers and orders',
    () => callers.numbers.length >= wanted && callers.orders.length > orders,
    120_000,
  )
}

const commit: Record<Fault, (cluster: Cluster) => Promise<void>> = {
  async postmaster(cluster) {
    const leader = await leaderOf(cluster)
    const postgres = cluster.pidOfPostgres(leader)
    signal([postgres], 'SIGKILL')
    // Another leader, or the same after its recovery, if no standby could take over at that moment.
    await until('PostgreSQL has gone', () => !isAlive(postgres))
  },
  async machine(cluster) {
    const leader = await leaderOf(cluster)
    // Patroni first, which would otherwise begin to step down.
    const patroni = familyOf(cluster.pidOf(`patroni${leader}`))
    signal([...patroni, cluster.pidOfPostgres(leader)], 'SIGKILL')
    await sleep(10_000)
    cluster.startPatroni(leader)
  },
  async frozen(cluster) {
    const leader = await leaderOf(cluster)
    const postgres = cluster.pidOfPostgres(leader)
    const all = new Set([...familyOf(cluster.pidOf(`patroni${leader}`)), ...familyOf(postgres)])
    signal([...all], 'SIGSTOP')
    await sleep(15_000)
    signal([...all], 'SIGCONT')
  },
  async balancer(cluster) {
    signal(familyOf(cluster.pidOf('haproxy')), 'SIGKILL')
    await sleep(5_000)
    cluster.startBalancer()
  },
}

async function leaderOf(cluster: Cluster): Promise<number> {
  return until('a leader', () => cluster.leader(), 60_000)
}
