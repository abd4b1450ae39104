import { randomBytes } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { createCallers, type Ended } from './callers'
import { compare, type CheckResult, type Finding } from './check'
import { realClock } from './clock'
import { drive } from './drive'
import { readHeld } from './held'
import { judge, type LimitResult } from './limits'
import { createMeasurements, type Measured, type Measurements } from './measurements'
import { operationsOf, type Asking } from './operations'
import { prepare } from './prepare'
import type { OperationName, Settings } from './settings'
import { settle } from './settle'
import { createAnswers, type Answers } from './answers'

/** Shows how far a run is. */
export interface Progress {
  /** A step of it begins. */
  say: (what: string) => void
  /** The load is under way, until `end`. */
  begin: (settings: Settings, measurements: Measurements) => { end: () => void }
}

export interface Result {
  run: string
  at: string
  settings: Settings
  seconds: number
  interrupted: boolean
  operations: (Measured & { name: OperationName })[]
  /** All requests of the workload: without the orders that were placed to be changed. */
  measured: Measured
  limits: LimitResult[]
  /** Undefined if it was not asked for. */
  check?: CheckResult | undefined
  /** What the answers said. */
  answers: Answers
  userId: number
}

/**
 * A load test from beginning to end.
 *
 * @param interruption ends the load early; what was sent is reported and checked all the same
 * @throws Error in one line if the services are not there, or refuse what the test needs
 */
export async function runLoadTest(
  settings: Settings,
  progress: Progress,
  interruption: AbortSignal,
): Promise<Result> {
  const run = `loadtest-${randomBytes(5).toString('hex')}`
  const at = new Date().toISOString()
  const { ordinal, userId, apiKey, leave } = await prepare(settings, run)
  try {
    const answers = createAnswers()
    const asking: Asking = { settings: { ...settings, apiKey }, userId, run, answers }
    const { measurements, seconds } = await load(asking, settings, progress, interruption)
    const measured = measurements.asked()
    const check = settings.check ? await checkHeld() : undefined
    return {
      run,
      at,
      settings,
      seconds,
      interrupted: interruption.aborted,
      operations: measurements.operations(),
      measured,
      limits: judge(settings.limits, measured, seconds),
      check,
      answers,
      userId,
    }

    async function checkHeld(): Promise<CheckResult> {
      progress.say('Finding out what became of requests without an answer')
      await settle(ordinal, asking)
      progress.say('Comparing what was answered with what the services hold')
      const nothing = { orders: [], orderNumbers: [], numbers: [] }
      try {
        return compare(answers, await readHeld(ordinal, userId, run))
      } catch (error) {
        const finding: Finding = { kind: 'not_compared', detail: (error as Error).message }
        return { ...compare({ orders: [], numbers: [] }, nothing), findings: [finding] }
      }
    }
  } finally {
    await leave().catch((error: Error) =>
      progress.say(`The API key stays until it expires: ${error.message}`),
    )
  }
}

async function load(asking: Asking, settings: Settings, progress: Progress, signal: AbortSignal) {
  const { workload } = settings
  // Every caller listens to it.
  setMaxListeners(0, signal)
  const measurements = createMeasurements((name) => workload === 'mixed' || name === workload)
  const callers = createCallers(settings, operationsOf(asking), signal)
  const shown = progress.begin(settings, measurements)
  try {
    const { elapsedMs } = await drive<Ended>(
      { ...settings, patienceMs: settings.timeoutMs },
      {
        clock: realClock,
        signal,
        send: (caller) => callers.send(caller),
        note: ({ call, responseMs, serviceMs }) =>
          measurements.add(call?.operation.name, call ? call.error : 'not_sent', responseMs, serviceMs),
      },
    )
    return { measurements, seconds: elapsedMs / 1000 }
  } finally {
    shown.end()
    callers.close()
  }
}
