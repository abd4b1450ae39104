/** What Patroni says of its node; of the leader, who follows it, too. */
export interface NodeStatus {
  timeline?: number
  replication?: { application_name: string; state: string }[]
}

export type Patroni = ReturnType<typeof askPatroni>

/** Asks the nodes of a cluster by the REST API of Patroni, where each says what it knows of itself. */
export function askPatroni(nodes: readonly number[], addressOf: (node: number) => string) {
  const api = (node: number, path: string) => `http://${addressOf(node)}:8008/${path}`
  const statusOf = (node: number) => read<NodeStatus>(api(node, 'patroni'))

  async function leader(): Promise<number | undefined> {
    for (const node of nodes) if (await isOk(api(node, 'primary'))) return node
    return undefined
  }

  /** The standbys that follow the leader. */
  async function followers(): Promise<number[]> {
    const first = await leader()
    if (first === undefined) return []
    const [own, ...others] = await Promise.all(
      [first, ...nodes.filter((node) => node !== first)].map(async (node) => ({
        node,
        status: await statusOf(node),
      })),
    )
    return others
      .filter(({ node, status }) => isFollowing(`node${node}`, status, own!.status))
      .map(({ node }) => node)
  }

  return {
    leader,
    followers,
    /** The standbys that have to confirm a commit, and know it. */
    async synchronous(): Promise<number[]> {
      const said = await Promise.all(nodes.map((node) => isOk(api(node, 'synchronous'))))
      return nodes.filter((_, index) => said[index])
    },
    /** Nobody, as long as there is no leader that says who follows it. */
    async lagging(): Promise<number[]> {
      const [first, following] = [await leader(), await followers()]
      if (first === undefined || following.length === 0) return []
      return nodes.filter((node) => node !== first && !following.includes(node))
    },
    /** Has a node made anew from the leader; refused or unanswered, it is asked again later. */
    async reinitialize(node: number): Promise<void> {
      const answer = await fetch(api(node, 'reinitialize'), {
        method: 'POST',
        body: JSON.stringify({ force: true }),
        signal: AbortSignal.timeout(5_000),
      }).catch(() => undefined)
      await answer?.body?.cancel()
    },
  }
}

/**
 * Whether a standby follows a leader: it streams from it, and is on its timeline. One that has WAL which the leader lacks
 * connects, too, again and again until it has been rewound, and calls itself a replica.
 */
export const isFollowing = (
  name: string,
  standby: NodeStatus | undefined,
  leader: NodeStatus | undefined,
): boolean =>
  leader?.timeline !== undefined &&
  standby?.timeline === leader.timeline &&
  (leader.replication ?? []).some(
    ({ application_name: other, state }) => other === name && state === 'streaming',
  )

async function read<T>(url: string): Promise<T | undefined> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined)
  return (await answer?.json().catch(() => undefined)) as T | undefined
}

/** Whether a URL is answered with 2xx, within two seconds. */
export async function isOk(url: string): Promise<boolean> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined)
  await answer?.body?.cancel()
  return answer?.ok ?? false
}
