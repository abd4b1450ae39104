import { hostname } from 'node:os'
import { Redis } from 'ioredis'
import { Pool } from 'pg'
import { consumeOrderEvents, schema } from './consumer'

const { DATABASE_URL, REDIS_URL = 'redis://localhost:6379', EVENT_STREAM = 'orders:events' } = process.env

async function start(): Promise<void> {
  const pool = new Pool({ connectionString: DATABASE_URL })
  await pool.query(schema)
  const ended = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => ended.abort())
  const redis = new Redis(REDIS_URL)
  await consumeOrderEvents({
    redis,
    pool,
    stream: EVENT_STREAM,
    group: 'shipping',
    member: hostname(),
    claimAfterMs: Number(process.env.CLAIM_AFTER_MS ?? 30_000),
    signal: ended.signal,
  })
  redis.disconnect()
  await pool.end()
}
// Whatever starts it starts it again: Kubernetes, systemd, Docker.
start().catch((error: Error) => {
  console.error(error.message)
  process.exit(1)
})
