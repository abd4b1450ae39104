import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startCallers, type Callers } from '../callers'
import { neverInterrupted } from '../interruption'
import { until } from '../programs'
import { prove, readRecords, type Proof } from '../proof'
import { described, hasFoundLoss, isSilent, type Checked } from './check'
import { raiseCounters, restoreCheck } from './commands'
import { createInstallation, statusOf, type Installation } from './installation'
import type { Method } from './servers'

export interface Restored {
  proof: Proof
  /** Numbers that were acknowledged, and that the restored ledger did not have. */
  missing: number
  /** Of these, how many are void on record, with the reason of the restore. */
  explained: number
  /** Values that were skipped in all. */
  skipped: number
  /** Whether the service refused to issue before the counters were raised. */
  refused: boolean
  /** Whether `ordinal restore-check` found nothing before the loss, and after it what was lost and nothing else. */
  silent: boolean
  found: boolean
  fits: boolean
}

const reason = 'drill: the disk of the ledger was lost'

/** What the steps of a drill share. */
interface Drill {
  installation: Installation
  callers: Callers
  /** Waits until so many numbers more were acknowledged. */
  waitForNumbers: (count: number) => Promise<unknown>
  /** Runs `ordinal restore-check`, and says what it has found. */
  check: (...options: string[]) => Promise<Checked>
  /** How many numbers are drawn before the backup, after it, and after the restored moment. */
  numbers: number
  ended: AbortSignal
}

/**
 * Issues numbers under load, loses the ledger's server, restores it to a moment before its end, checks it, raises its
 * counters and goes on issuing.
 *
 * @param options.deaths how often the process that raises is killed before it is let finish
 * @param options.restMs of a caller after each answer
 * @param options.interrupted rejects when nobody wants the result any more: all that was started is ended then, too
 */
export async function restoreDrill(
  method: Method,
  say: (line: string) => void,
  { deaths = 2, numbers = 500, restMs = 0, interrupted = neverInterrupted } = {},
): Promise<Restored> {
  // Whoever was interrupted may still be at its work: it starts nothing more.
  const end = new AbortController()
  const installation = createInstallation(method, end.signal)
  let callers: Callers | undefined

  async function carryOut(): Promise<Restored> {
    await installation.start()
    callers = await startCallers(installation.urls, restMs)
    const drill = createDrill(installation, callers, { say, numbers, ended: end.signal })
    const moment = await backUp(drill)
    await keepCheckpoint(drill)
    const silent = await findsNothing(drill)
    await loseLedger(drill)
    say(`The ledger is lost, ${callers.numbers.length} numbers after its start. It is restored to ${moment}.`)
    await installation.ledger.restore(moment)
    const lost = await numbersLost(drill)
    const refused = await startRefused(drill)
    const { plan, found } = await checkRestored(drill)
    await raise(drill, plan, deaths)
    await resumeIssuing(drill)
    return { refused, silent, found, ...(await compareAll(drill, lost)) }
  }

  try {
    return await Promise.race([carryOut(), interrupted])
  } finally {
    end.abort()
    void callers?.stop().catch(() => undefined)
    await installation.end()
  }
}

function createDrill(
  installation: Installation,
  callers: Callers,
  { say, numbers, ended }: Pick<Drill, 'numbers' | 'ended'> & { say: (line: string) => void },
): Drill {
  return {
    installation,
    callers,
    numbers,
    ended,
    waitForNumbers(count) {
      const wanted = callers.numbers.length + count
      return until('numbers', () => callers.numbers.length >= wanted, 120_000)
    },
    async check(...options) {
      const checked = await restoreCheck(installation, ended, ...options)
      say(described(checked))
      return checked
    },
  }
}

/** A base backup under load, and the moment to restore to, after which numbers are issued that will be lost. */
async function backUp({ installation: { ledger }, waitForNumbers, numbers }: Drill): Promise<string> {
  await waitForNumbers(numbers)
  await ledger.takeBackup()
  await waitForNumbers(numbers)
  const moment = await ledger.psql('SELECT clock_timestamp()')
  await waitForNumbers(numbers)
  return moment
}

/** Keeps a checkpoint where the sequencer and `ordinal restore-check` read it. */
async function keepCheckpoint({ installation: { audit, checkpointFile } }: Drill): Promise<void> {
  writeFileSync(checkpointFile, (await audit.checkpoint()).checkpoint)
}

/** Checks the ledger that has lost nothing: whether nothing is found. */
const findsNothing = async ({ check }: Drill): Promise<boolean> => isSilent(await check())

/** Under load, with the sequencer: what is acknowledged last is in no checkpoint. */
async function loseLedger({ installation: { ledger, killService }, waitForNumbers }: Drill): Promise<void> {
  await ledger.archiveAll()
  await waitForNumbers(50)
  await ledger.destroy()
  killService('sequencer')
}

/** The numbers that were acknowledged, and that the restored ledger does not have. */
async function numbersLost({ installation: { databaseUrl }, callers }: Drill): Promise<string[]> {
  const kept = new Set((await readRecords(databaseUrl)).numbers.map(({ number }) => number))
  return callers.numbers.map(({ answer }) => answer).filter((number) => !kept.has(number))
}

// More than are drawn after the restored moment, which nobody outside may know of: on a busy machine that is far more than the
// drill waits for.
const margin = 2_000

/** Starts the sequencer on the restored ledger: whether it issues nothing, and is not ready. */
async function startRefused({ installation: { urls, startService, isReady } }: Drill): Promise<boolean> {
  startService('sequencer')
  await until('the sequencer listens', async () => (await statusOf(`${urls.sequencer}/health/live`)) === 200)
  return (
    (await statusOf(`${urls.sequencer}/api/v1/next/SG`, { method: 'POST' })) === 503 &&
    !(await isReady(urls.sequencer))
  )
}

/** The plan for raising the counters, and whether the check has found what was lost and nothing else. */
async function checkRestored({ installation: { folder, databaseUrl }, check }: Drill) {
  const file = join(folder, 'plan.json')
  const checked = await check('--plan', file, '--reason', reason, '--margin', String(margin))
  const found = hasFoundLoss(checked, await readRecords(databaseUrl))
  return { plan: readFileSync(file, 'utf8'), found }
}

/** By a process that is killed some times before one comes to its end. */
async function raise({ installation, ended }: Drill, plan: string, deaths: number): Promise<void> {
  for (let death = 1; death <= deaths; death += 1)
    await raiseCounters(installation, ended, plan, 400 * death + Math.random() * 800)
  await raiseCounters(installation, ended, plan)
}

/** Lets the service issue again, until the callers, who have waited all the time, have drawn more numbers. */
async function resumeIssuing({ installation, callers, waitForNumbers, numbers }: Drill): Promise<void> {
  const { ledger, urls, isReady } = installation
  await ledger.psql('ALTER SYSTEM RESET ordinal.restored')
  await ledger.psql('SELECT pg_reload_conf()')
  await until('the sequencer issues again', () => isReady(urls.sequencer))
  await waitForNumbers(numbers)
  await callers.stop()
}

/** Compares all answers with the ledger, and what was lost with what is void on record. */
async function compareAll({ installation, callers }: Drill, lost: readonly string[]) {
  const { ledger, databaseUrl, audit } = installation
  const ask = (sql: string) => ledger.psql(sql, 'sequencerdb')
  const issued = new Set((await readRecords(databaseUrl)).numbers.map(({ number }) => number))
  const voided = new Set(
    (
      await ask(`SELECT number FROM ledger WHERE event = 'skip' AND state = 'void' AND reason = '${reason}'`)
    ).split('\n'),
  )
  return {
    proof: await prove(databaseUrl, callers),
    missing: lost.length,
    explained: lost.filter((number) => voided.has(number) && !issued.has(number)).length,
    skipped: Number(await ask(`SELECT count(*) FROM ledger WHERE event = 'skip'`)),
    fits: (await audit.verify()).fits,
  }
}
