import type { Redis } from 'ioredis'
import { orReconnect } from '@ordinal/redis'

// In one script: between a look and the correction the group could read on, and would be set back.
const correct = `
  local function field(flat, name)
    for i = 1, #flat, 2 do if flat[i] == name then return flat[i + 1] end end
  end
  local stream = redis.call('XINFO', 'STREAM', KEYS[1])
  local last = field(stream, 'last-generated-id')
  for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
    if field(group, 'name') == ARGV[1] and field(group, 'last-delivered-id') == last then
      redis.call('XGROUP', 'SETID', KEYS[1], ARGV[1], last, 'ENTRIESREAD', field(stream, 'entries-added'))
      return 1
    end
  end
  return 0`

/**
 * Whether a group has read its stream to the end, whatever its lag is said to be; then that is corrected. Redis 7.0 counts
 * what was trimmed unread as unread for ever.
 */
export const hasReadAll = async (redis: Redis, stream: string, group: string): Promise<boolean> =>
  (await orReconnect(redis, redis.eval(correct, 1, stream, group))) === 1
