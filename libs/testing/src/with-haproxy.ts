import { hasHaproxy } from './test-haproxy'

const required = process.env.ORDINAL_REQUIRE_ALL_SUITES === '1'

/** Tests that need HAProxy; skipped with a notice where it is not installed, unless no suite may be skipped. */
export function withHaproxy(what: string, tests: () => void): void {
  const skipped = !hasHaproxy && !required
  if (skipped) process.stderr.write(`SKIPPED: ${what}, since there is no haproxy here\n`)
  ;(skipped ? describe.skip : describe)(what, tests)
}
