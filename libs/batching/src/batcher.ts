import { errorTypeOf, spanOfMany, type Span } from '@ordinal/tracing'

export interface BatcherOptions<Item, Result> {
  /**
   * Carries out some items together.
   *
   * @param span that of the run, if it is in a trace that is recorded: of one item its own, of several one that is linked
   *   with theirs
   * @returns for each item, in their order, its result, or the Error that it alone is refused with
   */
  carryOut: (items: readonly Item[], span?: Span) => Promise<readonly (Result | Error)[]>
  /** How many items go together at most. */
  maxItems: number
  /** How many runs may be under way at the same time; 1 if not given. */
  atOnce?: number
  /**
   * A run that takes longer than `afterMs` is stuck, as on a connection that the network swallowed: until it ends, another
   * may be under way in its place. Up to `most` runs count as stuck at the same time; none if not given.
   */
  stuck?: { afterMs: number; most: number }
  /**
   * Whether a run that has failed, and has left nothing behind, may have failed for one item only: then each is carried out
   * alone, and one bad item harms no other. Never if not given: all get the error.
   */
  mayBeOfOne?: (error: unknown) => boolean
  /** What runs are called in traces, and the span of an item; runs have none if not given. */
  trace?: { name: string; spanOf: (item: Item) => Span | undefined }
}

/** Limits under which nothing goes together: for a comparison with what is done one by one. */
export const oneByOne = { maxItems: 1, atOnce: Infinity } satisfies Partial<BatcherOptions<never, never>>

/**
 * Limits of statements for a database. More items at once take longer than they save: their callers wait for all of them.
 * A connection that the network swallows holds up its own items until its timeout, and the others for a moment.
 */
export const asStatements = {
  maxItems: 128,
  stuck: { afterMs: 200, most: 3 },
} satisfies Partial<BatcherOptions<never, never>>

/** Hands in an item, and gives its result. */
export type Batcher<Item, Result> = (item: Item) => Promise<Result>

interface Waiting<Item, Result> {
  item: Item
  resolve: (result: Result) => void
  reject: (error: unknown) => void
}

/**
 * Lets what is asked for at the same time be done together: items that arrive while a run is under way wait, and go
 * together in the next one. There is no timer, so an item that is alone waits for nothing, and under load batches grow
 * by themselves: group commit, as databases have it for their logs.
 */
export function createBatcher<Item, Result>(options: BatcherOptions<Item, Result>): Batcher<Item, Result> {
  const { carryOut, maxItems, atOnce = 1, stuck, mayBeOfOne = () => false, trace } = options
  const queue: Waiting<Item, Result>[] = []
  // Those that are stuck are not among them.
  let running = 0
  let stuckCount = 0

  function add(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      queue.push({ item, resolve, reject })
      if (running < atOnce) startRun()
    })
  }

  function startRun(): void {
    running += 1
    // After the items that have already arrived with this one.
    setImmediate(() => void runWhileThereAreItems())
  }

  async function runWhileThereAreItems(): Promise<void> {
    while (queue.length > 0 && running <= atOnce) await watch(settle(queue.splice(0, maxItems)))
    running -= 1
  }

  /** Lets another run take the place of one that is stuck. */
  async function watch(run: Promise<void>): Promise<void> {
    if (!stuck) return run
    let isStuck = false
    const timer = setTimeout(() => {
      if (stuckCount >= stuck.most) return
      isStuck = true
      stuckCount += 1
      running -= 1
      if (queue.length > 0) startRun()
    }, stuck.afterMs)
    await run
    clearTimeout(timer)
    if (!isStuck) return
    stuckCount -= 1
    running += 1
  }

  /** Never rejects. */
  async function settle(batch: Waiting<Item, Result>[]): Promise<void> {
    const items = batch.map(({ item }) => item)
    const spans = trace ? items.map(trace.spanOf) : none
    // A run of one item has the span of that: another one would show nothing more.
    const span = trace && spans.length > 1 ? spanOfMany(spans, trace.name) : undefined
    try {
      const results = await carryOut(items, span ?? spans[0])
      if (results.length !== batch.length) {
        throw new Error(`There are ${results.length} results for ${batch.length} items`)
      }
      batch.forEach((waiting, nth) => answer(waiting, results[nth]!))
      span?.end()
    } catch (error) {
      span?.fail(errorTypeOf(error))
      span?.end()
      if (batch.length > 1 && mayBeOfOne(error)) for (const waiting of batch) await settle([waiting])
      else for (const { reject } of batch) reject(error)
    }
  }

  return add
}

const none: readonly undefined[] = []

function answer<Item, Result>({ resolve, reject }: Waiting<Item, Result>, result: Result | Error): void {
  if (result instanceof Error) reject(result)
  else resolve(result)
}
