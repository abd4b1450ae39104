import { createHash } from 'node:crypto'
import type { KnownKeys } from '@ordinal/api-keys'
import { groupReads } from '@ordinal/http'
import { logChanges, type Logger } from '@ordinal/logging'
import { createPeriodicTask } from '@ordinal/periodic-task'
import { AppError } from '../domain/errors'
import type { KeyRepository } from './repository'

const pollMs = 1_000
const notedEveryMs = 60_000

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

  // One at a time, so that none takes the place of a later one.
  const read = groupReads(async () => {
    const startedAt = performance.now()
    const versions = await repository.versions()
    if (versions === seen) return known.confirm(performance.now() - startedAt)
    const alive = await repository.alive()
    known.replace(alive, performance.now() - startedAt)
    const body = Buffer.from(JSON.stringify({ data: alive }))
    listed = { body, etag: `"${createHash('sha256').update(body).digest('base64url')}"` }
    seen = versions
  })
  const refresh = () => read('')

  const polling = createPeriodicTask({
    run: refresh,
    report: logChanges(log, 'the API keys cannot be read', 'the API keys can be read again'),
    everyMs: pollMs,
  })

  async function noteUses(): Promise<void> {
    const uses = known.takeUses()
    try {
      await repository.noteUses(uses)
    } catch (error) {
      known.returnUses(uses)
      throw error
    }
  }
  const noting = createPeriodicTask({
    run: noteUses,
    report: logChanges(log, 'the use of API keys cannot be noted', 'the use of API keys is noted again'),
    everyMs: notedEveryMs,
    firstAfterMs: notedEveryMs,
  })

  return {
    /** Reads them now. */
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

    start(): void {
      polling.start()
      noting.start()
    },
    async stop(): Promise<void> {
      await Promise.all([polling.stop(), noting.stop()])
      await noteUses().catch((error: unknown) => log.warn('the use of API keys was not noted', { error }))
    },
  }
}
