import { setTimeout as delay } from 'node:timers/promises'
import { ProblemError } from '@ordinal/client'
import { exitCodeOf, exitCodes } from './exit-codes'
import type { Screen } from './progress'
import { visible } from './output'

const firstPauseMs = 500
const longestPauseMs = 15_000
/** With the pauses between them they last a minute: longer than a restart, or a failover. */
export const usualAttempts = 9

/**
 * Carries out a long work, again where it was cut off: as often as said, with pauses that double.
 *
 * @param begin a piece of work that may be begun again, as if it had not been before
 * @throws what the last attempt threw
 */
export async function again<T>(attempts: number, screen: Screen, begin: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await begin()
    } catch (error) {
      if (attempt >= attempts || !isPassing(error)) throw error
      const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** (attempt - 1))
      screen.write(
        `${visible((error as Error).message)}: again in ${pauseMs / 1000} s (${attempt + 1} of ${attempts})\n`,
      )
      await delay(pauseMs)
    }
  }
}

const isPassing = (error: unknown): boolean =>
  exitCodeOf(error) === exitCodes.unavailable ||
  (error instanceof ProblemError && error.code === 'exports_under_way')
