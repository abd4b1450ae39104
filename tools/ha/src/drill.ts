import { createOrdinal } from '@ordinal/client'
import { setTimeout as sleep } from 'node:timers/promises'
import { startCallers, type Callers } from './callers'
import type { Cluster } from './cluster'
import { familyOf, isAlive, signal, until, walSendersOf } from './programs'
import { prove, type Proof } from './proof'

export const faults = {
  postmaster: 'the PostgreSQL of the leader is killed',
  lagging: 'the same, after the leader has sent nothing to its standbys for 0.3 s',
  machine: 'the PostgreSQL and the Patroni of the leader are killed, and Patroni is back after 10 s',
  frozen: 'the PostgreSQL and the Patroni of the leader are frozen (SIGSTOP) for 15 s',
  standby: 'the same of a standby',
  cut: 'the network of the leader, its etcd included, is cut off for 15 s',
  balancer: 'HAProxy is killed, and back after 5 s',
} as const

export type Fault = keyof typeof faults

export interface Drilled {
  /** The longest time without an acknowledged number, of each fault in turn. */
  pausesMs: Record<Fault, number[]>
  proof: Proof
  /** Whether the ledger is consistent with itself at the end. */
  fits: boolean
  /** What the last checkpoint that was kept before a fault finds at the end: the kinds of findings. */
  checkpointFinds: string[]
}

/**
 * Makes faults while callers ask for numbers and place orders, and compares the answers with what the databases have at the
 * end.
 *
 * @param restMs of a caller after each answer
 */
export async function drill(
  cluster: Cluster,
  plan: readonly Fault[],
  say: (line: string) => void,
  restMs = 0,
): Promise<Drilled> {
  const callers = await startCallers(cluster.urls, restMs)
  const { audit } = createOrdinal({ ...cluster.urls, apiKey: cluster.auditor, timeoutMs: 60_000 })
  const pausesMs = Object.fromEntries(Object.keys(faults).map((fault) => [fault, []])) as unknown as Record<
    Fault,
    number[]
  >
  let kept: string | undefined
  const keepCheckpoint = async () => {
    kept = (await audit.checkpoint()).checkpoint
  }
  try {
    for (const fault of plan) {
      await advance(callers, 50)
      if (fault !== 'lagging') await keepCheckpoint()
      const startedAtMs = performance.now()
      await commit[fault]({ cluster, callers, keepCheckpoint })
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
  const proof = await finalProof(cluster, callers)
  const { fits } = await audit.verify()
  const compared = kept === undefined ? [] : (await audit.compare(kept)).findings
  return { pausesMs, proof, fits, checkpointFinds: [...new Set(compared.map(({ kind }) => kind))] }
}

/** Numbering finishes what the failovers left without a number; what a promoted standby never had, it cannot. */
async function finalProof(cluster: Cluster, callers: Callers): Promise<Proof> {
  const look = () => prove(cluster.databaseUrl, callers)
  const isDone = async () => {
    const proof = await look()
    return (proof.unexplained.length === 0 || proof.lost.length > 0) && proof
  }
  return until('each order has its number', isDone, 120_000).catch(look)
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

interface Scene {
  cluster: Cluster
  callers: Callers
  keepCheckpoint: () => Promise<void>
}

const commit: Record<Fault, (scene: Scene) => Promise<void>> = {
  async postmaster({ cluster }) {
    const postgres = cluster.pidOfPostgres(await leaderOf(cluster))
    await kill([postgres], familyOf(postgres))
  },
  async lagging({ cluster, callers, keepCheckpoint }) {
    const postgres = cluster.pidOfPostgres(await leaderOf(cluster))
    signal(walSendersOf(postgres), 'SIGSTOP')
    if (cluster.synchronous) await sleep(300)
    else {
      await advance(callers, 20)
      await keepCheckpoint()
    }
    // A frozen process may hold a lock, and who waits for a lock does not notice that the server has gone.
    await kill(familyOf(postgres))
  },
  async machine({ cluster }) {
    const leader = await leaderOf(cluster)
    // Patroni first, which would otherwise begin to step down.
    const patroni = familyOf(cluster.pidOf(`patroni${leader}`))
    signal([...patroni, cluster.pidOfPostgres(leader)], 'SIGKILL')
    await sleep(10_000)
    cluster.startPatroni(leader)
  },
  async frozen({ cluster }) {
    await freeze(cluster, await leaderOf(cluster))
  },
  async standby({ cluster }) {
    await freeze(cluster, await until('a standby', async () => (await cluster.followers())[0]))
  },
  async cut({ cluster }) {
    const leader = await leaderOf(cluster)
    cluster.network.cut!(leader)
    await sleep(15_000)
    cluster.network.heal!(leader)
  },
  async balancer({ cluster }) {
    signal(familyOf(cluster.pidOf('haproxy')), 'SIGKILL')
    await sleep(5_000)
    cluster.startBalancer()
  },
}

async function freeze(cluster: Cluster, node: number): Promise<void> {
  const postgres = cluster.pidOfPostgres(node)
  const all = new Set([...familyOf(cluster.pidOf(`patroni${node}`)), ...familyOf(postgres)])
  signal([...all], 'SIGSTOP')
  await sleep(15_000)
  signal([...all], 'SIGCONT')
}

/** Kills processes, and waits until `all` have gone: only then another leader can be asked for, or the same after its recovery. */
async function kill(pids: readonly number[], all = pids): Promise<void> {
  signal(pids, 'SIGKILL')
  await until('PostgreSQL has gone', () => !all.some(isAlive))
}

async function leaderOf(cluster: Cluster): Promise<number> {
  return until('a leader', () => cluster.leader(), 60_000)
}
