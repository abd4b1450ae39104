import { createInstance } from '../test/instance'

const callers = 64

interface Round {
  perSecond: number
  p50Ms: number
  p99Ms: number
}

async function measure(
  { issue }: ReturnType<typeof createInstance>,
  callers: number,
  seconds: number,
): Promise<Round> {
  const latencies: number[] = []
  const startedAt = performance.now()
  const end = startedAt + seconds * 1000
  const call = async () => {
    while (performance.now() < end) {
      const calledAt = performance.now()
      await issue({ client_id: 'erp-system' })
      latencies.push(performance.now() - calledAt)
    }
  }
  await Promise.all(Array.from({ length: callers }, call))
  const elapsed = (performance.now() - startedAt) / 1000
  latencies.sort((a, b) => a - b)
  const at = (part: number) => latencies[Math.floor(latencies.length * part)] ?? 0
  return { perSecond: latencies.length / elapsed, p50Ms: at(0.5), p99Ms: at(0.99) }
}

/**
 * Calls the allocator in process: rounds with group commit and with a transaction for each number, in turn, on two
 * databases. Prints the rounds as JSON.
 */
export async function measureInProcess(
  groupedUrl: string,
  singleUrl: string,
  seconds: number,
  rounds: number,
): Promise<void> {
  const grouped = createInstance(groupedUrl)
  const single = createInstance(singleUrl, { groupCommit: false })
  await measure(grouped, callers, 1)
  await measure(single, callers, 1)
  const results = { alone: await measure(grouped, 1, 1), grouped: [] as Round[], single: [] as Round[] }
  for (let round = 0; round < rounds; round += 1) {
    results.grouped.push(await measure(grouped, callers, seconds))
    results.single.push(await measure(single, callers, seconds))
  }
  console.log(JSON.stringify(results))
  await Promise.all([grouped.close(), single.close()])
}
