import { setTimeout as delay } from 'node:timers/promises'
import { LRUCache } from 'lru-cache'
import { AppError } from '@ordinal/errors'
import { ServiceUnavailableError, type ServiceClient } from '@ordinal/resilience'
import { z } from 'zod'
import { headersOf, UnexpectedAnswerError, type Trace } from './clients'
import type { UserMetrics } from './metrics'
import { endless, type Patience } from './patience'

/** What is needed of a user; the rest is passed on as the user service answers it. */
export const user = z.looseObject({ id: z.int(), active: z.boolean() })
const unknown = z.looseObject({ code: z.literal('user_not_found') })

export type User = z.output<typeof user>

export type Users = ReturnType<typeof createUsers>

/** How it is known that a user is active: from the user service, or from the memory of its answer a moment ago. */
export type Verification = 'verified' | 'remembered'

const maxRemembered = 10_000
// Who leaves the user service less time than this has not given it a chance: that it did not answer says nothing.
const fairMs = 100

/**
 * The users, as the user service knows them.
 *
 * @param options.memorySeconds how long a user who was found active may order while the user service is away. The
 *   memory is not prolonged by its use; it keeps those who ordered last
 */
export function createUsers(
  client: ServiceClient,
  { memorySeconds, metrics }: { memorySeconds: number; metrics: UserMetrics },
) {
  const remembered = new LRUCache<number, true>({ max: maxRemembered, ttl: memorySeconds * 1000 })
  metrics.observeMemory(() => {
    remembered.purgeStale()
    return remembered.size
  })

  /**
   * The user, or undefined if there is none.
   *
   * @throws ServiceUnavailableError, UnexpectedAnswerError
   */
  async function find(id: number, trace: Trace, { callMs, gone }: Patience): Promise<User | undefined> {
    const path = `/api/v1/users/${id}`
    const waits = { timeoutMs: callMs(), ...(gone && { signal: gone }) }
    const answer = await client.request({ method: 'GET', path, headers: headersOf(trace), ...waits })
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
    throw new AppError('user_service_unavailable', `User ${id} cannot be verified now`, {
      retryAfterSeconds: unavailable ? error.retryAfterSeconds : 1,
      cause: error,
    })
  }

  return {
    find,

    /**
     * Ends well if the user is active, or was a moment ago and cannot be asked for now. A caller's hurry alone is no
     * reason to take the memory for it: by that, anybody could order for a user who was deactivated just now.
     *
     * @throws AppError `user_unknown`, `user_inactive`, `user_service_unavailable`, `deadline_exceeded`,
     *   `caller_gone`
     */
    async requireActive(id: number, trace: Trace, patience: Patience): Promise<Verification> {
      patience.requireWanted()
      const hurried = patience.callMs() < fairMs
      let found: User | undefined
      try {
        found = await find(id, trace, patience)
      } catch (error) {
        patience.requireThere()
        if (hurried && client.state() === 'closed') throw tooHurried(id, error)
        return requireRemembered(id, error)
      }
      if (found?.active) {
        if (memorySeconds > 0) remembered.set(id, true)
        return 'verified'
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
      if (limitMs <= 0) return null
      const timer = new AbortController()
      const late = delay(limitMs, null, { signal: timer.signal }).catch(() => null)
      const found = find(id, trace, endless).catch(() => undefined)
      const user = await Promise.race([found, late]).finally(() => timer.abort())
      return user ?? null
    },
  }
}

const tooHurried = (id: number, cause: unknown) =>
  new AppError('deadline_exceeded', `User ${id} could not be verified in the time that there was`, { cause })
