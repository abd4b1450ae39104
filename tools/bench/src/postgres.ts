import { execFileSync } from 'node:child_process'
import { appendFileSync, existsSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Client } from 'pg'
import {
  removeEmbeddedPostgres,
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from '@ordinal/embedded-postgres'

// A dozen servers of one run may hold 17 each, until they have been idle for 10 s.
const settings = { max_connections: 300 }
const attachLimitMs = 60_000

/** Starts a database server; with a standby, one that confirms each commit. */
export async function startPostgres(dataFolder: string, withStandby: boolean): Promise<EmbeddedPostgres> {
  const postgres = await startEmbeddedPostgres({ dataFolder, settings })
  if (!withStandby) return postgres
  await postgres.stop()
  const copy = standbyOf(dataFolder)
  // With the owners of the files, which may not be this account. The package has no pg_basebackup.
  execFileSync('cp', ['-a', realpathSync(dataFolder), copy])
  const primary = await startEmbeddedPostgres({ dataFolder, settings })
  await follow(primary, copy)
  await confirmCommits(primary)
  return primary
}

/** Stops and removes what `startPostgres` started, however far it has come. */
export async function removePostgres(dataFolder: string): Promise<void> {
  if (!existsSync(dataFolder)) return
  await removeEmbeddedPostgres(standbyOf(dataFolder))
  await removeEmbeddedPostgres(dataFolder)
}

const standbyOf = (dataFolder: string) => `${realpathSync(dataFolder)}-standby`

async function follow({ adminUrl }: EmbeddedPostgres, dataFolder: string): Promise<void> {
  const { hostname, port, username, password } = new URL(adminUrl)
  const cluster = join(dataFolder, 'cluster')
  appendFileSync(
    join(cluster, 'postgresql.auto.conf'),
    `primary_conninfo = 'host=${hostname} port=${port} user=${username} password=${password}'\n`,
  )
  appendFileSync(join(cluster, 'standby.signal'), '')
  await startEmbeddedPostgres({ dataFolder, settings })
}

/** From then on each commit waits until the standby has it on its disk. */
async function confirmCommits(primary: EmbeddedPostgres): Promise<void> {
  await asAdmin(primary, async (admin) => {
    await admin.query("ALTER SYSTEM SET synchronous_standby_names = '*'")
    await admin.query('SELECT pg_reload_conf()')
    const end = performance.now() + attachLimitMs
    for (;;) {
      const { rows } = await admin.query("SELECT FROM pg_stat_replication WHERE sync_state = 'sync'")
      if (rows.length > 0) return
      if (performance.now() > end) throw new Error('the standby does not follow')
      await delay(50)
    }
  })
}

async function asAdmin<T>({ adminUrl }: EmbeddedPostgres, work: (admin: Client) => Promise<T>): Promise<T> {
  const admin = new Client(adminUrl)
  // Whoever ends a benchmark ends the server under a query: that fails, and is enough.
  admin.on('error', () => {})
  await admin.connect()
  return work(admin).finally(() => admin.end())
}
