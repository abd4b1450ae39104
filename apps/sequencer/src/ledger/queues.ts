import type { Logger } from '@ordinal/logging'
import { remedyFor } from './failures'
import { dropExpired, takeBatch, type Lane, type LaneBatch, type Waiting } from './waiting'

export interface QueueOptions {
  log: Logger
  /** Carries out a batch of one lane; ends when the answer of each of its requests is certain. Never throws. */
  settle: (lane: Lane, batch: Waiting[]) => Promise<void>
  /**
   * Carries out batches of several lanes in one transaction. Returns for each the function that then answers its
   * requests, or undefined if nothing was done for it.
   */
  carryOutTogether: (batches: readonly LaneBatch[]) => Promise<readonly ((() => void) | undefined)[]>
}

/** The requests of a lane. */
interface Queue {
  lane: Lane
  waiting: Waiting[]
  /** Those that are with the database; a lane has one batch under way. */
  underWay: Waiting[]
  isBusy: boolean
  /** One of those that wait does not go together with other lanes. */
  goesApart: boolean
}

// In one transaction: what it is given up for must not be much, and the next waits for it.
const maxRequestsTogether = 512
const watchEveryMs = 50

/**
 * A queue for each lane, and the statements that empty them. Of all lanes that are due, those that may go together do, in
 * one transaction; while it is under way the others gather. It waits for no lock of a counter, so no lane holds up
 * another: what it leaves goes by itself, as does all that may not go together.
 */
export function createQueues({ settle, carryOutTogether, log }: QueueOptions) {
  const queues = new Map<string, Queue>()
  /** Lanes with requests and nothing under way, the longest without a turn first. */
  const due = new Set<Queue>()
  let isWoken = false
  let isTogether = false
  let isOneAlone = false
  let watch: NodeJS.Timeout | undefined

  function add(lane: Lane, waiting: Waiting): void {
    let queue = queues.get(lane.name)
    if (!queue) {
      queue = { lane, waiting: [], underWay: [], isBusy: false, goesApart: false }
      queues.set(lane.name, queue)
      // A statement can outlast the deadlines of requests in it, or behind it.
      watch ??= setInterval(rejectLate, watchEveryMs)
    }
    queue.waiting.push(waiting)
    queue.goesApart ||= !lane.goesTogether(waiting.request)
    if (queue.isBusy) return
    due.add(queue)
    if (isWoken) return
    isWoken = true
    // After the requests that have already arrived with this one.
    setImmediate(() => {
      isWoken = false
      start()
    })
  }

  /** Sends what is due and need not wait. */
  function start(): void {
    for (const queue of due) if (queue.goesApart) void settleApart(take(queue))
    if (isTogether) return
    const together = takeTogether()
    if (together.length === 0) return
    // Alone a lane takes the statement that is made for one. It can wait for the lock of its counter, so there is one.
    if (together.length === 1 && !isOneAlone) void drainAlone(together[0]!)
    else void drainTogether(together)
  }

  /** Takes from a lane the requests of its next statement. */
  function take(queue: Queue): Queue {
    due.delete(queue)
    queue.isBusy = true
    queue.underWay = takeBatch(queue.waiting)
    queue.goesApart &&= queue.waiting.some(({ request }) => !queue.lane.goesTogether(request))
    return queue
  }

  function takeTogether(): Queue[] {
    const taken: Queue[] = []
    let requests = 0
    for (const queue of due) {
      if (taken.length > 0 && requests + queue.waiting.length > maxRequestsTogether) break
      taken.push(take(queue))
      requests += queue.underWay.length
    }
    return taken
  }

  async function drainAlone(queue: Queue): Promise<void> {
    isOneAlone = true
    await settle(queue.lane, queue.underWay)
    isOneAlone = false
    release(queue)
    start()
  }

  async function drainTogether(some: Queue[]): Promise<void> {
    isTogether = true
    const left = await settleTogether(some)
    isTogether = false
    for (const queue of some)
      if (left.includes(queue)) void settleApart(queue)
      else release(queue)
    start()
  }

  async function settleApart(queue: Queue): Promise<void> {
    await settle(queue.lane, queue.underWay)
    release(queue)
    start()
  }

  /** Carries out batches together, and returns those that are left. */
  async function settleTogether(some: Queue[]): Promise<Queue[]> {
    for (const queue of some) queue.underWay = dropExpired(queue.underWay)
    const open = some.filter(({ underWay }) => underWay.length > 0)
    if (open.length === 0) return []
    const batches = open.map(({ lane, underWay }) => ({ lane, batch: underWay }))
    const requests = batches.flatMap(({ batch }) => batch)
    try {
      for (const waiting of requests) waiting.sent = true
      const answers = await carryOutTogether(batches)
      // Answered later, so that the next statement is with the database while these answers are written.
      setImmediate(() => answers.forEach((answer) => answer?.()))
      for (const [index, { batch }] of batches.entries())
        if (!answers[index]) for (const waiting of batch) waiting.sent = false
      return open.filter((_, index) => !answers[index])
    } catch (error) {
      // Each is tried by itself, which then finds its own answer.
      log.warn('issuing for several sequences at once failed', { sequences: open.length, error })
      const mayBeDone = remedyFor(error) === 'wait_and_look_up'
      for (const waiting of requests) {
        waiting.sent = false
        if (mayBeDone) waiting.lookUp = waiting.outcomeUnknown = true
      }
      return open
    }
  }

  /** Nothing of the lane is under way: it is due again behind the others, or done. */
  function release(queue: Queue): void {
    queue.isBusy = false
    queue.underWay = []
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
      queue.underWay = dropExpired(queue.underWay)
      const inTime = dropExpired(queue.waiting)
      if (inTime.length < queue.waiting.length) queue.waiting.splice(0, queue.waiting.length, ...inTime)
      if (queue.waiting.length === 0 && !queue.isBusy) forget(queue)
    }
  }

  return { add }
}
