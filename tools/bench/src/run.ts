import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { withResults, writeReport } from './instrument/document'
import { describeMachine } from './instrument/machine'
import { measureSuite } from './instrument/measure'
import { printChanges, printResult } from './instrument/print'
import { isBuiltIn, isInstalled, missingFor } from './instrument/requirements'
import { readResults, replaceResults, writeResults, type Result } from './instrument/results'
import type { Suite, Thoroughness } from './instrument/suite'
import { changesOf } from './instrument/verdict'
import { openStage, root } from './stage'

const readme = join(root, 'README.md')
const savedFile = join(root, 'docs/benchmarks/results.json')

export interface RunOptions {
  settings: Thoroughness
  /** Put the results in place of those that are saved, and write the report. */
  save: boolean
  /** Compare ratios with those that are saved; by how much they may be smaller. */
  tolerance?: number | undefined
}

const tell = (line: string) => process.stderr.write(`${line}\n`)

/**
 * Measures suites, one after another, prints them, and writes them as JSON and as a report.
 *
 * @throws Error if what a suite needs is missing, if an answer was not as it has to be, or if a ratio has become worse
 */
export async function runSuites(
  suites: readonly Suite[],
  { settings, save, tolerance }: RunOptions,
): Promise<void> {
  for (const line of missingFor(suites, isInstalled, isBuiltIn(root))) tell(line)
  const saved = readResults(savedFile)
  const results: Result[] = []
  for (const suite of suites) results.push(await runSuite(suite, settings))
  for (const result of results) printResult(result)

  const folder = join(root, 'bench-results', new Date().toISOString().replaceAll(':', '-'))
  writeResults(join(folder, 'results.json'), results)
  console.log(`\nAll rounds: ${join(folder, 'results.json')}`)
  console.log(`As a report: ${await writeReport(folder, results)}`)
  if (tolerance !== undefined) requireNoWorse(saved, results, tolerance)
  if (save) {
    const all = replaceResults(saved, results)
    writeResults(savedFile, all)
    console.log(`Saved: ${savedFile}, ${await writeReport(join(root, 'docs'), all)}`)
    writeFileSync(readme, withResults(readFileSync(readme, 'utf8'), all))
  }
}

async function runSuite(suite: Suite, settings: Thoroughness): Promise<Result> {
  tell(`${suite.name}: starting PostgreSQL and the services.`)
  const stage = await openStage({ standby: suite.standby ?? false })
  try {
    const machine = await describeMachine(stage)
    const opened = await suite.open(stage, settings, (line) => tell(`${suite.name}: ${line}`))
    return { ...(await measureSuite(suite, opened, settings, tell)), machine }
  } finally {
    await stage.close()
  }
}

function requireNoWorse(saved: readonly Result[], results: readonly Result[], tolerance: number): void {
  const changes = changesOf(saved, results, tolerance)
  printChanges(changes)
  const worse = changes.filter((change) => change.worse)
  if (worse.length > 0)
    throw new Error(
      `Worse than what was saved, by more than ${Math.round(tolerance * 100)} %: ` +
        worse.map(({ suite, title }) => `${suite}, ${title}`).join('; '),
    )
}
