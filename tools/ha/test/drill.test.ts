import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { suiteNeeding } from '@ordinal/testing'
import { startCluster } from '../src/cluster'
import { drill, faults, type Fault } from '../src/drill'
import { inNamespaces, onLoopback, ownNetwork, whyNoNamespaces } from '../src/network'
import { missingPackages } from '../src/programs'

// The short form of `make ha-drill`: each fault once. How long it takes depends on the machine, and is no part of it. The
// callers rest between requests: other suites run beside this one.
const restMs = 25
const missing = missingPackages()
const withCluster = suiteNeeding(missing.join(', '), missing.length === 0)
const whyNoCut = whyNoNamespaces()

async function drillOf(plan: readonly Fault[], synchronous: boolean) {
  const network = plan.includes('cut') ? inNamespaces(ownNetwork(10)) : onLoopback(ownNetwork(127))
  const folder = mkdtempSync(join('/var/tmp', 'ordinal-ha-test-'))
  const cluster = await startCluster({ folder, network, synchronous })
  const lines: string[] = []
  try {
    return await drill(cluster, plan, (line) => lines.push(line), restMs)
  } finally {
    process.stdout.write(`${lines.join('\n')}\n`)
    await cluster.stop()
  }
}

withCluster('a cluster that fails over', () => {
  test('after one fault of each kind nothing is lost, doubled or unexplained', async () => {
    const plan = (Object.keys(faults) as Fault[]).filter((fault) => fault !== 'cut' || !whyNoCut)
    if (whyNoCut) process.stderr.write(`SKIPPED: a network that is cut, since ${whyNoCut}\n`)
    const { proof, fits, checkpointFinds, pausesMs } = await drillOf(plan, true)
    expect(proof).toMatchObject({ lost: [], doubled: [], unexplained: [] })
    expect({ fits, checkpointFinds }).toEqual({ fits: true, checkpointFinds: [] })
    expect(plan.filter((fault) => pausesMs[fault].length !== 1)).toEqual([])
    expect(Math.min(proof.numbers, proof.orders)).toBeGreaterThan(plan.length)
  }, 1_200_000)

  test('with asynchronous replication the same loses what was acknowledged: verify fits, a checkpoint shows it', async () => {
    const { proof, fits, checkpointFinds } = await drillOf(['lagging'], false)
    expect(proof.lost.length).toBeGreaterThan(0)
    expect(fits).toBe(true)
    expect(checkpointFinds.length).toBeGreaterThan(0)
  }, 600_000)
})
