import { hasPgbouncer } from './test-pgbouncer'

const required = process.env.ORDINAL_REQUIRE_ALL_SUITES === '1'

/** Tests that need PgBouncer; skipped with a notice where it is not installed, unless no suite may be skipped. */
export function withPgbouncer(what: string, tests: () => void): void {
  const skipped = !hasPgbouncer && !required
  if (skipped) process.stderr.write(`SKIPPED: ${what}, since there is no pgbouncer here\n`)
  ;(skipped ? describe.skip : describe)(what, tests)
}
