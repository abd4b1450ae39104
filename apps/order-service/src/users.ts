import { setTimeout as delay } from 'node:timers/promises'
import { LRUCache } from 'lru-cache'
import { AppError } from '@ordinal/errors'
import type { Logger } from '@ordinal/logging'
import { ServiceUnavailableError, type ServiceClient } from '@ordinal/resilience'
import { z } from 'zod'
import { headersOf, UnexpectedAnswerError, type Trace } from './clients'

/** What is needed of a user; the rest is passed on as the user service answers it. */
export const user = z.looseObject({ id: z.int(), active: z.boolean() })
const unknown = z.looseObject({ code: z.literal('user_not_found') })

export type User = z.output<typeof user>

export type Users = ReturnType<typeof createUsers>

const maxRemembered = 10_000

/**
 * The users, as the user service knows them.
 *
 * @param memorySeconds how long a user who was found active may order while the user service is away
 */
export function createUsers(
  client: ServiceClient,
  { memorySeconds, log }: { memorySeconds: number; log: Logger },
) {
  const remembered = new LRUCache<number, true>({ max: maxRemembered, ttl: memorySeconds * 1000 })

  /**
   * The user, or undefined if there is none.
   *
   * @throws ServiceUnavailableError, UnexpectedAnswerError
   */
  async function find(id: number, trace: Trace): Promise<User | undefined> {
    const path = `/api/v1/users/${id}`
    const answer = await client.request({ method: 'GET', path, headers: headersOf(trace) })
    // Only its own word: a 404 of a proxy says nothing about users.
    if (answer.status === 404 && unknown.safeParse(answer.data).success) return undefined
    const found = user.safeParse(answer.data)
    if (answer.status !== 200 || !found.success) throw new UnexpectedAnswerError(client, answer)
    return found.data
  }

  /** Ends well if the user was found active a moment ago. */
  function requireRemembered(id: number, error: unknown): void {
    const unavailable = error instanceof ServiceUnavailableError
    if (!unavailable && !(error instanceof UnexpectedAnswerError)) throw error
    if (remembered.has(id))
      return void log.info('a user was taken for active, as a moment ago', { user_id: id })
    throw new AppError('user_service_unavailable', `User ${id} cannot be verified now`, {
      retryAfterSeconds: unavailable ? error.retryAfterSeconds : 1,
      cause: error,
    })
  }

  return {
    find,

    /**
     * Ends well if the user is active, or was a moment ago and cannot be asked for now.
     *
     * @throws AppError `user_unknown`, `user_inactive`, `user_service_unavailable`
     */
    async requireActive(id: number, trace: Trace): Promise<void> {
      let found: User | undefined
      try {
        found = await find(id, trace)
      } catch (error) {
        return requireRemembered(id, error)
      }
      if (found?.active) {
        if (memorySeconds > 0) remembered.set(id, true)
        return
      }
      remembered.delete(id)
      if (!found) throw new AppError('user_unknown', `User ${id} does not exist`)
      throw new AppError('user_inactive', `User ${id} is not active`)
    },

    /**
     * The user if the user service tells in time, else null.
     *
     * The call itself goes on, so that the breaker learns how it ends: if giving up counted as a failure, a user
     * service that is only slow would be taken for one that is down.
     */
    async findInTime(id: number, trace: Trace, limitMs: number): Promise<User | null> {
      const timer = new AbortController()
      const late = delay(limitMs, null, { signal: timer.signal }).catch(() => null)
      const found = find(id, trace).catch(() => undefined)
      const user = await Promise.race([found, late]).finally(() => timer.abort())
      return user ?? null
    },
  }
}
