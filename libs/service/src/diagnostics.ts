import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Pool } from 'pg'
import { z } from 'zod'
import { poolStats, withQueryTimeout } from '@ordinal/database'
import { route, sharedFor, timestamp, type AccessMode, type Route } from '@ordinal/http'
import type { Logger } from '@ordinal/logging'
import { certificateExpiries, type Metrics } from '@ordinal/metrics'
import type { Pools } from './database'
import { readAppliedMigrations, readDatabase } from './diagnostics-queries'
import { version } from '../../../package.json'

// One look is for all that ask meanwhile; it must end before whoever asks gives up.
const sharedMs = 1_000
const readLimitMs = 3_000
// Callers that wait for a moment are no fault: those count that wait at each of these moments.
const poolLooks = 6
const poolLookEveryMs = 40

const database = z.object({
  version: z.string(),
  role: z.string(),
  rights: z.array(z.string()).meta({
    description: 'Of superuser, create_role, create_database, replication, bypass_row_security, owner',
  }),
  settings: z.record(z.string(), z.string()),
  standbys: z.int(),
  connections: z.int(),
  clock_ahead_ms: z.int().meta({ description: 'Of the clock of the service' }),
})

// Without descriptions that its fields do not need: the document of the sequencer is long.
const common = {
  service: z.string(),
  version: z.string(),
  at: timestamp(),
  production: z.boolean(),
  authentication: z
    .enum(['open', 'known', 'closed'])
    .meta({ description: 'Of callers: none; any; by role and scope' }),
  database: database.optional(),
  migrations: z
    .object({
      missing: z.array(z.string()),
      unknown: z.array(z.string()).meta({ description: 'Not of this build' }),
      unfinished: z.array(z.string()),
    })
    .optional(),
  pools: z.array(
    z.object({
      name: z.string(),
      max: z.int(),
      waiting: z.int().meta({ description: 'Callers, at each moment of a look' }),
    }),
  ),
  certificates: z.record(z.string(), timestamp()).meta({ description: 'When each expires' }),
  breakers: z.record(z.string(), z.string()),
}

interface Deps<Own extends z.ZodRawShape> {
  name: string
  nodeEnv: string | undefined
  mode: AccessMode
  /** The folder of the app's source, or of its bundle: the migrations are found from there. */
  appFolder: string
  pool: Pool
  pools: Pools
  metrics: Metrics
  log: Logger
  /** The circuit breakers of its calls. */
  breakers?: readonly { name: string; state: () => 'closed' | 'half_open' | 'open' }[]
  /** What only this service has; what could not be read is left out. */
  own: Own
  readOwn: () => Promise<z.input<z.ZodObject<Own>>>
}

/**
 * `/api/v1/diagnostics`: what an operator needs to know to judge an instance. It answers also while the database does not,
 * and reads it beside the work of the service.
 */
export function diagnosticsRoutes<Own extends z.ZodRawShape>(deps: Deps<Own>): Route<never>[] {
  const { name, nodeEnv, mode, pool, pools, metrics, breakers = [], log } = deps
  const db = withQueryTimeout(pools.probe, readLimitMs)
  const ifRead = <T>(what: string, read: Promise<T>): Promise<T | undefined> =>
    read.catch((error: unknown) => {
      log.warn('diagnostics could not be read', { what, error })
      return undefined
    })

  async function look() {
    const [database, migrations, waiting, certificates, own] = await Promise.all([
      ifRead('the database', databaseNow(db)),
      ifRead('the migrations', compareMigrations(db, deps.appFolder)),
      waitingThroughout({ main: pool, ...pools }),
      certificateExpiries(metrics),
      deps.readOwn(),
    ])
    return {
      service: name,
      version,
      at: new Date().toISOString(),
      production: nodeEnv === 'production',
      authentication: mode,
      ...(database && { database }),
      ...(migrations && { migrations }),
      pools: waiting,
      certificates: Object.fromEntries(certificates.map(({ use, validTo }) => [use, validTo.toISOString()])),
      breakers: Object.fromEntries(breakers.map((breaker) => [breaker.name, breaker.state()])),
      ...own,
    }
  }
  const shared = sharedFor(sharedMs, look)

  return [
    route({
      method: 'get',
      path: '/api/v1/diagnostics',
      tag: 'operations',
      summary: 'What is to be known of this instance to judge it; what cannot be read is left out',
      requires: 'admin',
      answers: { 200: z.object({ ...common, ...deps.own }).meta({ id: 'Diagnostics' }) },
      // The type of an object with the keys of `Own` is not known here.
      handle: async () => ({ status: 200, body: (await shared()) as never }),
    }),
  ]
}

async function databaseNow(db: Parameters<typeof readDatabase>[0]) {
  const sentAt = Date.now()
  const { now_ms: now, ...facts } = await readDatabase(db)
  // As if it had looked at its clock in the middle.
  return { ...facts, clock_ahead_ms: Math.round(now - (sentAt + Date.now()) / 2) }
}

async function compareMigrations(db: Parameters<typeof readDatabase>[0], appFolder: string) {
  const besideBundle = path.join(appFolder, 'migrations')
  const folder = existsSync(besideBundle) ? besideBundle : path.join(appFolder, '../prisma/migrations')
  const entries = await readdir(folder, { withFileTypes: true })
  const build = entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort()
  const applied = await readAppliedMigrations(db)
  const there = applied.map((migration) => migration.name)
  return {
    missing: build.filter((name) => !there.includes(name)),
    unknown: there.filter((name) => !build.includes(name)),
    unfinished: applied.flatMap(({ name, finished }) => (finished ? [] : [name])),
  }
}

async function waitingThroughout(pools: Readonly<Record<string, Pool>>) {
  const names = Object.keys(pools)
  const least = new Map<string, number>(names.map((name) => [name, Infinity]))
  for (let looked = 0; looked < poolLooks; looked += 1) {
    if (looked > 0) await delay(poolLookEveryMs)
    for (const name of names) least.set(name, Math.min(least.get(name)!, poolStats(pools[name]!).waiting))
  }
  return names.map((name) => {
    return { name, max: poolStats(pools[name]!).max, waiting: least.get(name)! }
  })
}
