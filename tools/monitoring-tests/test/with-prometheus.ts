import { isInstalled } from '../src/prometheus'

const required = process.env.ORDINAL_REQUIRE_ALL_SUITES === '1'

/** Tests that need Prometheus; skipped with a notice where it is not installed, unless no suite may be skipped. */
export function withPrometheus(what: string, tests: () => void): void {
  if (!isInstalled && !required) process.stderr.write(`SKIPPED: ${what}, since there is no Prometheus here\n`)
  const inPrometheus = isInstalled || required ? describe : describe.skip
  inPrometheus(what, tests)
}
