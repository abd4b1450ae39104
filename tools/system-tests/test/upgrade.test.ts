import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { withHaproxy } from '@ordinal/testing'
import { startCallers, type Callers } from '../src/impatient-callers'
import { startPairs, type Pairs } from '../src/pairs'
import { bundlesOf } from '../src/released-build'
import { root } from '../src/service'
import { expectNothingFailed } from './nothing-failed'

// `make upgrade-drill` goes from a release to this build, with more load, and stays for some seconds at each. Else it goes from this
// build to the same one with a migration more, which needs no history, and no second build.
const release = process.env.SYSTEM_TEST_UPGRADE_FROM
const seconds = Number(process.env.SYSTEM_TEST_UPGRADE_SECONDS ?? 0)
const pauseMs = Number(process.env.SYSTEM_TEST_PAUSE_MS ?? 200)

const here = join(root, 'dist/apps')
/** As docs/upgrading.md wants it: it adds, and takes nothing away. */
const added = {
  name: '20991231000000_what_the_next_release_adds',
  'user-service': 'ALTER TABLE "users" ADD COLUMN "of_the_next_release" TEXT;\n',
  'order-service': 'ALTER TABLE "orders" ADD COLUMN "of_the_next_release" TEXT;\n',
  sequencer: 'ALTER TABLE "sites" ADD COLUMN "of_the_next_release" TEXT;\n',
}

withHaproxy(`an upgrade from ${release ?? 'this build to the next'}`, () => {
  const temporary = mkdtempSync(join(tmpdir(), 'ordinal-next-'))
  let pairs: Pairs | undefined
  let callers: Callers | undefined
  afterAll(async () => {
    await callers?.stop()
    await pairs?.stop()
    rmSync(temporary, { recursive: true, force: true })
  })

  test(
    'under load, and back on the newer schema: no request fails, and the ledger verifies',
    async () => {
      const [older, newer] = release ? [bundlesOf(release), here] : [here, withOneMigrationMore(temporary)]
      pairs = await startPairs(older)
      callers = await startCallers(pairs, pauseMs)
      await delay(seconds * 1_000)
      await pairs.migrate(newer)
      await pairs.replaceAll(newer)
      await delay(seconds * 1_000)
      await pairs.replaceAll(older)
      await callers.stop()

      for (const { name, log } of pairs.instances)
        for (const migration of newMigrations(name, older, newer))
          expect([name, log()]).toEqual([name, expect.stringContaining(migration)])
      // The older one takes what the newer schema has more for a change of somebody else's.
      const [sequencer] = pairs.sequencers
      await sequencer.end('SIGTERM')
      sequencer.replaceBundle(join(newer, 'sequencer'))
      await sequencer.start()
      await expectNothingFailed(pairs, callers)
    },
    480_000 + seconds * 2_000,
  )
})

/** The builds from here, in a folder, as those of the next release. */
function withOneMigrationMore(folder: string): string {
  for (const service of ['user-service', 'order-service', 'sequencer'] as const) {
    cpSync(join(here, service), join(folder, service), { recursive: true })
    const migration = join(folder, service, 'migrations', added.name)
    mkdirSync(migration)
    writeFileSync(join(migration, 'migration.sql'), added[service])
  }
  return folder
}

/** Those that a newer build of a service has, and an older one does not know. */
function newMigrations(service: string, older: string, newer: string): string[] {
  const of = (bundles: string) => readdirSync(join(bundles, service, 'migrations'))
  const known = of(older)
  return of(newer).filter((name) => !known.includes(name))
}
