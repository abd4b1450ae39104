import { createBatcher, oneByOne } from '@ordinal/batching'
import { deadlineIn, noDeadline, type Deadline } from '@ordinal/deadline'
import { AppError, isAppError } from '@ordinal/errors'
import { ServiceUnavailableError, type Answer } from '@ordinal/resilience'
import type { Span } from '@ordinal/tracing'
import type { Trace } from './service-clients'

/** What is asked of a service for one order. */
export interface Asked {
  /** Two with the same key are the same question. */
  key: string
  /** Until when the answer is waited for. */
  deadline: Deadline
  /** Of the request that it is asked for. */
  trace: Trace | undefined
}

interface Options<Item extends Asked> {
  /** The service's name in errors. */
  service: string
  /** How long an answer may take in all: as long as one call of the client. */
  timeoutMs: number
  /** Off, each item is asked for alone. */
  batching: boolean
  /** Asks for one item, with a call of its own. */
  askAlone: (item: Item) => Promise<Answer>
  /**
   * Asks for several items with one call.
   *
   * @param span what the call is a part of, if one of the items is in a trace that is recorded
   * @returns what each would have got alone, and undefined for one of which the answer says nothing that could be used;
   *   undefined if that is so of all: such as from a release of the service that does not know the call
   */
  askTogether: (
    items: readonly Item[],
    deadline: Deadline,
    span: Span | undefined,
  ) => Promise<readonly (Answer | undefined)[] | undefined>
}

// As many as the batch calls of both services take.
const mostTogether = 100
// Calls under way before further items wait for each other. More than one, so that a call whose connection is stuck does
// not hold up all orders.
const atOnce = 4
// For how long all are asked for alone by a service that did not understand the call for several.
const aloneForMs = 10_000

/**
 * Asks a service for what several orders need with one call: items that come while calls are under way wait, and go
 * together in the next one, each question once. One that comes alone is asked for alone, and waits for nothing.
 *
 * Each has its own answer, error and deadline. What the call for several does not answer is asked for alone, so that it
 * ends as if it had been alone from the beginning (docs/decisions/0067).
 */
export function createBatchedCalls<Item extends Asked>(options: Options<Item>) {
  const { service, timeoutMs, batching, askAlone, askTogether } = options
  let aloneUntilMs = 0

  interface Waiting {
    item: Item
    /** As long as the item is waited for at all. */
    wait: Deadline
  }

  const ask = createBatcher<Waiting, Answer>({
    carryOut,
    ...(batching ? { maxItems: mostTogether, atOnce } : oneByOne),
    trace: { name: `ask ${service} together`, spanOf: ({ item }) => item.trace?.span },
  })

  async function carryOut(batch: readonly Waiting[], span?: Span): Promise<(Answer | Error)[]> {
    const groups = new Map<string, Waiting[]>()
    for (const each of batch) {
      // Nobody waits for it any more.
      if (each.wait.signal().aborted) continue
      const group = groups.get(each.item.key)
      if (group) group.push(each)
      else groups.set(each.item.key, [each])
    }
    const answers = await answersOf(groups, span)
    return batch.map(({ item, wait }) => answers.get(item.key) ?? (wait.signal().reason as Error))
  }

  async function answersOf(
    groups: Map<string, Waiting[]>,
    span: Span | undefined,
  ): Promise<Map<string, Answer | Error>> {
    const items = [...groups.values()].map((group) => ({ ...group[0]!.item, deadline: latestOf(group) }))
    const found = await askForAll(items, latestOf([...groups.values()].flat()), span)
    const answers = await Promise.all(
      items.map(async (item, index) => {
        const isWanted = groups.get(item.key)!.some(({ wait }) => !wait.signal().aborted)
        const answer = found[index] ?? (isWanted ? await askAlone(item).catch(asError) : undefined)
        return [item.key, answer] as const
      }),
    )
    return new Map(answers.flatMap(([key, answer]) => (answer ? [[key, answer]] : [])))
  }

  /** What the call for several answers; empty where it is not made, or not understood. Never throws. */
  async function askForAll(
    items: readonly Item[],
    deadline: Deadline,
    span: Span | undefined,
  ): Promise<readonly (Answer | Error | undefined)[]> {
    if (items.length < 2 || performance.now() < aloneUntilMs) return []
    try {
      const answers = await askTogether(items, deadline, span)
      if (!answers) aloneUntilMs = performance.now() + aloneForMs
      return answers ?? []
    } catch (error) {
      return items.map(() => asError(error))
    }
  }

  /**
   * The answer to an item.
   *
   * @throws ServiceUnavailableError, AppError `caller_gone`
   */
  return async function answerTo(item: Item): Promise<Answer> {
    const tooSlow = () => unavailable('timeout', `there was no answer within ${timeoutMs} ms`)
    const wait = item.deadline.within(timeoutMs, tooSlow)
    try {
      return await Promise.race([ask({ item, wait }), endOf(wait)])
    } finally {
      wait.dispose()
    }
  }

  /** Rejects when the answer is waited for no longer. */
  function endOf(wait: Deadline): Promise<never> {
    const signal = wait.signal()
    return new Promise((_, reject) => {
      const end = () => reject(afterDeadline(signal.reason as Error))
      if (signal.aborted) end()
      else signal.addEventListener('abort', end, { once: true })
    })
  }

  function afterDeadline(reason: Error): Error {
    const isLate = isAppError(reason) && reason.code === 'deadline_exceeded'
    return isLate ? unavailable('deadline', 'the deadline of the caller has passed') : reason
  }

  function unavailable(reason: 'timeout' | 'deadline', detail: string): ServiceUnavailableError {
    return new ServiceUnavailableError({ service, reason, detail })
  }
}

/** The latest deadline of those that wait: one with a short deadline does not shorten the others'. */
function latestOf(waiting: readonly { item: Asked }[]): Deadline {
  if (waiting.length === 1) return waiting[0]!.item.deadline
  const latestMs = Math.max(...waiting.map(({ item }) => item.deadline.remainingMs()))
  return latestMs === Infinity ? noDeadline : deadlineIn(latestMs)
}

const asError = (error: unknown): Error =>
  error instanceof Error ? error : new AppError('internal_error', String(error))
