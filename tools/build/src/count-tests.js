const { appendFileSync } = require('node:fs')
const { basename, relative } = require('node:path')
const { stripVTControlCharacters } = require('node:util')

const MESSAGE_LINES = 12

/**
 * A reporter for jest: adds a line `passed failed skipped project` to the file that ORDINAL_TEST_COUNTS names, and
 * before it each failed test by project, file and name, with the first lines of its message. All of these begin with `# `.
 */
module.exports = class CountTests {
  constructor({ rootDir }) {
    this.rootDir = rootDir
    this.project = basename(rootDir)
  }

  onRunComplete(_contexts, results) {
    // A file that does not even load has no failed test in it.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites
    const skipped = results.numPendingTests + results.numTodoTests
    const counts = [results.numPassedTests, failed, skipped, this.project].join(' ')
    const failures = results.testResults.flatMap((file) => this.failuresOf(file))
    appendFileSync(process.env.ORDINAL_TEST_COUNTS, [...failures, counts, ''].join('\n'))
  }

  failuresOf({ testFilePath, testExecError, testResults }) {
    const file = `${this.project} ${relative(this.rootDir, testFilePath)}`
    if (testExecError) return entry(`${file} does not load`, testExecError.stack ?? testExecError.message)
    return testResults
      .filter(({ status }) => status === 'failed')
      .flatMap(({ fullName, failureMessages }) => entry(`${file}: ${fullName}`, failureMessages.join('\n')))
  }
}

function entry(title, message) {
  const lines = stripVTControlCharacters(message)
    .split('\n')
    .filter((line) => line.trim())
  return [`FAILED ${title}`, ...lines.slice(0, MESSAGE_LINES).map((line) => `  ${line}`)].map(
    (line) => `# ${line}`,
  )
}
