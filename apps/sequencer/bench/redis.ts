import { once } from 'node:events'
import { PrismaPg } from '@prisma/adapter-pg'
import { createLogger } from '@ordinal/logging'
import { createMetrics } from '@ordinal/metrics'
import { createService, openDatabase } from '@ordinal/service'
import { Redis } from 'ioredis'
import { parseConfig } from '@ordinal/config'
import { sequencerConfig } from '../src/config'
import { errorTable } from '../src/domain/errors'
import { createSequence } from '../src/domain/sequence'
import { formatNumber } from '@ordinal/audit'
import { PrismaClient } from '../src/generated/prisma/client'
import { createNumberReads } from '../src/numbers/reads'
import { numberRoutes } from '../src/numbers/routes'
import { createNumberService } from '../src/numbers/service'
import type { Quotas } from '../src/numbers/quotas'
import type { Allocator } from '../src/ledger/allocator'
import { createKnownSequences } from '../src/ledger/known-sequences'

/**
 * The sequencer's HTTP, middleware and log, with Redis `INCR` in place of the ledger: fast, not durable, without an
 * audit, and with a hole for every answer that is lost. What the ledger is compared with.
 */
export async function serveRedis(redisPort: number): Promise<void> {
  const config = parseConfig(sequencerConfig, process.env)
  const log = createLogger({ service: 'redis', level: config.logLevel })
  const metrics = createMetrics('redis')
  const pool = openDatabase('redis', config, { log, metrics })
  const redis = new Redis(redisPort, { enableAutoPipelining: true })
  await once(redis, 'ready')

  const sequences = createKnownSequences(new PrismaClient({ adapter: new PrismaPg(pool) }))
  const { rules } = await sequences.load('SG')
  const slot = createSequence(rules).slotAt(Date.now())
  const issue: Quotas['issue'] = async ({ prefix }) => {
    const value = await redis.incr(prefix)
    return {
      period: slot.period,
      numbers: [{ value, number: formatNumber(slot.frame, value), state: 'issued' }],
      replayed: false,
    }
  }
  const allocator = { slotFor: () => Promise.resolve(slot) } as unknown as Allocator
  const sites = { requireOpen: () => Promise.reject(new Error('There are no sites')) }
  const numbers = createNumberService({ db: pool, allocator, quotas: { issue }, sites })
  const reads = createNumberReads({ db: pool, heavyDb: pool, sequences, allocator })
  const routes = numberRoutes({ numbers, reads })
  await createService({
    name: 'redis',
    description: '',
    http: config,
    log,
    metrics,
    pool,
    routes,
    errors: errorTable,
  }).start()
}
