import { PrismaPg } from '@prisma/adapter-pg'
import type { Pool } from 'pg'
import { createKnownKeys } from '@ordinal/api-keys'
import { samePlace, withQueryTimeout } from '@ordinal/database'
import { grpcServer, guardCalls } from '@ordinal/grpc'
import { accessModeOf, guardRoutes, type AccessMode } from '@ordinal/http'
import { createLogger } from '@ordinal/logging'
import { createMetrics } from '@ordinal/metrics'
import { createService, diagnosticsRoutes, openDatabase, openReadPools, traceService } from '@ordinal/service'
import { sequencerAccess } from './access'
import { createFollowedKeys } from './api-keys/follow'
import { createKeyRepository } from './api-keys/repository'
import { apiKeyRoutes, followerRoutes } from './api-keys/routes'
import { createKeyService } from './api-keys/service'
import { createCheckpointLog } from './audit/checkpoint-log'
import { createCheckpoints } from './audit/checkpoints'
import { proofRoutes } from './audit/proof-routes'
import { auditRoutes } from './audit/routes'
import { schemaOfBuild, warnOfOtherSchema } from './audit/schema'
import { createAuditService } from './audit/service'
import { createLiveStream } from './audit/stream'
import { streamRoutes } from './audit/stream-routes'
import type { SequencerConfig } from './config'
import { consoleSite } from './console/site'
import { demoRoutes } from './demos/routes'
import { createDemos } from './demos/scenarios'
import { createOwnDiagnostics, ownDiagnostics } from './diagnostics'
import { errorTable } from './domain/errors'
import { PrismaClient } from './generated/prisma/client'
import { createImportNumbers } from './imports/importer'
import { importRoutes } from './imports/routes'
import { createAllocator } from './ledger/allocator'
import { createKnownSequences } from './ledger/known-sequences'
import { migrateLedger, ownsLedger, warnOfPowerfulRole } from './ledger/roles'
import { createCheckpointSource } from './restore/checkpoint-source'
import { createLedgerGate, ofOpenLedger } from './restore/gate'
import { createKeyRegistration } from './restore/key-registration'
import { createSequencerMetrics } from './metrics'
import { batchRoutes } from './numbers/batch-routes'
import { gapRoutes } from './numbers/gap-routes'
import { sequentialIdService } from './numbers/grpc'
import { createLeaseSweeper } from './numbers/lease-expiry'
import { oneNumberRoutes } from './numbers/one-number-routes'
import { createQuotas } from './numbers/quotas'
import { createNumberReads } from './numbers/reads'
import { numberRoutes } from './numbers/routes'
import { createNumberService } from './numbers/service'
import { simpleRoutes } from './numbers/simple-routes'
import { warnOfOverlaps } from './sequences/overlap'
import { periodRoutes } from './sequences/period-routes'
import { createRangeWatch } from './sequences/range-watch'
import { createRulesRepository } from './sequences/repository'
import { sequenceRoutes } from './sequences/routes'
import { createSequenceService } from './sequences/service'
import { drawRoutes } from './sites/draw-routes'
import { createDrawService } from './sites/draw-service'
import { createKnownSites } from './sites/known-sites'
import { createSiteRepository } from './sites/repository'
import { siteRoutes } from './sites/routes'
import { createSiteService } from './sites/service'

// A change of rules may read every number of its sequence: as long as the server's statement_timeout allows.
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
  const tracing = traceService('sequencer', config, log)
  const metrics = createMetrics('sequencer')
  const numberMetrics = createSequencerMetrics(metrics.registry)
  const pool = openDatabase('sequencer', config, { log, metrics })
  const pools = openReadPools('sequencer', config, { log, metrics })
  const readDb = withQueryTimeout(pools.read, config.requestTimeoutMs)
  const heavyDb = withQueryTimeout(pools.heavy, config.requestTimeoutMs)
  // Neither a frozen database nor a network that drops packets holds a request for ever.
  const db = withQueryTimeout(pool, config.requestTimeoutMs)
  const prisma = prismaOn(pool)
  const knownSequences = createKnownSequences(prisma)
  const readSequences = createKnownSequences(prismaOn(pools.read))
  const ledgerCheckpoints = createCheckpoints(pools.heavy, config.signingKey)
  const source =
    config.keptCheckpoint === undefined
      ? undefined
      : createCheckpointSource(config.keptCheckpoint, ledgerCheckpoints.check)
  const gate = createLedgerGate({
    db,
    checkpoints: ledgerCheckpoints,
    source,
    patienceMs: config.requestTimeoutMs,
    log,
  })
  const checkpoints = ofOpenLedger(ledgerCheckpoints, gate)
  const allocator = createAllocator({
    ...config,
    gate,
    pool,
    sequences: knownSequences,
    log,
    metrics: numberMetrics,
  })
  const rules = createRulesRepository({
    prisma,
    db: withQueryTimeout(pool, ruleChangeLimitMs),
    write: gate.writeToOlder,
  })
  const sequences = createSequenceService({
    repository: rules,
    db,
    write: gate.write,
    sequences: knownSequences,
  })
  const siteRepository = createSiteRepository({ prisma, db, write: gate.write })
  const knownSites = createKnownSites(siteRepository)
  const sites = createSiteService({ repository: siteRepository, sites: knownSites })
  const quotas = createQuotas(config, { sequences: knownSequences, allocator, log })
  const numbers = createNumberService({ db, allocator, quotas, sites: knownSites })
  const reads = createNumberReads({ db: readDb, heavyDb, sequences: readSequences, allocator })
  const draws = createDrawService({ db: readDb, heavyDb, sites: knownSites, allocator, numbers, reads })
  const importNumbers = createImportNumbers({
    pool: pools.heavy,
    sequences: knownSequences,
    sites: knownSites,
    gate,
  })
  const on = config.demos ?? config.nodeEnv !== 'production'
  const demos = createDemos({ db, sequences: knownSequences, sites: knownSites, allocator, on })
  const liveStream = createLiveStream({
    db: pools.read,
    missedDb: pools.heavy,
    maxListeners: config.maxListeners,
    log,
  })
  const schema = schemaOfBuild(__dirname, ownsLedger(config))
  const audit = createAuditService({ pool: pools.heavy, checkpoints, schema, log })
  const checkpointLog = createCheckpointLog(checkpoints, log)
  const keyRepository = createKeyRepository({ pool, db, write: gate.write, writeToOlder: gate.writeToOlder })
  const knownKeys = createKnownKeys({ staleAfterMs: config.apiKeysMaxAgeMs })
  const followedKeys = createFollowedKeys({ repository: keyRepository, known: knownKeys, log })
  const keys = createKeyService({ repository: keyRepository, followed: followedKeys })
  numberMetrics.showWaiting(allocator.waiting)

  const routes = [
    ...numberRoutes({ numbers, reads }),
    ...gapRoutes(reads),
    ...batchRoutes(numbers),
    ...oneNumberRoutes({ numbers, reads }),
    ...simpleRoutes(numbers),
    ...drawRoutes(draws),
    ...sequenceRoutes(sequences),
    ...periodRoutes(sequences),
    ...importRoutes(importNumbers),
    ...demoRoutes(demos),
    ...siteRoutes(sites),
    ...apiKeyRoutes(keys),
    ...followerRoutes(followedKeys, keys),
    ...auditRoutes(audit),
    ...proofRoutes(audit),
    ...streamRoutes(liveStream),
    ...diagnosticsRoutes({
      name: 'sequencer',
      nodeEnv: config.nodeEnv,
      mode: modeOf(config),
      appFolder: __dirname,
      pool,
      pools,
      metrics,
      log,
      own: ownDiagnostics,
      readOwn: createOwnDiagnostics({
        db: readDb,
        heavyPool: pools.heavy,
        schema,
        repository: rules,
        checkpoints: {
          signed: checkpoints.canSign,
          loggedAt: checkpointLog.loggedAt,
          givenAt: audit.signedAt,
        },
      }),
    }),
  ]
  const offered = config.getIssues
    ? routes
    : routes.filter((route) => !(route.method === 'get' && route.issues))
  const access = { table: sequencerAccess, mode: modeOf(config) }
  const calls = sequentialIdService({ numbers, reads }, __dirname)

  return createService({
    name: 'sequencer',
    description: 'Issues numbers that are sequential, gap-free, formatted, audited, and safe to retry.',
    http: config,
    tokens: config,
    managedKeys: knownKeys,
    log,
    metrics,
    tracing,
    pool,
    pools,
    errors: errorTable,
    routes: guardRoutes(offered, access),
    site: consoleSite(config, __dirname, log),
    checks: [{ name: 'ledger', required: true, check: gate.check }],
    background: [
      gate,
      quotas,
      warnOfPowerfulRole(pool, log),
      warnOfOtherSchema(pools.heavy, schema, log),
      warnOfOverlaps(rules, log),
      followedKeys,
      createKeyRegistration({ db, write: gate.write, apiKeys: config.apiKeys, log }),
      createLeaseSweeper({ db, allocator, gate, log, tracing }),
      createRangeWatch({ db: readDb, repository: rules, show: numberMetrics.showValuesLeft, log }),
      checkpointLog,
      liveStream,
    ],
    grpc: {
      port: config.grpcPort,
      serve: grpcServer([guardCalls(calls, access)]),
    },
  })
}

/** Its own variable alone asks for callers that are known, of any role, as it did before there was one for all services. */
const modeOf = (config: SequencerConfig): AccessMode =>
  config.requireAuthentication && !config.requireAuthenticationOfAll ? 'known' : accessModeOf(config)

/** The other formats quote the source: for each query that fails they read all of the bundle, which a flood waits for. */
const prismaOn = (pool: Pool) =>
  samePlace(new PrismaClient({ adapter: new PrismaPg(pool), errorFormat: 'minimal' }), pool)
