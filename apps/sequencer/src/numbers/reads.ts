import type { Frame } from '@ordinal/audit'
import type { Queryable } from '@ordinal/database'
import { groupReads } from '@ordinal/batching'
import { AppError } from '../domain/errors'
import { valuesLeft } from '../domain/range'
import type { Slot } from '../domain/sequence'
import type { Allocator } from '../ledger/allocator'
import { requireActive, type KnownSequence, type KnownSequences } from '../ledger/known-sequences'
import {
  findClosed,
  findNumber,
  previewValues,
  readCounter,
  requireInOrder,
  type FoundNumber,
  type Previewed,
} from '../ledger/queries'
import { readGapMap, type GapMap } from './gap-map-queries'
import { readGaps, readHistory, type Gap, type HistoryEntry } from './queries'

/** Where the counter of a period is. */
export interface CounterStatus {
  period: string
  /** The last value that was given; below the start value if none was. */
  lastValue: number
  gaps: number
  reserved: number
  closed: boolean
  /** The last value that may be issued, and how many can still be; undefined if the sequence has no end. */
  end: number | undefined
  valuesLeft: number | undefined
}

/** Which gaps are asked for. */
interface AskedGaps {
  prefix: string
  /** The current one, if not given. */
  period: string | undefined
  state: Gap['state'] | undefined
  /** Goes on after this value. */
  after: number
  /** Up to this value. */
  to: number | undefined
  limit: number
}

/** Which stretch is to be mapped; all of the current period, if not given. */
interface AskedGapMap {
  prefix: string
  period?: string | undefined
  from?: number | undefined
  to?: number | undefined
  /** How many buckets at most. */
  buckets: number
}

interface Deps {
  db: Queryable
  /** For lists. */
  heavyDb: Queryable
  sequences: KnownSequences
  allocator: Pick<Allocator, 'slotFor'>
}

export type NumberReads = ReturnType<typeof createNumberReads>

/** What can be known of numbers without issuing one. All throw AppError `sequence_not_found`. */
export function createNumberReads({ db, heavyDb, sequences, allocator }: Deps) {
  /** A sequence in use, and the slot of a date or of now. */
  async function slotOf(prefix: string, date?: string): Promise<{ sequence: KnownSequence; slot: Slot }> {
    const sequence = await sequences.load(prefix)
    requireActive(sequence)
    return { sequence, slot: await allocator.slotFor(sequence, date) }
  }

  async function readStatus(prefix: string, date: string | undefined): Promise<CounterStatus> {
    const { sequence, slot } = await slotOf(prefix, date)
    const counter = await readCounter(db, prefix, slot.period, sequence.rules.end)
    const closed = await findClosed(db, prefix, slot.period)
    return {
      period: slot.period,
      lastValue: counter?.lastValue ?? sequence.rules.start - 1,
      gaps: counter ? counter.free + counter.void : 0,
      reserved: counter?.reserved ?? 0,
      closed: closed !== undefined,
      end: sequence.rules.end ?? undefined,
      valuesLeft: valuesLeft(sequence.rules, counter ?? undefined),
    }
  }

  const groupedStatus = groupReads((key) => {
    const [prefix, date] = JSON.parse(key) as [string, string | null]
    return readStatus(prefix, date ?? undefined)
  })

  return {
    slotOf,

    /**
     * Where the counter of the current period is, or of the period of a date. Calls that come in while one reads share
     * the next answer, which is no older than they are.
     */
    status: (prefix: string, date: string | undefined) =>
      groupedStatus(JSON.stringify([prefix, date ?? null])),

    /**
     * The values that a request for so many numbers would get, if nobody else came first.
     *
     * @throws AppError `period_closed`, `out_of_order_date`, `sequence_exhausted`
     */
    async preview(
      prefix: string,
      date: string | undefined,
      count: number,
    ): Promise<Previewed & { period: string; frame: Frame; end: number | undefined }> {
      const { sequence, slot } = await slotOf(prefix, date)
      const { period, frame } = slot
      if (await findClosed(db, prefix, period))
        throw new AppError('period_closed', `the period ${period} of ${prefix} is closed`)
      await requireInOrder(db, sequence.rules, period, date)
      const previewed = await previewValues(db, sequence.rules, period, count)
      return { period, frame, ...previewed, end: sequence.rules.end ?? undefined }
    },

    /** Values up to the counter of a period that no document holds, in ascending order. */
    async gaps({ prefix, period, ...asked }: AskedGaps): Promise<Gap[]> {
      const of = { prefix, period: period ?? (await slotOf(prefix)).slot.period }
      return readGaps(heavyDb, { ...of, ...asked })
    },

    /** Where those values are, and the reserved ones: counted in buckets. Of a period that is named also in a retired sequence. */
    async gapMap({ prefix, period, from, to, buckets }: AskedGapMap): Promise<GapMap> {
      const { sequence, slot } =
        period === undefined
          ? await slotOf(prefix)
          : { sequence: await sequences.load(prefix), slot: { period } }
      const { start } = sequence.rules
      return readGapMap(heavyDb, { prefix, period: slot.period, start, from, to, buckets })
    },

    /**
     * A number, and all that ever happened to its value, the first step first.
     *
     * @throws AppError `number_not_found`, `number_ambiguous`
     */
    async history(
      number: string,
      prefix: string | undefined,
    ): Promise<FoundNumber & { history: HistoryEntry[] }> {
      const found = await findNumber(db, number, prefix)
      return { ...found, history: await readHistory(db, found) }
    },
  }
}
