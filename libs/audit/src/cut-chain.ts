import type { Comparison, Reach } from './compare-checkpoint'
import type { BatchRecord, CounterRecord } from './records'

const isWithin = (reach: Reach, { batch, feed, at }: BatchRecord) =>
  batch <= reach.throughBatch && feed < reach.belowFeed && at <= reach.notAfter

/** Cuts a chain where checkpoints end, batch by batch, and has each comparison look at its part. */
export function cutChain(counter: CounterRecord, comparisons: readonly Comparison[]) {
  const { prefix, period, after_batch, after_hash, through_batch } = counter
  const isWhole = after_batch === 0
  let last: Pick<BatchRecord, 'batch' | 'hash'> | null = isWhole
    ? null
    : { batch: after_batch, hash: after_hash }
  let waiting = comparisons.flatMap((comparison) => {
    const reach = comparison.reachInto(counter)
    return reach ? [{ comparison, reach }] : []
  })
  let nearest = nearestOf(waiting.map(({ reach }) => reach))
  let any = false

  return {
    add(batch: BatchRecord): void {
      // A log has thousands of checkpoints, so most batches are compared with the nearest end alone.
      if (!isWithin(nearest, batch)) {
        waiting = waiting.filter(({ comparison, reach }) => {
          if (isWithin(reach, batch)) return true
          // In a part of a chain, what comes before it is not known.
          const isKnown = isWhole || any || reach.throughBatch === after_batch
          comparison.counter({ prefix, period, last: isKnown ? last : undefined, next: batch })
          return false
        })
        nearest = nearestOf(waiting.map(({ reach }) => reach))
      }
      any = true
      last = batch
    },
    end(): void {
      const isEnd = through_batch >= counter.batch
      for (const { comparison, reach } of waiting) {
        const isKnown = isEnd || reach.throughBatch === last?.batch
        comparison.counter({ prefix, period, last: isKnown ? last : undefined, next: null })
      }
    },
  }
}

const nearestOf = (reaches: readonly Reach[]): Reach =>
  reaches.reduce(
    (nearest, reach) => ({
      throughBatch: Math.min(nearest.throughBatch, reach.throughBatch),
      belowFeed: Math.min(nearest.belowFeed, reach.belowFeed),
      notAfter: nearest.notAfter < reach.notAfter ? nearest.notAfter : reach.notAfter,
    }),
    { throughBatch: Infinity, belowFeed: Infinity, notAfter: '~' },
  )
