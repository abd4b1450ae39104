import type { Logger } from '@ordinal/logging'
import { errorTypeOf, type Span } from '@ordinal/tracing'
import { remedyFor } from './failures'
import type { OutageLog } from './outage-log'
import { dropExpired, spanOfBatch, takeBatch, type Lane, type LaneBatch, type Waiting } from './waiting'

export interface QueueOptions {
  log: Logger
  outage: OutageLog
  /** Carries out a batch of one lane; ends when the answer of each of its requests is certain. Never throws. */
  settle: (lane: Lane, batch: Waiting[]) => Promise<void>
  /**
   * Carries out batches of several lanes in one transaction, as a part of the span if there is one. Returns for each the
   * function that then answers its requests, or undefined if nothing was done for it.
   */
  carryOutTogether: (
    batches: readonly LaneBatch[],
    span: Span | undefined,
  ) => Promise<readonly ((() => void) | undefined)[]>
}

/** The requests of a lane. */
interface Queue {
  lane: Lane
  waiting: Waiting[]
  /** Those of the statement that is under way, as far as they are still waited for; undefined while there is none. */
  underWay: Waiting[] | undefined
  /** One of those that wait does not go together with other lanes. */
  goesApart: boolean
}

/** What a lane sends with its next statement. */
interface Taken extends LaneBatch {
  queue: Queue
}

// In one transaction: if it fails, all of it is done again, and the next waits for it.
const maxRequestsTogether = 512
const watchEveryMs = 50

/**
 * A queue for each lane, and the statements that empty them. Of all lanes that are due, those that may go together do, in
 * one transaction; while it is under way the others gather. It waits for no lock of a counter, so no lane holds up
 * another: what it leaves goes by itself, as does all that may not go together.
 */
export function createQueues({ settle, carryOutTogether, outage, log }: QueueOptions) {
  const queues = new Map<string, Queue>()
  /** Lanes with requests and nothing under way, the longest without a turn first. */
  const due = new Set<Queue>()
  /** The lanes in the statement for several. */
  let together: readonly Taken[] = []
  /** The lane whose statement is that for one, since it alone was due. */
  let alone: Queue | undefined
  let wake: NodeJS.Immediate | undefined
  let watch: NodeJS.Timeout | undefined

  function add(lane: Lane, waiting: Waiting): void {
    let queue = queues.get(lane.name)
    if (!queue) {
      queue = { lane, waiting: [], underWay: undefined, goesApart: false }
      queues.set(lane.name, queue)
      // A statement can outlast the deadlines of requests in it, or behind it.
      watch ??= setInterval(rejectLate, watchEveryMs)
    }
    queue.waiting.push(waiting)
    queue.goesApart ||= !lane.goesTogether(waiting.request)
    if (queue.underWay) return
    due.add(queue)
    // After the requests that have already arrived with this one.
    wake ??= setImmediate(() => {
      wake = undefined
      start()
    })
  }

  /** Sends what is due and need not wait. */
  function start(): void {
    for (const queue of due) if (queue.goesApart) void settleApart(take(queue))
    if (together.length > 0) return
    const taken = takeTogether()
    if (taken.length === 0) return
    // Alone a lane takes the statement that is made for one. It can wait for the lock of its counter, so there is one.
    if (taken.length === 1 && !alone) {
      alone = taken[0]!.queue
      void settleApart(taken[0]!)
    } else void settleTogether(taken)
  }

  function take(queue: Queue): Taken {
    due.delete(queue)
    const batch = takeBatch(queue.waiting)
    queue.underWay = batch
    queue.goesApart &&= queue.waiting.some(({ request }) => !queue.lane.goesTogether(request))
    return { queue, lane: queue.lane, batch }
  }

  function takeTogether(): Taken[] {
    const taken: Taken[] = []
    let requests = 0
    for (const queue of due) {
      if (taken.length > 0 && requests + queue.waiting.length > maxRequestsTogether) break
      const next = take(queue)
      taken.push(next)
      requests += next.batch.length
    }
    return taken
  }

  async function settleApart({ queue, lane, batch }: Taken): Promise<void> {
    await settle(lane, batch)
    release(queue)
    start()
  }

  async function settleTogether(taken: readonly Taken[]): Promise<void> {
    together = taken
    const left = await carryOut(taken)
    together = []
    for (const each of taken)
      if (left.includes(each)) void settleApart(each)
      else release(each.queue)
    start()
  }

  /** Carries out batches in one transaction, and returns those for which nothing was done. Never throws. */
  async function carryOut(taken: readonly Taken[]): Promise<Taken[]> {
    for (const each of taken) each.batch = dropExpired(each.batch)
    const open = taken.filter(({ batch }) => batch.length > 0)
    if (open.length === 0) return []
    const requests = open.flatMap(({ batch }) => batch)
    const span = spanOfBatch(requests)
    try {
      for (const waiting of requests) waiting.sent = true
      const answers = await carryOutTogether(open, span)
      // Answered later, so that the next statement is with the database while these answers are written.
      setImmediate(() => answers.forEach((answer) => answer?.()))
      span?.end()
      for (const { lane } of open) outage.answered(lane)
      const left = open.filter((_, index) => !answers[index])
      for (const { batch } of left) for (const waiting of batch) waiting.sent = false
      return left
    } catch (error) {
      // Each is tried by itself, which then finds its own answer.
      span?.fail(errorTypeOf(error))
      span?.end()
      const remedy = remedyFor(error)
      const mayBeDone = remedy === 'wait_and_look_up'
      if (mayBeDone || remedy === 'wait') for (const { lane } of open) outage.failed(lane, error)
      else log.warn('issuing for several sequences at once failed', { sequences: open.length, error })
      for (const waiting of requests) {
        waiting.sent = false
        if (mayBeDone) waiting.lookUp = waiting.outcomeUnknown = true
      }
      return open
    }
  }

  /** Nothing of the lane is under way: it is due again behind the others, or done. */
  function release(queue: Queue): void {
    queue.underWay = undefined
    if (queue === alone) alone = undefined
    if (queue.waiting.length > 0) due.add(queue)
    else forget(queue)
  }

  function forget(queue: Queue): void {
    due.delete(queue)
    queues.delete(queue.lane.name)
    if (queues.size > 0) return
    clearInterval(watch)
    watch = undefined
  }

  function rejectLate(): void {
    for (const queue of queues.values()) {
      queue.underWay &&= dropExpired(queue.underWay)
      const inTime = dropExpired(queue.waiting)
      if (inTime.length < queue.waiting.length) queue.waiting.splice(0, queue.waiting.length, ...inTime)
      if (queue.waiting.length === 0 && !queue.underWay) forget(queue)
    }
  }

  return { add }
}
