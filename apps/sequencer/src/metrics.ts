import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { AllocatorMetrics } from './ledger/allocator'
import type { RangeLeft } from './sequences/range-watch'

interface SequencerMetrics extends AllocatorMetrics {
  /** Shows how many requests wait; `waiting` is asked at every scrape. */
  showWaiting(waiting: () => number): void
  /** Shows how many values the sequences with an end have left, in place of what was shown before. */
  showValuesLeft: (ranges: readonly RangeLeft[]) => void
}

// Anyone who may define sequences could otherwise fill the registry with series.
const maxPrefixes = 200

/** The metrics of issuing numbers. */
export function createSequencerMetrics(registry: Registry): SequencerMetrics {
  const registers = [registry]
  const generated = new Counter({
    name: 'sequential_ids_generated_total',
    help: 'Numbers issued',
    labelNames: ['prefix'],
    registers,
  })
  const duration = new Histogram({
    name: 'sequential_id_generation_duration_seconds',
    help: 'Time from a request for numbers to their commit',
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers,
  })
  const failed = new Counter({
    name: 'sequencer_number_requests_failed_total',
    help: 'Requests to issue or change numbers that failed by an outage or overload, and may be repeated',
    registers,
  })
  const batchSize = new Histogram({
    name: 'sequencer_batch_requests',
    help: 'Requests that shared one commit',
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512],
    registers,
  })
  const changed = new Counter({
    name: 'sequencer_number_changes_total',
    help: 'Numbers taken to another state, by what happened to them',
    labelNames: ['event'],
    registers,
  })
  // All exist from the start: a rate over a series that appears with the first step misses that step.
  for (const event of ['confirm', 'release', 'expire', 'void']) changed.inc({ event }, 0)
  const valuesLeft = new Gauge({
    name: 'sequencer_values_left',
    help: 'Values that a sequence with an end can still issue in the current period',
    labelNames: ['prefix'],
    registers,
  })
  const valuesAtWarning = new Gauge({
    name: 'sequencer_values_warn_at',
    help: 'With how many values left the rules of the sequence say to warn; 0 where they do not say',
    labelNames: ['prefix'],
    registers,
  })
  const prefixes = new Set<string>()
  const label = (prefix: string) => (prefixes.has(prefix) || prefixes.size < maxPrefixes ? prefix : 'other')

  return {
    generated(prefix, numbers, requests) {
      const shown = label(prefix)
      prefixes.add(shown)
      generated.inc({ prefix: shown }, numbers)
      batchSize.observe(requests)
    },
    changed: (event) => changed.inc({ event }),
    waited: (seconds) => duration.observe(seconds),
    failed: () => failed.inc(),
    showValuesLeft: (ranges) => {
      valuesLeft.reset()
      valuesAtWarning.reset()
      // If there are too many, those that are nearest to their warning.
      for (const { prefix, left, warnAt } of ranges
        .toSorted((a, b) => a.left - a.warnAt - (b.left - b.warnAt))
        .slice(0, maxPrefixes)) {
        valuesLeft.set({ prefix }, left)
        valuesAtWarning.set({ prefix }, warnAt)
      }
    },
    showWaiting(waiting) {
      new Gauge({
        name: 'sequencer_requests_waiting',
        help: 'Requests that wait for their numbers',
        registers,
        collect() {
          this.set(waiting())
        },
      })
    },
  }
}
