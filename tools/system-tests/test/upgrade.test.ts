import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { inspectLedger, withHaproxy } from '@ordinal/testing'
import { ask } from '../src/calls'
import { startCallers, type Callers } from '../src/impatient-callers'
import { startPairs, type Pairs } from '../src/pairs'
import { bundlesOf, hasCommit } from '../src/released-build'
import { root } from '../src/service'
import { expectOneNumberForEachOrder } from './proof'

const { commit, version } = JSON.parse(readFileSync(join(root, 'released.json'), 'utf8')) as {
  commit: string
  version: string
}
// `make upgrade-drill FROM=v0.1.0 SECONDS=60`: another release, and for so long both versions of each, and the new one alone.
const from = process.env.UPGRADE_FROM ?? commit
const seconds = Number(process.env.UPGRADE_SECONDS ?? 1)
const here = join(root, 'dist/apps')

withHaproxy('an upgrade', () => {
  let pairs: Pairs | undefined
  let callers: Callers | undefined
  afterEach(async () => {
    await callers?.stop()
    await pairs?.stop()
  })

  /** Replaces all instances, one after the other. */
  async function replaceAll({ instances, inUse }: Pairs, bundles: string): Promise<void> {
    for (const instance of instances) {
      expect(await instance.end('SIGTERM')).toBe(0)
      instance.replaceBundle(join(bundles, instance.name))
      await instance.start()
      await inUse(instance)
      await delay((seconds * 1_000) / instances.length)
    }
  }

  test(
    `from the release ${version} to this build, and back, under load: no request fails, and the ledger verifies`,
    async () => {
      if (!hasCommit(from))
        throw new Error(`This clone has no commit ${from}: git fetch --unshallow, or --tags, gets it`)
      const released = bundlesOf(from)
      pairs = await startPairs({ SHUTDOWN_DRAIN_MS: '3000' }, released)
      callers = await startCallers(pairs)
      await delay(seconds * 1_000)
      await replaceAll(pairs, here)
      await delay(seconds * 1_000)
      await replaceAll(pairs, released)
      await callers.stop()

      const total = [...callers.answered.values()].reduce((sum, count) => sum + count, 0)
      process.stdout.write(
        `${total} requests answered, ${callers.failed.length} failed, ${callers.numbers.length} numbers\n`,
      )
      expect(callers.failed).toEqual([])
      expect(callers.answered.size).toBe(7)
      expect(new Set(callers.numbers).size).toBe(callers.numbers.length)
      expect((await inspectLedger(pairs.databases.sequencer)).faults).toEqual([])
      await expectOneNumberForEachOrder(pairs)
      // The new build knows the whole schema.
      const [sequencer] = pairs.sequencers
      await sequencer.end('SIGTERM')
      sequencer.replaceBundle(join(here, 'sequencer'))
      await sequencer.start()
      const { body } = await ask(sequencer, 'GET', '/api/v1/audit/verify')
      expect(body).toMatchObject({ fits: true, findings: [] })
    },
    600_000 + seconds * 4_000,
  )
})

test('the release that is upgraded from is one before this build', () => {
  if (!hasCommit(commit)) throw new Error(`This clone has no commit ${commit}: git fetch --unshallow gets it`)
  expect(() =>
    execFileSync('git', ['merge-base', '--is-ancestor', commit, 'HEAD'], { cwd: root, stdio: 'pipe' }),
  ).not.toThrow()
})
