import { randomUUID } from 'node:crypto'
import type { Queryable } from '@ordinal/database'
import { AppError } from '../domain/errors'
import type { Allocator } from '../ledger/allocator'
import { lowestFree } from '../ledger/queries'
import type { Issued, IssueRequest } from '../ledger/request'
import { requireActive, type KnownSequences } from '../ledger/known-sequences'
import type { KnownSites } from '../sites/known-sites'
import { checkFilled, checkPromises, type KeptPromise } from './checks'

/** The sequence that demonstrations draw on; it begins again every day. */
const prefix = 'DEMO'
const maxPartitions = 8

/** What a demonstration did, and whether the promises were kept. */
export interface DemoReport {
  demo: string
  prefix: string
  period: string
  steps: { step: string; numbers: string[] }[]
  /** How many numbers were drawn, and how long that took. */
  numbers: number
  seconds: number
  promises: KeptPromise[]
}

/** The caller of a demonstration, and its request. */
export interface DemoCaller {
  caller: string
  requestId: string
}

export type Demos = ReturnType<typeof createDemos>

interface Deps {
  db: Queryable
  sequences: Pick<KnownSequences, 'load'>
  sites: Pick<KnownSites, 'open'>
  allocator: Allocator
  /** Off: every demonstration is refused. */
  on: boolean
}

/**
 * Demonstrations, on a sequence that nobody else uses. They write to the ledger like every caller, so they can be switched
 * off, and one runs at a time.
 */
export function createDemos({ db, sequences, sites, allocator, on }: Deps) {
  let running = false

  /**
   * @throws AppError `demos_off`, `demo_under_way`, `sequence_not_found`, and what issuing throws
   */
  async function show(
    demo: string,
    by: DemoCaller,
    play: (stage: Stage) => Promise<KeptPromise[] | void>,
  ): Promise<DemoReport> {
    if (!on) throw new AppError('demos_off', 'SEQUENCER_DEMOS is false, or NODE_ENV is production')
    if (running) throw new AppError('demo_under_way', 'Another demonstration runs', { retryAfterSeconds: 1 })
    running = true
    try {
      const sequence = await sequences.load(prefix)
      requireActive(sequence)
      // The day of its beginning, also when it goes on past midnight.
      const businessDate = new Date().toISOString().slice(0, 10)
      const { period } = sequence.slotOfDate(businessDate)
      const stage = createStage({ db, allocator }, { ...by, period, businessDate })
      const more = await play(stage)
      const { steps, numbers, values, seconds } = stage.drawn()
      const promises = await checkPromises(db, { prefix, period, run: stage.run, numbers, values })
      return {
        demo,
        prefix,
        period,
        steps,
        numbers: numbers.length,
        seconds,
        promises: [...promises, ...(more ?? [])],
      }
    } finally {
      running = false
    }
  }

  return {
    /** Each site, partition and type draws in turn: one order over all. */
    basic: (by: DemoCaller) =>
      show('basic', by, async (stage) => {
        await stage.fillGaps()
        const open = await sites.open()
        const places = open.flatMap(({ siteId, partitions }) =>
          partitions.map((partition_id) => ({ site_id: siteId, partition_id })),
        )
        for (const invoice_type of ['on-cycle', 'off-cycle'])
          for (const place of places.slice(0, maxPartitions)) {
            const what = `${place.site_id}, ${place.partition_id} draws for an ${invoice_type} invoice`
            stage.record(what, await stage.draw({ ...place, invoice_type }))
          }
        if (places.length === 0) stage.record('There is no site, so somebody draws', await stage.draw())
      }),

    /** Clients that draw at the same time. */
    concurrent: (by: DemoCaller, clients: number, each: number) =>
      show('concurrent', by, async (stage) => {
        await drawTogether(stage, clients, clients * each)
        stage.record(`${clients} clients drew ${each} numbers each, all at the same time`)
      }),

    /** The same, for its speed. */
    loadTest: (by: DemoCaller, total: number, clients: number) =>
      show('load-test', by, async (stage) => {
        await drawTogether(stage, clients, total)
        stage.record(`${clients} clients drew ${total} numbers`)
      }),

    /** A number that is released, and one that is suppressed, leave gaps, which the next numbers fill. */
    gaps: (by: DemoCaller) =>
      show('gaps', by, async (stage) => {
        await stage.fillGaps()
        const five = await stage.draw({ count: 5 })
        stage.record('Five numbers that follow each other', five)
        const suppressed = await stage.draw({ event: 'suppress', reason: 'demonstration' })
        stage.record(
          'The next invoice is suppressed: its number is drawn, and free again at once',
          suppressed,
        )
        const third = five.numbers[2]!
        await stage.release(third)
        stage.record('The third is released', { numbers: [third] })
        stage.record('The next two requests fill the gaps', await stage.draw(), await stage.draw())
        // Another instance may show the same: then its gaps were filled, and it fills ours, or this does.
        await stage.fillGaps()
        stage.record('Then it goes on', await stage.draw())
        return [
          await checkFilled(db, { prefix, period: stage.period }, [
            third.value,
            suppressed.numbers[0]!.value,
          ]),
        ]
      }),
  }
}

interface Scene extends DemoCaller {
  period: string
  businessDate: string
}

type Stage = ReturnType<typeof createStage>

/** Where a demonstration plays: draws numbers, marks them as its own, and records its steps. */
function createStage(
  { db, allocator }: Pick<Deps, 'db' | 'allocator'>,
  { caller, requestId, period, businessDate }: Scene,
) {
  const run = `demo ${randomUUID()}`
  const common = { prefix, caller, request_id: requestId, client_id: 'demo', generated_by: run }
  const steps: DemoReport['steps'] = []
  const drawn: Issued['numbers'] = []
  let seconds = 0

  /** Draws a number, or what else is asked for. */
  async function draw(asked: Partial<IssueRequest> = {}): Promise<Issued> {
    const issued = await allocator.issue({
      event: 'issue',
      count: 1,
      ...common,
      business_date: businessDate,
      ...asked,
    })
    drawn.push(...issued.numbers)
    return issued
  }

  return {
    run,
    period,
    draw,
    record(step: string, ...shown: Pick<Issued, 'numbers'>[]): void {
      steps.push({ step, numbers: shown.flatMap(({ numbers }) => numbers.map(({ number }) => number)) })
    },
    async release({ value, number }: Issued['numbers'][number]): Promise<void> {
      const step = { event: 'release', reason: 'demonstration' } as const
      // Its own number, also where the rules let no anonymous caller release.
      await allocator.change({ ...common, ...step, period, value, number, authority: 'person' })
    },
    /** Fills what other demonstrations have left open. */
    async fillGaps(): Promise<void> {
      while ((await lowestFree(db, prefix, period)) !== null)
        await allocator.issue({ event: 'issue', count: 1, ...common, business_date: businessDate })
    },
    /** Counts the time that some work takes. */
    async timed(work: () => Promise<unknown>): Promise<void> {
      const startedAtMs = performance.now()
      await work()
      seconds += (performance.now() - startedAtMs) / 1000
    },
    drawn: () => ({
      steps,
      seconds,
      numbers: drawn.map(({ number }) => number),
      values: drawn.map(({ value }) => value),
    }),
  }
}

async function drawTogether(stage: Stage, clients: number, total: number): Promise<void> {
  let left = total
  const client = async () => {
    while (left-- > 0) await stage.draw()
  }
  await stage.timed(() => Promise.all(Array.from({ length: clients }, client)))
}
