import { PrismaPg } from '@prisma/adapter-pg'
import { withDeadline } from '@ordinal/database'
import { grpcServer } from '@ordinal/grpc'
import { createLogger } from '@ordinal/logging'
import { createMetrics } from '@ordinal/metrics'
import { createService, openDatabase, openReadPools } from '@ordinal/service'
import { createChangeRules } from './change-rules'
import { createChangeSites } from './change-sites'
import type { SequencerConfig } from './config'
import { createDemos } from './demos/demos'
import { warnOfOverlaps } from './find-overlap'
import { PrismaClient } from './generated/prisma/client'
import { createLeaseSweeper } from './expire-leases'
import { demoRoutes } from './http/demos'
import { importRoutes } from './http/import'
import { multiSiteRoutes } from './http/multi-site'
import { sequentialIdService } from './grpc'
import { auditRoutes } from './http/audit'
import { numberRoutes } from './http/numbers'
import { oneNumberRoutes } from './http/one-number'
import { periodRoutes } from './http/periods'
import { proofRoutes } from './http/proof'
import { sequenceRoutes } from './http/sequences'
import { simpleRoutes } from './http/simple'
import { siteRoutes } from './http/sites'
import { createImportNumbers } from './import/import-numbers'
import { createIssueForSite } from './issue-for-site'
import { callsForKnownCallers, routesForKnownCallers } from './known-callers'
import { streamRoutes } from './http/stream'
import { createAllocator } from './ledger/allocator'
import { createCheckpointLog } from './ledger/checkpoint-log'
import { createCheckpoints } from './ledger/checkpoints'
import { registerKeysAtStart } from './ledger/register'
import { migrateLedger, ownsLedger, warnOfPowerfulRole } from './ledger/roles'
import { createRuleBook } from './ledger/rules'
import { schemaOfBuild, warnOfOtherSchema } from './ledger/schema'
import { createSequences } from './ledger/sequences'
import { createSiteBook } from './ledger/sites'
import { createLiveStream } from './live-stream'
import { createSequencerMetrics } from './metrics'
import { createQuotas } from './quota'
import { createSites } from './sites'

// A change of rules may read every number of its sequence; the server gives a statement as long.
const ruleChangeLimitMs = 10_000

/** Brings the ledger's database to the schema of this build, with the rights of the role that the service runs as. */
export const migrateSequencer = (config: SequencerConfig) => migrateLedger(config, __dirname)

/**
 * The sequencer, wired; its database is migrated.
 *
 * @param stream where the log goes; standard output by default
 */
export function createSequencer(config: SequencerConfig, stream?: NodeJS.WritableStream) {
  const log = createLogger({ service: 'sequencer', level: config.logLevel, stream })
  const metrics = createMetrics('sequencer')
  const numberMetrics = createSequencerMetrics(metrics.registry)
  const pool = openDatabase('sequencer', config, { log, metrics })
  const pools = openReadPools('sequencer', config, { log, metrics })
  const readDb = withDeadline(pools.read, config.requestTimeoutMs)
  const readSequences = createSequences(new PrismaClient({ adapter: new PrismaPg(pools.read) }))
  const heavyDb = withDeadline(pools.heavy, config.requestTimeoutMs)
  // Nobody waits without end for a database that is frozen, or for a network that swallows what we ask it.
  const db = withDeadline(pool, config.requestTimeoutMs)
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool) })
  const sequences = createSequences(prisma)
  const ruleBook = createRuleBook(withDeadline(pool, ruleChangeLimitMs))
  const changeRules = createChangeRules(ruleBook)
  const siteBook = createSiteBook(db)
  const sites = createSites(siteBook)
  const changeSites = createChangeSites(siteBook, sites)
  const allocator = createAllocator({ ...config, pool, sequences, log, metrics: numberMetrics })
  const quotas = createQuotas(config, { sequences, allocator, log })
  const issueForSite = createIssueForSite({ sites, allocator, quotas })
  const numberDeps = { db, sequences, allocator, issueForSite }
  const readDeps = { ...numberDeps, db: readDb, sequences: readSequences }
  const importNumbers = createImportNumbers({ pool: pools.heavy, sequences, sites })
  const on = config.demos ?? config.nodeEnv !== 'production'
  const demos = createDemos({ db, sequences, sites, allocator, on })
  const checkpoints = createCheckpoints(pools.heavy, config.signingKey)
  const liveStream = createLiveStream({
    db: pools.read,
    missedDb: pools.heavy,
    maxListeners: config.maxListeners,
    log,
  })
  const schema = schemaOfBuild(__dirname, ownsLedger(config))
  numberMetrics.showWaiting(allocator.waiting)

  const routes = [
    ...numberRoutes({ ...readDeps, heavyDb }),
    ...oneNumberRoutes({ db, readDb, allocator }),
    ...simpleRoutes(quotas),
    ...multiSiteRoutes({ ...readDeps, heavyDb, sites }),
    ...sequenceRoutes({ ruleBook, changeRules }),
    ...periodRoutes({ db, sequences }),
    ...importRoutes(importNumbers),
    ...demoRoutes(demos),
    ...siteRoutes({ siteBook, changeSites }),
    ...auditRoutes(pools.heavy),
    ...proofRoutes({ pool: pools.heavy, checkpoints, schema, log }),
    ...streamRoutes(liveStream),
  ]
  const offered = config.getIssues
    ? routes
    : routes.filter((route) => !(route.method === 'get' && route.issues))
  const calls = sequentialIdService(numberDeps, readDeps, __dirname)
  const known = config.requireAuthentication

  return createService({
    name: 'sequencer',
    description: 'Issues numbers that are sequential, gap-free, formatted, audited, and safe to retry.',
    http: config,
    tokens: config,
    log,
    metrics,
    pool,
    pools,
    routes: known ? routesForKnownCallers(offered) : offered,
    background: [
      quotas,
      warnOfPowerfulRole(pool, log),
      warnOfOtherSchema(pools.heavy, schema, log),
      warnOfOverlaps(ruleBook, log),
      registerKeysAtStart(db, config.apiKeys, log),
      createLeaseSweeper({ db, allocator, log }),
      createCheckpointLog(checkpoints, log),
      liveStream,
    ],
    grpc: {
      port: config.grpcPort,
      serve: grpcServer([known ? callsForKnownCallers(calls) : calls]),
    },
  })
}
