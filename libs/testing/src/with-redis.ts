import { suiteNeeding } from './needing'
import { hasRedis } from './test-redis'

/** Tests that need Redis; skipped with a notice where it is not installed, unless no suite may be skipped. */
export const withRedis = suiteNeeding('redis-server', hasRedis)
