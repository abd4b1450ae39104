import type { Redis } from 'ioredis'
import { orReconnect } from '@ordinal/redis'

const take = `
  local holder = redis.call('GET', KEYS[1])
  if holder and holder ~= ARGV[1] then return 0 end
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
  return 1`
const leave = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end`

/** A key that one of several instances holds, for as long as it renews it. */
export function createLease(redis: Redis, { key, holder, ms }: { key: string; holder: string; ms: number }) {
  return {
    /** Takes or renews it; gives whether it is ours now. */
    take: async () => (await orReconnect(redis, redis.eval(take, 1, key, holder, ms))) === 1,
    /** Lets another one have it at once. */
    leave: () => redis.eval(leave, 1, key, holder),
  }
}
