import type { Measured } from './measurements'
import type { Limits } from './settings'

export interface LimitResult {
  name: string
  limit: string
  value: string
  isKept: boolean
}

/** How a run has kept its limits. */
export function judge(limits: Limits, measured: Measured, seconds: number): LimitResult[] {
  const { maxErrors, minPerSecond } = limits
  const results: LimitResult[] = []
  const latencies = [
    ['p50', 50, limits.maxP50Ms],
    ['p90', 90, limits.maxP90Ms],
    ['p99', 99, limits.maxP99Ms],
    ['p99.9', 99.9, limits.maxP999Ms],
  ] as const
  for (const [name, percentile, most] of latencies) {
    if (most === undefined) continue
    const value = measured.response.at(percentile)
    // Nothing was answered: that is within no limit.
    const isKept = measured.response.count > 0 && value <= most
    results.push({ name, limit: `${most} ms`, value: `${value.toFixed(2)} ms`, isKept })
  }
  if (maxErrors !== undefined) {
    const { failed, requests } = measured
    const isPart = 'part' in maxErrors
    const value = isPart ? failed / Math.max(1, requests) : failed
    const most = isPart ? maxErrors.part : maxErrors.count
    const text = (value: number) => (isPart ? `${Number((value * 100).toFixed(3))} %` : String(value))
    results.push({ name: 'errors', limit: text(most), value: text(value), isKept: value <= most })
  }
  if (minPerSecond !== undefined) {
    const value = measured.succeeded / seconds
    results.push({
      name: 'rate',
      limit: `${minPerSecond} a second`,
      value: `${value.toFixed(1)} a second`,
      isKept: value >= minPerSecond,
    })
  }
  return results
}
