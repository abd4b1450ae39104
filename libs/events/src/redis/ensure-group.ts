import type { Redis } from 'ioredis'
import { orReconnect } from '@ordinal/redis'

/** Makes a consumer group if it is missing, and its stream: all that the stream still has is for it. */
export async function ensureGroup(redis: Redis, stream: string, group: string): Promise<void> {
  try {
    await orReconnect(redis, redis.xgroup('CREATE', stream, group, '0', 'MKSTREAM'))
  } catch (error) {
    if (!String(error).includes('BUSYGROUP')) throw error
  }
}
