import { noDeadline, withDeadline, type Deadline } from '@ordinal/deadline'
import { LRUCache } from 'lru-cache'
import { AppError } from '../domain/errors'
import { ServiceUnavailableError, type ServiceClient } from '@ordinal/resilience'
import { z } from 'zod'
import { createBatchedCalls, type Asked } from './batched-calls'
import { deadlineOfCall, headersOf, UnexpectedAnswerError, type Trace } from './service-clients'

/** What is needed of a user; the rest is passed on as the user service answers it. */
export const user = z.looseObject({ id: z.int(), active: z.boolean() })
// One in another form is none of those that are looked for.
const several = z.looseObject({ data: z.array(user.or(z.unknown().transform(() => undefined))) })
const unknown = z.looseObject({ code: z.literal('user_not_found') })

export type User = z.output<typeof user>

export type Users = ReturnType<typeof createUsers>

/** How it is known that a user is active: from the user service, or from the memory of its answer a moment ago. */
export type Verification = 'verified' | 'remembered'

export interface UserMetrics {
  /** The user service did not answer, and the memory was asked. */
  fellBack(outcome: 'remembered' | 'unknown'): void
  /** Shows how many users are remembered; `size` is asked at every scrape. */
  observeMemory(size: () => number): void
}

const maxRemembered = 10_000
// With less time than this, a missing answer says nothing about the user service.
const meaningfulMs = 100

/**
 * The users, as the user service knows them.
 *
 * @param options.memorySeconds how long a user who was found active may order while the user service is away. The
 *   memory is not prolonged by its use; it keeps those who ordered last
 * @param options.timeoutMs how long an answer may take in all: as long as one call of the client
 * @param options.batching whether users of several orders are asked for together
 */
export function createUsers(
  client: ServiceClient,
  {
    memorySeconds,
    metrics,
    timeoutMs,
    batching,
  }: { memorySeconds: number; metrics: UserMetrics; timeoutMs: number; batching: boolean },
) {
  const remembered = new LRUCache<number, true>({ max: maxRemembered, ttl: memorySeconds * 1000 })
  metrics.observeMemory(() => {
    remembered.purgeStale()
    return remembered.size
  })

  const answerTo = createBatchedCalls<Asked & { id: number; trace: Trace }>({
    service: client.name,
    timeoutMs,
    batching,
    askAlone: ({ id, trace, deadline }) =>
      client.request({
        method: 'GET',
        path: `/api/v1/users/${id}`,
        template: '/api/v1/users/{id}',
        headers: headersOf(trace),
        span: trace.span,
        deadline,
      }),
    async askTogether(items, deadline, span) {
      const { status, data } = await client.request({
        method: 'GET',
        path: '/api/v1/users:batchGet',
        template: '/api/v1/users:batchGet',
        span,
        params: { ids: items.map(({ id }) => id).join(',') },
        headers: headersOf(items[0]!.trace),
        deadline,
      })
      const found = several.safeParse(data)
      if (status !== 200 || !found.success) return undefined
      // One who is left out is asked for alone: that there is no such user is believed from the service's own word only.
      const answers = new Map(found.data.data.flatMap((given) => (given ? [[given.id, given]] : [])))
      return items.map(({ id }) => {
        const data = answers.get(id)
        return data && { status: 200, headers: {}, data }
      })
    },
  })

  /**
   * The user, or undefined if there is none.
   *
   * @throws ServiceUnavailableError, UnexpectedAnswerError
   */
  async function find(id: number, trace: Trace, deadline: Deadline): Promise<User | undefined> {
    const answer = await answerTo({ key: String(id), id, trace, deadline })
    // Only its own word: a 404 of a proxy says nothing about users.
    if (answer.status === 404 && unknown.safeParse(answer.data).success) return undefined
    const found = user.safeParse(answer.data)
    if (answer.status !== 200 || !found.success) throw new UnexpectedAnswerError(client, answer)
    return found.data
  }

  /** The fallback: ends well if the user was found active a moment ago. */
  function requireRemembered(id: number, error: unknown): 'remembered' {
    const unavailable = error instanceof ServiceUnavailableError
    if (!unavailable && !(error instanceof UnexpectedAnswerError)) throw error
    const known = remembered.has(id)
    metrics.fellBack(known ? 'remembered' : 'unknown')
    if (known) return 'remembered'
    if (!unavailable && error.isRefusal)
      throw new AppError(
        'user_service_refuses',
        `User ${id} cannot be verified: the user service refuses the key of the order service`,
        { retryAfterSeconds: 1, cause: error },
      )
    throw new AppError('user_service_unavailable', `User ${id} cannot be verified now`, {
      retryAfterSeconds: unavailable ? error.retryAfterSeconds : 1,
      cause: error,
    })
  }

  return {
    find,

    /**
     * Requires a user who is active, or who was a moment ago if the user service does not answer now. A short deadline alone
     * is no reason to use the memory: with one, a caller could order for a user who has just been deactivated.
     *
     * @throws AppError `user_unknown`, `user_inactive`, `user_service_unavailable`, `user_service_refuses`,
     *   `deadline_exceeded`, `caller_gone`
     */
    async requireActive(id: number, trace: Trace, deadline: Deadline): Promise<Verification> {
      deadline.throwIfExpired()
      const callDeadline = deadlineOfCall(deadline)
      const tooLittleTime = callDeadline.remainingMs() < meaningfulMs
      let found: User | undefined
      try {
        found = await find(id, trace, callDeadline)
      } catch (error) {
        deadline.throwIfExpired()
        if (tooLittleTime && client.state() === 'closed') throw notInTime(id, error)
        return requireRemembered(id, error)
      }
      if (found?.active) {
        if (memorySeconds > 0) remembered.set(id, true)
        return 'verified'
      }
      remembered.delete(id)
      if (!found) throw userUnknown(id)
      throw new AppError('user_inactive', `User ${id} is not active`)
    },

    /**
     * The user if the user service answers in time, else null.
     *
     * The call itself goes on, so that the breaker learns how it ends: if a deadline that passes counted as a failure, a
     * user service that is only slow would be taken for one that is down.
     */
    async findInTime(id: number, trace: Trace, deadline: Deadline): Promise<User | null> {
      if (deadline.remainingMs() <= 0) return null
      const user = await withDeadline(find(id, trace, noDeadline), deadline).catch(() => undefined)
      return user ?? null
    },
  }
}

/** What whoever orders for a user gets that does not exist, or not for them. */
export const userUnknown = (id: number) => new AppError('user_unknown', `User ${id} does not exist`)

const notInTime = (id: number, cause: unknown) =>
  new AppError('deadline_exceeded', `User ${id} could not be verified in the time that there was`, { cause })
