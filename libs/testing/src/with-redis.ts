import { hasRedis } from './test-redis'

const required = process.env.ORDINAL_REQUIRE_ALL_SUITES === '1'

/** Tests that need Redis; skipped with a notice where it is not installed, unless no suite may be skipped. */
export function withRedis(what: string, tests: () => void): void {
  if (!hasRedis && !required) process.stderr.write(`SKIPPED: ${what}, since there is no redis-server here\n`)
  const where = hasRedis || required ? describe : describe.skip
  where(what, tests)
}
