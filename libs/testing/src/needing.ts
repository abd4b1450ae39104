const noneMayBeSkipped = process.env.ORDINAL_REQUIRE_ALL_SUITES === '1'

/**
 * `describe` for suites that need a program: each is skipped with a notice where that is not installed, unless no suite may be
 * skipped.
 *
 * @param program as the notice names it
 */
export const suiteNeeding =
  (program: string, isThere: boolean) =>
  (what: string, tests: () => void): void => {
    const run = mayRun(what, program, isThere) ? describe : describe.skip
    run(what, tests)
  }

/**
 * `test` for those of a file that need a program, as for suites.
 *
 * @param what the notice says that is skipped: all of these tests
 */
export const testNeeding = (program: string, isThere: boolean, what: string): jest.It =>
  mayRun(what, program, isThere) ? test : test.skip

function mayRun(what: string, program: string, isThere: boolean): boolean {
  if (isThere || noneMayBeSkipped) return true
  process.stderr.write(`SKIPPED: ${what}, since there is no ${program} here\n`)
  return false
}
