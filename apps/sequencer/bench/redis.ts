import { once } from 'node:events'
import { PrismaPg } from '@prisma/adapter-pg'
import { createLogger } from '@ordinal/logging'
import { createMetrics } from '@ordinal/metrics'
import { createService, openDatabase } from '@ordinal/service'
import { Redis } from 'ioredis'
import { parseConfig } from '@ordinal/config'
import { sequencerConfig } from '../src/config'
import { createSequence } from '../src/core/sequence'
import { formatNumber } from '@ordinal/audit'
import { PrismaClient } from '../src/generated/prisma/client'
import { numberRoutes } from '../src/http/numbers'
import type { Allocator } from '../src/ledger/allocator'
import { createSequences } from '../src/ledger/sequences'

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

  const sequences = createSequences(new PrismaClient({ adapter: new PrismaPg(pool) }))
  const { rules } = await sequences.load('SG')
  const { period, frame } = createSequence(rules).slotAt(Date.now())
  const issue: Allocator['issue'] = async ({ prefix }) => {
    const value = await redis.incr(prefix)
    return {
      period,
      numbers: [{ value, number: formatNumber(frame, value), state: 'issued' }],
      replayed: false,
    }
  }
  const allocator = { issue } as Allocator
  const routes = numberRoutes({ db: pool, heavyDb: pool, sequences, allocator, issueForSite: issue })
  await createService({ name: 'redis', description: '', http: config, log, metrics, pool, routes }).start()
}
