import { randomUUID } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { load, type Load } from './load'
import { printReport, type InProcess, type Report } from './report'
import { openStage, root, type Contestant } from './stage'

const connections = 64
const path = '/api/v1/next/SG'

interface Entry {
  name: keyof Report['rest']
  contestant: Contestant
  headers?: () => string
  /** Where its numbers are. */
  database?: string
}

/**
 * Measures everything side by side: each round has a turn of every contestant, so that a machine that is busy for a
 * moment disturbs all alike. Prints a table, and saves all rounds as JSON.
 *
 * @param options.quick short turns, to see that it works: its figures mean nothing
 * @throws Error if an answer was not 2xx, or the numbers in a database are not exactly those that were answered
 */
export async function runBenchmarks({ quick }: { quick: boolean }): Promise<void> {
  const [seconds, rounds] = quick ? [0.3, 1] : [4, 3]
  const tell = (line: string) => process.stderr.write(`${line}\n`)
  tell('Starting PostgreSQL and the servers.')
  const stage = await openStage()
  try {
    const grouped = await stage.startSequencer('grouped')
    const entries: Entry[] = [
      { name: 'node', contestant: await stage.startConstant('node') },
      { name: 'express', contestant: await stage.startConstant('express') },
      { name: 'sequencer', contestant: grouped, database: 'grouped' },
      {
        name: 'sequencerWithKeys',
        contestant: grouped,
        database: 'grouped',
        headers: () => `Idempotency-Key: ${randomUUID()}\r\n`,
      },
      {
        name: 'oneTransactionEach',
        contestant: await stage.startSequencer('single', { SEQUENCER_GROUP_COMMIT: 'false' }),
        database: 'single',
      },
    ]
    await delay(quick ? 0 : 3_000)
    const idleMb = grouped.residentMb()
    const turns = entries.map(() => [] as Load[])
    const issued = new Map<string, number>()
    let loadedMb = 0

    for (let round = 0; round <= rounds; round += 1) {
      for (const [index, { name, contestant, headers, database }] of entries.entries()) {
        tell(round === 0 ? `Warming up: ${name}` : `Round ${round} of ${rounds}: ${name}`)
        const turn = await load(contestant.port, path, connections, seconds, headers)
        if (turn.failures > 0) throw new Error(`${name}: ${turn.failures} answers were not 2xx`)
        if (database) issued.set(database, (issued.get(database) ?? 0) + turn.requests)
        if (name === 'sequencer') loadedMb = Math.max(loadedMb, contestant.residentMb() ?? 0)
        if (round > 0) turns[index]!.push(turn)
      }
    }
    for (const [database, count] of issued) {
      if (!(await stage.isDense(database, count)))
        throw new Error(`the values of ${database} are not exactly 1 to ${count}`)
    }
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
      settings: { connections, seconds, rounds, quick },
      rest: Object.fromEntries(entries.map(({ name }, index) => [name, turns[index]])) as Report['rest'],
      inProcess,
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
