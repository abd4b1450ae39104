import type { Queryable } from '@ordinal/database'
import type { Logger } from '@ordinal/logging'
import { atStart } from '@ordinal/service'
import type { ApiKey } from '@ordinal/middleware'
import { registerKeys } from './queries/register'

/** Records the API keys of this service in the register, at the start. */
export function registerKeysAtStart(db: Queryable, apiKeys: readonly ApiKey[] | undefined, log: Logger) {
  const register = async () => {
    const keys: Record<string, string[]> = {}
    for (const { id, sha256 } of apiKeys ?? []) (keys[id] ??= []).push(sha256.toString('hex'))
    for (const digests of Object.values(keys)) digests.sort()
    await registerKeys(db, keys)
  }
  return atStart(register, log, 'the API keys could not be registered')
}
