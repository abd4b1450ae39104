import { databaseErrorOf, reasonOf, type DatabaseErrorKind } from '@ordinal/database'
import type { Logger } from '@ordinal/logging'

export type OutageLog = ReturnType<typeof createOutageLog>

/**
 * Logs that issuing waits for the database: once for all lanes and attempts, and again for each other kind of failure; and once
 * that it goes on, when every lane that failed has succeeded or has nothing left to try.
 */
export function createOutageLog(log: Logger) {
  const waiting = new Set<string>()
  const logged = new Set<DatabaseErrorKind | undefined>()
  let attempts = 0
  let sinceMs = 0

  return {
    /** An attempt of a lane failed, and another one follows. */
    failed({ name, prefix }: { name: string; prefix: string }, error: unknown): void {
      if (logged.size === 0) sinceMs = performance.now()
      attempts += 1
      waiting.add(name)
      const { kind, sqlState } = databaseErrorOf(error) ?? {}
      if (logged.has(kind)) return
      logged.add(kind)
      // Without a stack, which shows nothing but the driver.
      log.warn('issuing waits for the database', {
        prefix,
        kind,
        sql_state: sqlState,
        reason: reasonOf(error),
      })
    },

    /** The database carried a lane's requests out, or refused them for what they are. */
    answered({ name }: { name: string }): void {
      if (logged.size === 0) return
      waiting.delete(name)
      if (waiting.size > 0) return
      log.info('issuing goes on', { attempts, waited_ms: Math.round(performance.now() - sinceMs) })
      logged.clear()
      attempts = 0
    },

    /** Nobody waits any longer for the requests of a lane. */
    gaveUp({ name }: { name: string }): void {
      waiting.delete(name)
    },
  }
}
