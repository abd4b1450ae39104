import { existsSync, mkdirSync, mkdtempSync, rmdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { dirname, join } from 'node:path'
import Table from 'cli-table3'
import { percentileChartOf, percentilesOf } from './chart'
import { reportedPercentiles, type Latencies, type Measured } from './measurements'
import type { Result } from './run'

const shownFindings = 20
const onceSent = '  once sent'

/** What does not show in the figures of a service: limits that are there for other callers. */
const hints = new Map([
  [
    'rate_limited',
    'callers without a key are limited: --token (make token ROLE=admin), or --api-key, goes without',
  ],
  ['quota_exceeded', 'the quota of a caller is used up: SEQUENCER_QUOTA_NUMBERS of the sequencer'],
])

/** The report for people. */
export function textOf(result: Result): string {
  const { settings, seconds, operations, measured, limits, check, interrupted } = result
  const lines = [
    '',
    `${settings.workload}, ${loopOf(result)}, ${seconds.toFixed(1)} s${interrupted ? ' (interrupted)' : ''}`,
    '',
    tableOf(result),
    ...errorLines(operations),
  ]
  if (settings.perSecond !== undefined)
    lines.push(
      `Latencies are from the moment when a request was to be sent; "${onceSent.trim()}" from when it was.`,
    )
  if (measured.requests === 0) lines.push('Nothing was sent.')
  for (const { name, limit, value, isKept } of limits)
    lines.push(`${isKept ? 'kept' : 'NOT KEPT'}: ${name} ${value}, limit ${limit}`)
  if (check) {
    const { orders, numbers, unknown, findings } = check
    lines.push(
      '',
      `Placed ${orders.placed} orders and deleted ${orders.deleted} of them: ${orders.held} are there. ` +
        `Answered ${numbers.answered} numbers: ${numbers.held} are in the ledger.` +
        (unknown > 0 ? ` What became of ${unknown} requests is not known.` : ''),
    )
    for (const { kind, detail } of findings.slice(0, shownFindings)) lines.push(`  ${kind}: ${detail}`)
    if (findings.length > shownFindings) lines.push(`  and ${findings.length - shownFindings} more`)
    lines.push(
      findings.length === 0
        ? 'What was answered is what the services hold, row by row.'
        : `${findings.length} DIFFERENCES between what was answered and what the services hold.`,
    )
  }
  return `${lines.join('\n')}\n`
}

function loopOf({ settings: { concurrency, perSecond } }: Result): string {
  return perSecond === undefined
    ? `closed loop of ${concurrency}`
    : `open loop of ${perSecond} a second, at most ${concurrency} under way`
}

function tableOf({ operations, measured, seconds, settings }: Result): string {
  const table = new Table({
    head: ['', 'requests', 'per second', ...reportedPercentiles.map((p) => `p${p} ms`), 'max ms', 'errors'],
    colAligns: ['left', ...Array.from({ length: reportedPercentiles.length + 4 }, () => 'right' as const)],
    style: { head: [], border: [], compact: true },
  })
  const figuresOf = (latencies: Latencies) =>
    [...reportedPercentiles.map((p) => latencies.at(p)), latencies.max].map((ms) => ms.toFixed(2))
  const addRows = (name: string, { requests, succeeded, failed, response, service }: Measured) => {
    const counts = [requests.toLocaleString('en'), (succeeded / seconds).toFixed(1)]
    table.push([name, ...counts, ...figuresOf(response), failed.toLocaleString('en')])
    if (settings.perSecond !== undefined) table.push([onceSent, '', '', ...figuresOf(service), ''])
  }
  for (const operation of operations) addRows(operation.name, operation)
  if (settings.workload === 'mixed') addRows('all', measured)
  return table.toString()
}

function errorLines(operations: Result['operations']): string[] {
  const lines = operations.flatMap(({ name, errors }) =>
    Object.entries(errors).map(([code, times]) => `${name}: ${code} ${times.toLocaleString('en')} times`),
  )
  const met = [...hints].filter(([code]) => operations.some(({ errors }) => code in errors))
  return [...lines, ...met.map(([code, hint]) => `${code}: ${hint}`)]
}

/** The report for programs: everything that was measured, and nothing secret. */
function jsonOf(result: Result) {
  const { run, at, settings, seconds, interrupted, operations, measured, limits, check, userId } = result
  const figures = ({ requests, succeeded, failed, errors, response, service }: Measured) => ({
    requests,
    succeeded,
    failed,
    errors,
    per_second: succeeded / seconds,
    response_ms: inMs(response),
    service_ms: inMs(service),
  })
  return {
    run,
    at,
    user_id: userId,
    workload: settings.workload,
    concurrency: settings.concurrency,
    rate: settings.perSecond ?? null,
    seconds,
    interrupted,
    machine: { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, node: process.version },
    operations: operations.map((operation) => ({ name: operation.name, ...figures(operation) })),
    measured: figures(measured),
    limits: limits.map(({ name, limit, value, isKept }) => ({ name, limit, value, kept: isKept })),
    check: check ?? null,
  }
}

const inMs = (latencies: Latencies) => ({
  count: latencies.count,
  mean: latencies.mean,
  max: latencies.max,
  percentiles: percentilesOf(latencies),
})

/**
 * Makes the folder of a report, and sees that files can be made there: before a load, whose report would be lost.
 *
 * @throws Error in one line
 */
export function prepareFolder(folder: string): void {
  const missing: string[] = []
  for (let at = folder; !existsSync(at); at = dirname(at)) missing.unshift(at)
  try {
    // One by one: where none can be made, as in /proc, Node's `recursive` tries for ever.
    for (const each of missing) mkdirSync(each)
    rmdirSync(mkdtempSync(join(folder, '.can-write-')))
  } catch (error) {
    throw new Error(
      `The report cannot be written to ${folder} (${(error as Error).message}): name another folder with --report, or --no-report`,
      { cause: error },
    )
  }
}

/** Writes `report.txt`, `report.json` and `latency.svg` to a folder that is there; gives their names. */
export async function writeReport(folder: string, result: Result): Promise<string[]> {
  const files = {
    'report.txt': textOf(result).trimStart(),
    'report.json': `${JSON.stringify(jsonOf(result), null, 2)}\n`,
    'latency.svg': await percentileChartOf(`${result.settings.workload}, ${loopOf(result)}`, result),
  }
  return Object.entries(files).map(([name, text]) => {
    const file = join(folder, name)
    writeFileSync(file, text)
    return file
  })
}

/** 0 if the limits are kept and what was answered is held; 130 after an interruption. */
export function exitCodeOf({ limits, check, interrupted, measured }: Result): number {
  if (limits.some(({ isKept }) => !isKept) || (check && check.findings.length > 0)) return 1
  if (interrupted) return 130
  // A run of which nothing succeeded has measured nothing.
  return measured.succeeded === 0 ? 1 : 0
}
