import type { Load } from './load'

interface Round {
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
  settings: { connections: number; seconds: number; rounds: number; quick: boolean }
  rest: Record<'node' | 'express' | 'sequencer' | 'sequencerWithKeys' | 'oneTransactionEach', Load[]>
  inProcess: InProcess
  memory: { idleMb: number | undefined; loadedMb: number }
}

const titles: Record<keyof Report['rest'], string> = {
  node: '(a) bare node:http, a constant',
  express: '(b) plain Express, a constant',
  sequencer: 'a number per request, all middleware',
  sequencerWithKeys: 'the same, with an Idempotency-Key each',
  oneTransactionEach: '(c) one transaction per number',
}

/** Prints the medians of all rounds as a table, and what was aimed for. */
export function printReport({ machine, settings, rest, inProcess, memory }: Report): void {
  const { cpu, cores, node, postgres, fsync } = machine
  console.log(`\n${cpu}, ${cores} cores, all on it; Node ${node}, PostgreSQL ${postgres}, fsync ${fsync}`)
  console.log(
    `Medians of ${settings.rounds} rounds of ${settings.seconds} s, ${settings.connections} connections\n`,
  )

  const rows: [string, Round][] = [
    ...Object.entries(titles).map(([name, title]): [string, Round] => [
      title,
      median(rest[name as keyof Report['rest']]),
    ]),
    ['in process, 64 callers', median(inProcess.grouped)],
    ['in process, one transaction per number', median(inProcess.single)],
    ['in process, one caller', inProcess.alone],
  ]
  console.log(row('', 'per second', 'p50 ms', 'p99 ms'))
  for (const [title, { perSecond, p50Ms, p99Ms }] of rows) {
    console.log(row(title, Math.round(perSecond).toLocaleString('en'), p50Ms.toFixed(2), p99Ms.toFixed(2)))
  }

  const sequencer = median(rest.sequencer)
  const ratioTo = (name: keyof Report['rest']) => sequencer.perSecond / median(rest[name]).perSecond
  const inside = median(inProcess.grouped).perSecond / median(inProcess.single).perSecond
  console.log('\nAimed for')
  const aims: [string, string, boolean][] = [
    ['at least 0.4 of (a)', ratioTo('node').toFixed(2), ratioTo('node') >= 0.4],
    ['above (b)', ratioTo('express').toFixed(2), ratioTo('express') > 1],
    ['8 times (c)', ratioTo('oneTransactionEach').toFixed(1), ratioTo('oneTransactionEach') >= 8],
    ['p99 under 10 ms', sequencer.p99Ms.toFixed(1), sequencer.p99Ms < 10],
    ['40 times (c) in process', inside.toFixed(1), inside >= 40],
    ['under 120 MB idle', `${memory.idleMb ?? '?'}`, (memory.idleMb ?? 0) < 120],
    ['under 250 MB under load', `${memory.loadedMb}`, memory.loadedMb < 250],
  ]
  for (const [aim, value, met] of aims) console.log(row(aim, value, met ? 'met' : 'NOT MET', ''))
}

const row = (title: string, ...cells: string[]) =>
  `  ${title.padEnd(42)}${cells.map((cell) => cell.padStart(12)).join('')}`

/** Of each figure by itself. */
function median(rounds: Round[]): Round {
  const middle = (of: (round: Round) => number) =>
    rounds.map(of).sort((a, b) => a - b)[Math.floor(rounds.length / 2)] ?? 0
  return {
    perSecond: middle(({ perSecond }) => perSecond),
    p50Ms: middle(({ p50Ms }) => p50Ms),
    p99Ms: middle(({ p99Ms }) => p99Ms),
  }
}
