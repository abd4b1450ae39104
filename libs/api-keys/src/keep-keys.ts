import { groupReads } from '@ordinal/batching'
import { logChanges, type Logger } from '@ordinal/logging'
import { createPeriodicTask } from '@ordinal/periodic-task'
import type { KeyRecord, KeyUse, KnownKeys } from './known-keys'

/** Where the managed keys are read, and their uses noted: the database of their owner, or the owner. */
export interface KeySource {
  /** The keys that have not ended, or `unchanged` if they are those of the last call; and how old that is already, in ms. */
  read(): Promise<{ keys: readonly KeyRecord[] | 'unchanged'; ageMs?: number }>
  /** @param uses a thousand at most */
  noteUses(uses: readonly KeyUse[]): Promise<void>
}

interface Options {
  known: KnownKeys
  source: KeySource
  /** The pause between two readings. */
  pollMs: number
  log: Logger
}

const notedEveryMs = 60_000
const mostUses = 1_000

/** Keeps what this instance knows of the keys as its source has it, and once a minute notes there when they were used. */
export function keepKeys({ known, source, pollMs, log }: Options) {
  // One at a time, so that none takes the place of a later one.
  const read = groupReads(async () => {
    const startedAt = performance.now()
    const { keys, ageMs = 0 } = await source.read()
    const age = performance.now() - startedAt + ageMs
    if (keys === 'unchanged') known.confirm(age)
    else known.replace(keys, age)
  })
  const refresh = () => read('')

  async function noteUses(): Promise<void> {
    const uses = known.takeUses()
    try {
      while (uses.length > 0) {
        const some = uses.slice(0, mostUses)
        await source.noteUses(some)
        uses.splice(0, some.length)
      }
    } catch (error) {
      known.returnUses(uses)
      throw error
    }
  }

  const polling = createPeriodicTask({
    run: refresh,
    report: logChanges(log, 'the API keys cannot be read', 'the API keys can be read again'),
    everyMs: pollMs,
  })
  const noting = createPeriodicTask({
    run: noteUses,
    report: logChanges(log, 'the use of API keys cannot be noted', 'the use of API keys is noted again'),
    everyMs: notedEveryMs,
    firstAfterMs: notedEveryMs,
  })

  const start = () => {
    polling.start()
    noting.start()
  }
  const stop = async () => {
    await Promise.all([polling.stop(), noting.stop()])
    await noteUses().catch((error: unknown) => log.warn('the use of API keys was not noted', { error }))
  }

  return {
    /** Reads them now. */
    refresh,
    start,
    /** Notes what was not noted yet. */
    stop,
  }
}
