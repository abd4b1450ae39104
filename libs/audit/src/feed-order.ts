import { nameOfCounter, nowhere } from './faults'
import type { Findings } from './findings'
import type { BatchRecord } from './records'
import { settledBefore } from './time'

type Place = Pick<BatchRecord, 'prefix' | 'period' | 'batch' | 'feed' | 'at'>
interface Range {
  earliest: Place
  latest: Place
}

const mostRanges = 65_536

/**
 * Whether times ascend along the feed, over all counters. Batches come counter by counter, so their places are kept in
 * a bounded number of ranges, with the earliest and the latest batch of each; within a range nothing is found.
 */
export function createFeedOrder({ report }: Pick<Findings, 'report'>) {
  let width = 1
  let ranges = new Map<number, Range>()

  function keep(place: Place, into = ranges): void {
    const key = Math.floor(place.feed / width)
    const range = into.get(key)
    if (!range) into.set(key, { earliest: place, latest: place })
    else if (place.at < range.earliest.at) range.earliest = place
    else if (place.at > range.latest.at) range.latest = place
  }

  function widen(): void {
    width *= 2
    const wider = new Map<number, Range>()
    for (const { earliest, latest } of ranges.values()) {
      keep(earliest, wider)
      keep(latest, wider)
    }
    ranges = wider
  }

  return {
    add({ prefix, period, batch, feed, at }: BatchRecord): void {
      keep({ prefix, period, batch, feed, at })
      if (ranges.size > mostRanges) widen()
    },

    end(): void {
      let latest: Place | undefined
      for (const [, range] of [...ranges].sort(([a], [b]) => a - b)) {
        const { earliest } = range
        if (latest && earliest.at < settledBefore(latest.at))
          report({
            ...nowhere,
            kind: 'backdated',
            prefix: earliest.prefix,
            period: earliest.period,
            batch: earliest.batch,
            column: 'at',
            detail:
              `batch ${earliest.batch} is dated ${earliest.at}, and was written after batch ${latest.batch} of ` +
              `${nameOfCounter(latest.prefix, latest.period)}, of ${latest.at}: ` +
              'it was dated back, or the clock was set back',
          })
        if (!latest || range.latest.at > latest.at) latest = range.latest
      }
    },
  }
}
