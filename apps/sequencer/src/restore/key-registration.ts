import type { Queryable } from '@ordinal/database'
import { logChanges, type Logger } from '@ordinal/logging'
import type { ApiKey } from '@ordinal/middleware'
import { createPeriodicTask } from '@ordinal/periodic-task'
import { AppError } from '../domain/errors'
import type { WriteOnServer } from '../ledger/other-server'
import { registerKeys } from './gate-queries'

interface Deps {
  db: Queryable
  /** Refuses while the ledger may not issue: one that is still to be compared stays as it is. */
  write: WriteOnServer
  apiKeys: readonly ApiKey[] | undefined
  log: Logger
}

/** Records the API keys of this service in the register, once, as soon as its ledger may issue. */
export function createKeyRegistration({ db, write, apiKeys, log }: Deps) {
  const keys: Record<string, string[]> = {}
  for (const { id, sha256 } of apiKeys ?? []) (keys[id] ??= []).push(sha256.toString('hex'))
  for (const digests of Object.values(keys)) digests.sort()
  let registered = false

  return createPeriodicTask({
    run: async () => {
      if (registered) return
      try {
        await write((server) => registerKeys(db, keys, server))
        registered = true
      } catch (error) {
        // The gate has logged that.
        if (!(error instanceof AppError && error.code === 'ledger_behind')) throw error
      }
    },
    report: logChanges(
      log,
      'the API keys could not be registered; retrying every five seconds',
      'the API keys are registered',
    ),
    everyMs: 5_000,
  })
}
