const { appendFileSync } = require('node:fs')
const { basename } = require('node:path')

/** A reporter for jest: adds a line `passed failed skipped project` to the file that ORDINAL_TEST_COUNTS names. */
module.exports = class CountTests {
  constructor({ rootDir }) {
    this.project = basename(rootDir)
  }

  onRunComplete(_contexts, results) {
    // A file that does not even load has no failed test in it.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites
    const skipped = results.numPendingTests + results.numTodoTests
    const counts = [results.numPassedTests, failed, skipped, this.project]
    appendFileSync(process.env.ORDINAL_TEST_COUNTS, `${counts.join(' ')}\n`)
  }
}
