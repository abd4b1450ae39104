import { randomUUID } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { grpcLoad } from './grpc-load'
import { load, post, requireSuccess, type Load } from './load'
import { printReport, type InProcess, type Report } from './report'
import { measureAudit } from './sequencer-audit'
import { openStage, root, type Contestant, type Stage } from './stage'

const connections = 64
const manySequences = Array.from({ length: 100 }, (_, index) => `BENCH-${index}`)

/** Who has a turn in every round. */
interface Entry {
  name: string
  title: string
  contestants: Contestant[]
  request: () => string
  /** How a turn is made, if not by these requests over HTTP. */
  turn?: (seconds: number) => Promise<Load>
  /** How many numbers an answer has. */
  numbers: number
  /** Where its numbers are. */
  database?: string
}

const one = post('/api/v1/next/SG')

/**
 * Measures everything side by side: each round has a turn of every contestant, so that a machine that is busy for a
 * moment disturbs all alike. Prints a table, and saves all rounds as JSON.
 *
 * @param options.quick short turns, to see that it works: its figures mean nothing
 * @throws Error if an answer was not 2xx, or the numbers in a database are not exactly those that were answered
 */
export async function runBenchmarks({ quick }: { quick: boolean }): Promise<void> {
  const [seconds, rounds, past] = quick ? [0.3, 1, 20_000] : [4, 3, 5_000_000]
  const tell = (line: string) => process.stderr.write(`${line}\n`)
  tell('Starting PostgreSQL and the servers.')
  const stage = await openStage()
  try {
    const grouped = await stage.startSequencer('grouped')
    tell(`Filling a ledger with ${past.toLocaleString('en')} numbers.`)
    await stage.fill('grown', past)
    const entries = await enterAll(stage, grouped)
    await delay(quick ? 0 : 3_000)
    const idleMb = grouped.residentMb()
    const turns = new Map(entries.map(({ name }) => [name, [] as Load[]]))
    const issued = new Map([['grown', past]])
    let loadedMb = 0

    for (let round = 0; round <= rounds; round += 1) {
      for (const { name, title, contestants, request, turn: own, numbers, database } of entries) {
        tell(round === 0 ? `Warming up: ${title}` : `Round ${round} of ${rounds}: ${title}`)
        const ports = contestants.map(({ port }) => port)
        const turn = await (own ? own(seconds) : load(ports, request, connections, seconds))
        requireSuccess(title, turn)
        if (database) issued.set(database, (issued.get(database) ?? 0) + turn.requests * numbers)
        if (name === 'sequencer') loadedMb = Math.max(loadedMb, grouped.residentMb() ?? 0)
        if (round > 0) turns.get(name)!.push(turn)
      }
    }
    for (const [database, count] of issued) {
      if (!(await stage.isDense(database, count)))
        throw new Error(
          `the numbers in ${database} are not exactly the ${count} that were answered, without a hole`,
        )
    }
    tell('The ledger with a past, verified and exported.')
    const audit = await measureAudit(stage, 'grown')
    tell('In process, with 64 callers.')
    const inProcess = JSON.parse(await stage.runInProcess(seconds, rounds)) as InProcess

    const report: Report = {
      at: new Date().toISOString(),
      machine: {
        cpu: cpus()[0]?.model ?? 'unknown',
        cores: cpus().length,
        node: process.version,
        postgres: await stage.show('server_version'),
        fsync: await stage.show('fsync'),
      },
      settings: { connections, seconds, rounds, past, quick },
      rest: entries.map(({ name, title, numbers }) => ({ name, title, numbers, rounds: turns.get(name)! })),
      inProcess,
      audit,
      memory: { idleMb, loadedMb },
    }
    printReport(report)
    mkdirSync(join(root, 'bench-results'), { recursive: true })
    const file = join('bench-results', `${report.at.replaceAll(':', '-')}.json`)
    writeFileSync(join(root, file), `${JSON.stringify(report, null, 2)}\n`)
    console.log(`\nAll rounds: ${file}`)
  } finally {
    await stage.close()
  }
}

/** Starts all who are to be measured beside the service. */
async function enterAll(stage: Stage, grouped: Contestant): Promise<Entry[]> {
  const enter = (
    name: string,
    title: string,
    contestants: Contestant[],
    {
      request = () => one,
      numbers = 1,
      ...others
    }: Partial<Pick<Entry, 'request' | 'turn' | 'numbers' | 'database'>> = {},
  ): Entry => ({ name, title, contestants, request, numbers, ...others })
  const own = { database: 'grouped' }

  await stage.define('grouped', manySequences)
  let next = 0
  const ofMany = () => post(`/api/v1/next/${manySequences[(next += 1) % manySequences.length]}`)
  const withKey = () => post('/api/v1/next/SG', [`Idempotency-Key: ${randomUUID()}`])
  const hundred = post('/api/v1/next/SG', ['Content-Type: application/json'], '{"count":100}')
  const single = { SEQUENCER_GROUP_COMMIT: 'false' }
  const redis = await stage.startRedis()
  const second = await stage.startSequencer('grouped')

  return [
    enter('node', '(a) bare node:http, a constant', [await stage.startConstant('node')]),
    enter('express', '(b) plain Express, a constant', [await stage.startConstant('express')]),
    ...(redis ? [enter('redis', '(d) Redis INCR, the same HTTP', [redis])] : []),
    enter('sequencer', 'a number per request, all middleware', [grouped], own),
    enter('withKeys', 'the same, with an Idempotency-Key each', [grouped], { ...own, request: withKey }),
    enter('grpc', 'over gRPC, on 8 connections', [grouped], {
      ...own,
      turn: (seconds) =>
        grpcLoad({ root, port: grouped.grpcPort! }, 'GetNext', { prefix: 'SG' }, connections, seconds),
    }),
    enter('manySequences', 'over 100 sequences', [grouped], { ...own, request: ofMany }),
    enter('twoInstances', 'on two instances', [grouped, second], own),
    enter('grown', 'in a ledger with a past', [await stage.startSequencer('grown')], { database: 'grown' }),
    enter('hundred', '100 numbers per request', [grouped], { ...own, request: () => hundred, numbers: 100 }),
    enter('single', '(c) one transaction per number', [await stage.startSequencer('single', single)], {
      database: 'single',
    }),
  ]
}
