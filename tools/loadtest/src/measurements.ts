import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'
import { operationNames, type OperationName } from './settings'

const perMs = 1000
/** Latencies are kept in microseconds with three digits, up to an hour: HDR histograms, of a fixed size. */
const newHistogram = (): RecordableHistogram =>
  createHistogram({ lowest: 1, highest: 3_600_000 * perMs, figures: 3 })

const record = (histogram: RecordableHistogram, ms: number) =>
  histogram.record(Math.max(1, Math.round(ms * perMs)))

/** The parts of all requests that a report names. */
export const reportedPercentiles = [50, 90, 99, 99.9] as const

/** Latencies in milliseconds. */
export interface Latencies {
  count: number
  mean: number
  max: number
  /** By percentile. */
  at: (percentile: number) => number
}

const latenciesOf = (histogram: RecordableHistogram): Latencies => ({
  count: histogram.count,
  mean: histogram.count === 0 ? 0 : histogram.mean / perMs,
  max: histogram.count === 0 ? 0 : histogram.max / perMs,
  at: (percentile) => (histogram.count === 0 ? 0 : histogram.percentile(percentile) / perMs),
})

/** What happened to the requests of one kind, or to all. */
export interface Measured {
  requests: number
  succeeded: number
  /** By the code of the problem, or by what happened to the connection. */
  errors: Readonly<Record<string, number>>
  failed: number
  /** From the moment when a request was to be sent. */
  response: Latencies
  /** From the moment when it was sent. */
  service: Latencies
}

/** Errors that are nothing but waiting: their time counts, else a service would look fast that answers nothing. */
const isWaiting = (error: string) => error === 'no_answer' || error === 'not_sent'

/** Requests that are counted, and timed, together. */
function createCounts() {
  const histograms = { response: newHistogram(), service: newHistogram() }
  const errors: Record<string, number> = {}
  let requests = 0
  let failed = 0
  return {
    add(error: string | undefined, responseMs: number, serviceMs: number): void {
      requests += 1
      if (error !== undefined) {
        failed += 1
        errors[error] = (errors[error] ?? 0) + 1
        if (!isWaiting(error)) return
      }
      record(histograms.response, responseMs)
      if (error !== 'not_sent') record(histograms.service, serviceMs)
    },
    read: (): Measured => ({
      requests,
      succeeded: requests - failed,
      errors: { ...errors },
      failed,
      response: latenciesOf(histograms.response),
      service: latenciesOf(histograms.service),
    }),
  }
}

export type Measurements = ReturnType<typeof createMeasurements>

/** Counts by operation, of those that were asked for, of all, and since somebody looked last. */
export function createMeasurements(asked: (operation: OperationName) => boolean) {
  const byOperation = new Map<OperationName, ReturnType<typeof createCounts>>()
  const ofAsked = createCounts()
  const all = createCounts()
  let recent = createCounts()
  const countsOf = (operation: OperationName) => {
    const known = byOperation.get(operation) ?? createCounts()
    byOperation.set(operation, known)
    return known
  }
  return {
    /** @param operation undefined if it was given up before anybody knew what it would be */
    add(
      operation: OperationName | undefined,
      error: string | undefined,
      responseMs: number,
      serviceMs: number,
    ): void {
      const counted = [all, recent]
      if (operation !== undefined) counted.push(countsOf(operation))
      if (operation === undefined || asked(operation)) counted.push(ofAsked)
      for (const counts of counted) counts.add(error, responseMs, serviceMs)
    },
    operations: () =>
      operationNames.flatMap((name) => {
        const counts = byOperation.get(name)
        return counts ? [{ name, ...counts.read() }] : []
      }),
    asked: () => ofAsked.read(),
    all: () => all.read(),
    /** Since it was called last. */
    takeRecent(): Measured {
      const measured = recent.read()
      recent = createCounts()
      return measured
    },
  }
}
