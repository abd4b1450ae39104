import { isAppError, toProblem, type AnyAppError, type Problem } from '@ordinal/errors'
import type { Metrics } from '@ordinal/metrics'
import {
  requestIdPattern,
  validated,
  type RateLimiter,
  type RequestContext,
  type ReportError,
} from '@ordinal/middleware'
import { Counter } from 'prom-client'
import { z } from 'zod'
import type { MainWork } from './main-work'

/** An item of a batch as it was read, or why it is refused. */
export type ReadItem<T> = { value: T } | ({ error: AnyAppError } & AnyItem)

/** The answer to an item of a batch: its value, or the problem that it would have got as a request of its own. */
export type ItemAnswer<T> = { value: T } | { problem: Problem; retryAfterSeconds: number | undefined }

/** What an item may say of itself. */
interface AnyItem {
  /** The id of the request that the item is for; that of the call if not given. */
  request_id?: string | undefined
}

/**
 * Carries out all items of a batch at once, and answers each in its place: what happens to one happens to no other.
 *
 * @param carryOut gets an item and the context of its request
 */
export type RunItems = <Item extends AnyItem, T>(
  items: readonly ReadItem<Item>[],
  context: RequestContext,
  carryOut: (item: Item, context: RequestContext) => Promise<T>,
) => Promise<ItemAnswer<T>[]>

/** A list of 1 to `most` items that are validated one by one: what is wrong with one is an answer to that one. */
export function itemsOf<Item extends z.ZodObject>(item: Item, most: number) {
  const check = validated(undefined, item)
  /** Takes fields in lowerCamelCase, too, and describes what is wrong as for a request. */
  const readAgain = (input: unknown): ReadItem<z.output<Item>> => {
    try {
      return { value: check(input) }
    } catch (error) {
      if (isAppError(error)) return { error, request_id: requestIdOf(input) }
      throw error
    }
  }
  const read = item
    .transform((value): ReadItem<z.output<Item>> => ({ value }))
    // Without a fault zod asks for the default that a document of the schema shows: there is none.
    .catch((fault?: { value: unknown }) => (fault ? readAgain(fault.value) : undefined)!)
  return z.array(read).min(1).max(most)
}

/** The id that an item says, which is not valid in something else. */
function requestIdOf(input: unknown): string | undefined {
  const { request_id: id } = (input ?? {}) as { request_id?: unknown }
  return typeof id === 'string' && requestIdPattern.test(id) ? id : undefined
}

interface Deps {
  limiter: Pick<RateLimiter, 'count'> | undefined
  mainWork: Pick<MainWork, 'count'>
  metrics: Pick<Metrics, 'prefix' | 'registry'>
  reportError: ReportError
}

/** Runs the items of batches with what holds for requests: each counts at the rate limit, and is logged and counted. */
export function createItemRunner({ limiter, mainWork, metrics, reportError }: Deps): RunItems {
  const answered = new Counter({
    name: `${metrics.prefix}_batch_items_total`,
    help: 'Items of batches answered, by the status that each would have had as a request',
    labelNames: ['route', 'status'],
    registers: [metrics.registry],
  })

  return (items, context, carryOut) => {
    // The batch itself was counted as the first.
    mainWork.count(items.length - 1)
    const answers = items.map(async (item, index) => {
      const { request_id: requestId = context.requestId } = 'value' in item ? item.value : item
      const request = { ...context, requestId }
      const logged = { request_id: requestId, status: 200 }
      ;(context.items ??= []).push(logged)
      try {
        if (index > 0 && limiter && !context.machine) await limiter.count(context.address)
        if ('error' in item) throw item.error
        return { value: await carryOut(item.value, request) }
      } catch (error) {
        const { problem, retryAfterSeconds } = refusalOf(error, request)
        logged.status = problem.status
        return { problem, retryAfterSeconds }
      } finally {
        answered.inc({ route: context.route, status: logged.status })
      }
    })
    return Promise.all(answers)
  }

  function refusalOf(error: unknown, context: RequestContext) {
    const refusal = reportError(error, context)
    const { requestId, basePath } = context
    return { problem: toProblem(refusal, requestId, basePath), retryAfterSeconds: refusal.retryAfterSeconds }
  }
}
