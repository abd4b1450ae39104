import { randomUUID } from 'node:crypto'
import type { Queryable } from '@ordinal/database'
import { AppError } from '@ordinal/errors'
import type { Allocator } from '../ledger/allocator'
import { lowestFree } from '../ledger/numbers'
import type { Issued, IssueRequest } from '../ledger/request'
import { requireActive, type Sequences } from '../ledger/sequences'
import type { Sites } from '../sites'
import { checkFilled, checkPromises, type KeptPromise } from './promises'

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

/** Who asks for a demonstration. */
export interface Spectator {
  caller: string
  requestId: string
}

export type Demos = ReturnType<typeof createDemos>

interface Deps {
  db: Queryable
  sequences: Sequences
  sites: Sites
  allocator: Allocator
  /** Off: every demonstration is refused. */
  on: boolean
}

/**
 * Demonstrations, on a sequence that nobody else uses. They write to the ledger like everybody, so they can be switched
 * off, and one runs at a time.
 */
export function createDemos({ db, sequences, sites, allocator, on }: Deps) {
  let running = false

  /**
   * @throws AppError `demos_off`, `demo_under_way`, `sequence_not_found`, and what issuing throws
   */
  async function show(
    demo: string,
    spectator: Spectator,
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
      const stage = createStage({ db, allocator }, { ...spectator, period, businessDate })
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
    basic: (spectator: Spectator) =>
      show('basic', spectator, async (stage) => {
        await stage.fillGaps()
        const open = await sites.open()
        const places = open.flatMap(({ siteId, partitions }) =>
          partitions.map((partitionId) => ({ siteId, partitionId })),
        )
        for (const invoiceType of ['on-cycle', 'off-cycle'])
          for (const place of places.slice(0, maxPartitions)) {
            const what = `${place.siteId}, ${place.partitionId} draws for an ${invoiceType} invoice`
            stage.tell(what, await stage.draw({ ...place, invoiceType }))
          }
        if (places.length === 0) stage.tell('There is no site, so somebody draws', await stage.draw())
      }),

    /** Clients that draw at the same time. */
    concurrent: (spectator: Spectator, clients: number, each: number) =>
      show('concurrent', spectator, async (stage) => {
        await drawTogether(stage, clients, clients * each)
        stage.tell(`${clients} clients drew ${each} numbers each, all at the same time`)
      }),

    /** The same, for its speed. */
    loadTest: (spectator: Spectator, total: number, clients: number) =>
      show('load-test', spectator, async (stage) => {
        await drawTogether(stage, clients, total)
        stage.tell(`${clients} clients drew ${total} numbers`)
      }),

    /** A number that is released, and one that is suppressed, leave gaps, which the next numbers fill. */
    gaps: (spectator: Spectator) =>
      show('gaps', spectator, async (stage) => {
        await stage.fillGaps()
        const five = await stage.draw({ count: 5 })
        stage.tell('Five numbers that follow each other', five)
        const suppressed = await stage.draw({ event: 'suppress', reason: 'demonstration' })
        stage.tell('The next invoice is suppressed: its number is drawn, and free again at once', suppressed)
        const third = five.numbers[2]!
        await stage.release(third)
        stage.tell('The third is released', { numbers: [third] })
        stage.tell('The next two requests fill the gaps', await stage.draw(), await stage.draw())
        // Another instance may show the same: then its gaps were filled, and it fills ours, or this does.
        await stage.fillGaps()
        stage.tell('Then it goes on', await stage.draw())
        return [
          await checkFilled(db, { prefix, period: stage.period }, [
            third.value,
            suppressed.numbers[0]!.value,
          ]),
        ]
      }),
  }
}

interface Scene extends Spectator {
  period: string
  businessDate: string
}

type Stage = ReturnType<typeof createStage>

/** Where a demonstration plays: draws numbers, marks them as its own, and keeps what it tells. */
function createStage(
  { db, allocator }: Pick<Deps, 'db' | 'allocator'>,
  { caller, requestId, period, businessDate }: Scene,
) {
  const run = `demo ${randomUUID()}`
  const who = { prefix, caller, requestId, clientId: 'demo', generatedBy: run }
  const steps: DemoReport['steps'] = []
  const drawn: Issued['numbers'] = []
  let seconds = 0

  /** Draws a number, or what else is asked for. */
  async function draw(asked: Partial<IssueRequest> = {}): Promise<Issued> {
    const issued = await allocator.issue({ event: 'issue', count: 1, ...who, businessDate, ...asked })
    drawn.push(...issued.numbers)
    return issued
  }

  return {
    run,
    period,
    draw,
    tell(step: string, ...shown: Pick<Issued, 'numbers'>[]): void {
      steps.push({ step, numbers: shown.flatMap(({ numbers }) => numbers.map(({ number }) => number)) })
    },
    async release({ value, number }: Issued['numbers'][number]): Promise<void> {
      const step = { event: 'release', reason: 'demonstration' } as const
      // Its own number, also where the rules let nobody release without a name.
      await allocator.change({ ...who, ...step, period, value, number, authority: 'person' })
    },
    /** Fills what other demonstrations have left open. */
    async fillGaps(): Promise<void> {
      while ((await lowestFree(db, prefix, period)) !== null)
        await allocator.issue({ event: 'issue', count: 1, ...who, businessDate })
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
