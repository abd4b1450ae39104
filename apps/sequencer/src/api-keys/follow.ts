import { createHash } from 'node:crypto'
import { keepKeys, type KnownKeys } from '@ordinal/api-keys'
import type { Logger } from '@ordinal/logging'
import { AppError } from '../domain/errors'
import type { KeyRepository } from './repository'

const pollMs = 1_000

export type FollowedKeys = ReturnType<typeof createFollowedKeys>

interface Deps {
  repository: Pick<KeyRepository, 'versions' | 'alive' | 'noteUses'>
  known: KnownKeys
  log: Logger
}

/** Keeps what this instance knows of the keys as the database has it, and notes there when they were used. */
export function createFollowedKeys({ repository, known, log }: Deps) {
  let seen: number | undefined
  let listed = { body: Buffer.from(''), etag: '' }

  async function read() {
    const versions = await repository.versions()
    if (versions === seen) return { keys: 'unchanged' } as const
    const keys = await repository.alive()
    const body = Buffer.from(JSON.stringify({ data: keys }))
    listed = { body, etag: `"${createHash('sha256').update(body).digest('base64url')}"` }
    seen = versions
    return { keys }
  }
  const { refresh, start, stop } = keepKeys({
    known,
    source: { read, noteUses: repository.noteUses },
    pollMs,
    log,
  })

  return {
    refresh,

    /**
     * All that have not ended, as JSON, for services that follow them, with its ETag and its age.
     *
     * @throws AppError `api_keys_unavailable` if they were not read yet
     */
    list(): { body: Buffer; etag: string; ageSeconds: number } {
      if (seen === undefined)
        throw new AppError('api_keys_unavailable', 'The keys were not read yet', { retryAfterSeconds: 1 })
      return { ...listed, ageSeconds: Math.floor(known.ageMs() / 1000) }
    },

    start,
    stop,
  }
}
