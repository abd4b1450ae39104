import type { Load } from './load'
import { printAudit, type AuditFigures } from './sequencer-audit'

export interface Round {
  perSecond: number
  p50Ms: number
  p99Ms: number
}

/** What the sequencer's own benchmark prints. */
export interface InProcess {
  alone: Round
  grouped: Round[]
  single: Round[]
}

export interface Report {
  at: string
  machine: { cpu: string; cores: number; node: string; postgres: string; fsync: string }
  /** `past`: how many numbers a ledger has had that has a past. */
  settings: { connections: number; seconds: number; rounds: number; past: number; quick: boolean }
  /** Over REST; `numbers` is how many an answer has. */
  rest: { name: string; title: string; numbers: number; rounds: Load[] }[]
  inProcess: InProcess
  /** Of the ledger with a past. */
  audit: AuditFigures
  memory: { idleMb: number | undefined; loadedMb: number }
}

/** Prints the medians of all rounds as a table, and what was aimed for. */
export function printReport({ machine, settings, rest, inProcess, audit, memory }: Report): void {
  const { cpu, cores, node, postgres, fsync } = machine
  console.log(`\n${cpu}, ${cores} cores, all on it; Node ${node}, PostgreSQL ${postgres}, fsync ${fsync}`)
  console.log(
    `Medians of ${settings.rounds} rounds of ${settings.seconds} s, ${settings.connections} connections; ` +
      `the past: ${settings.past.toLocaleString('en')} numbers\n`,
  )

  const medians = new Map(rest.map(({ name, rounds }) => [name, median(rounds)]))
  const rows: [string, Round, number][] = [
    ...rest.map(({ name, title, numbers }): [string, Round, number] => [title, medians.get(name)!, numbers]),
    ['in process, 64 callers', median(inProcess.grouped), 1],
    ['in process, one transaction per number', median(inProcess.single), 1],
    ['in process, one caller', inProcess.alone, 1],
  ]
  console.log(row('', 'numbers/s', 'p50 ms', 'p99 ms'))
  for (const [title, { perSecond, p50Ms, p99Ms }, numbers] of rows) {
    const perSecondOf = Math.round(perSecond * numbers).toLocaleString('en')
    console.log(row(title, perSecondOf, p50Ms.toFixed(2), p99Ms.toFixed(2)))
  }

  printAudit(audit)

  const sequencer = medians.get('sequencer')!
  const inside = median(inProcess.grouped).perSecond / median(inProcess.single).perSecond
  console.log('\nAimed for')
  const aim = (text: string, value: number, met: boolean, digits = 2) =>
    console.log(row(text, value.toFixed(digits), met ? 'met' : 'NOT MET', ''))
  const ratio = (text: string, name: string, least: number) => {
    const other = medians.get(name)
    if (!other) return console.log(row(text, 'not measured: redis-server is not installed', '', ''))
    const value = sequencer.perSecond / other.perSecond
    aim(text, value, value >= least)
  }
  ratio('at least 0.4 of (a)', 'node', 0.4)
  ratio('above (b)', 'express', 1)
  ratio('8 times (c)', 'single', 8)
  ratio('as fast as (d)', 'redis', 1)
  const grown = medians.get('grown')!.perSecond / sequencer.perSecond
  aim('with a past at least 0.85 of without', grown, grown >= 0.85)
  if (audit.export.memory) {
    const { firstHalfMb, secondHalfMb } = audit.export.memory
    aim(
      'export: memory of its halves at most 1.1',
      secondHalfMb / firstHalfMb,
      secondHalfMb / firstHalfMb <= 1.1,
    )
  }
  const { perSecond: overGrpc } = medians.get('grpc')!
  console.log(row('gRPC against REST', (overGrpc / sequencer.perSecond).toFixed(2), '', ''))
  aim('over 10,000 requests/s', sequencer.perSecond, sequencer.perSecond > 10_000, 0)
  aim('p99 under 10 ms', sequencer.p99Ms, sequencer.p99Ms < 10, 1)
  aim('40 times (c) in process', inside, inside >= 40, 1)
  aim('under 120 MB idle', memory.idleMb ?? NaN, (memory.idleMb ?? 0) < 120, 0)
  aim('under 250 MB under load', memory.loadedMb, memory.loadedMb < 250, 0)
}

export const row = (title: string, ...cells: string[]) =>
  `  ${title.padEnd(42)}${cells.map((cell) => cell.padStart(12)).join('')}`

/** Of each figure by itself. */
export function median(rounds: Round[]): Round {
  const middle = (of: (round: Round) => number) =>
    rounds.map(of).sort((a, b) => a - b)[Math.floor(rounds.length / 2)] ?? 0
  return {
    perSecond: middle(({ perSecond }) => perSecond),
    p50Ms: middle(({ p50Ms }) => p50Ms),
    p99Ms: middle(({ p99Ms }) => p99Ms),
  }
}
