import { isInstalled } from './programs'

const required = process.env.ORDINAL_REQUIRE_ALL_SUITES === '1'

/** Tests that need helm and kubectl; skipped with a notice without them, unless no suite may be skipped. */
export function withPrograms(what: string, tests: () => void): void {
  if (!isInstalled && !required)
    process.stderr.write(
      `SKIPPED: ${what}, since helm and kubectl are not here: make deploy-tools installs them\n`,
    )
  const run = isInstalled || required ? describe : describe.skip
  run(what, tests)
}
