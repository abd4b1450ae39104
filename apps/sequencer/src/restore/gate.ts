import { setTimeout as sleep } from 'node:timers/promises'
import type { Finding } from '@ordinal/audit'
import type { Queryable } from '@ordinal/database'
import { logChanges, type Logger } from '@ordinal/logging'
import { createPeriodicTask } from '@ordinal/periodic-task'
import type { Checkpoints } from '../audit/checkpoints'
import { AppError } from '../domain/errors'
import type { CheckpointSource } from './checkpoint-source'
import { readServerState } from './gate-queries'

interface Deps {
  db: Queryable
  checkpoints: Pick<Checkpoints, 'compare'>
  /** Undefined if nobody keeps checkpoints for the service to look at. */
  source: CheckpointSource | undefined
  /** How long a request waits for a database that is away, in ms. */
  patienceMs: number
  log: Logger
}

export type LedgerGate = ReturnType<typeof createLedgerGate>

type Verdict = { open: true } | { open: false; why: string }

const everyMs = 5_000
const retryMs = 100
// What a restored ledger shows. Others say that somebody has added to it or dated back: an alarm, and no reason to stop.
const older: ReadonlySet<Finding['kind']> = new Set(['tail_cut', 'missing', 'rewritten'])

/**
 * Keeps a ledger that is older than what is known of it from issuing numbers a second time: one whose server says
 * that it was restored, and one that does not have what the last kept checkpoint has. It looks at the first request, and
 * again when the server has started anew (a restore, a failover) or another checkpoint is kept.
 */
export function createLedgerGate({ db, checkpoints, source, patienceMs, log }: Deps) {
  let verdict: Verdict | undefined
  let looking: Promise<Verdict> | undefined
  let seen = ''

  async function look(): Promise<Verdict> {
    const { startedAt, restored } = await readServerState(db)
    if (restored)
      return settle('', { open: false, why: 'its server says that it was restored (ordinal.restored is on)' })
    const kept = await keptCheckpoint()
    if ('unreadable' in kept) return settle('', { open: false, why: kept.unreadable })
    const state = `${startedAt} ${kept.text}`
    if (verdict?.open && state === seen) return verdict
    return settle(state, kept.text === undefined ? { open: true } : await compare(kept.text))
  }

  /** Once it was found that the ledger may issue, a place that cannot be read is logged and closes nothing. */
  async function keptCheckpoint(): Promise<{ text: string | undefined } | { unreadable: string }> {
    try {
      return { text: (await source?.read()) ?? undefined }
    } catch (error) {
      const why = `the kept checkpoint cannot be read: ${(error as Error).message}`
      if (verdict?.open) throw new Error(why, { cause: error })
      return { unreadable: why }
    }
  }

  async function compare(kept: string): Promise<Verdict> {
    try {
      const { at, findings } = await checkpoints.compare(kept)
      const finding = findings.find(({ kind }) => older.has(kind))
      if (!finding) return { open: true }
      return { open: false, why: `it does not have what the checkpoint of ${at} has: ${finding.detail}` }
    } catch (error) {
      if (error instanceof AppError && error.code === 'checkpoint_invalid')
        return { open: false, why: error.message }
      throw error
    }
  }

  function settle(state: string, now: Verdict): Verdict {
    if (!now.open && (verdict?.open ?? true))
      log.error('no numbers are issued', {
        why: now.why,
        do: 'ordinal restore-check; docs/backup.md',
      })
    if (now.open && verdict?.open === false) log.info('the ledger may issue numbers again')
    seen = state
    return (verdict = now)
  }

  /** Calls at the same time share a look. */
  const lookOnce = () => (looking ??= look().finally(() => (looking = undefined)))

  /** A database that is away is waited for, as by every request for a number. */
  async function lookPatiently(): Promise<Verdict> {
    for (const endsAtMs = performance.now() + patienceMs; ; await sleep(retryMs)) {
      try {
        return await lookOnce()
      } catch (error) {
        if (performance.now() > endsAtMs) throw error
      }
    }
  }

  const task = createPeriodicTask({
    run: async () => void (await lookOnce()),
    report: logChanges(
      log,
      'the ledger could not be compared with the last checkpoint; retrying every five seconds',
      'the ledger is compared with the last checkpoint again',
    ),
    everyMs,
    jitter: 0,
  })

  return {
    start: () => task.start(),
    stop: () => task.stop(),
    /** Whether it has been found that the ledger may issue. */
    isOpen: () => verdict?.open === true,
    /** Looks now. @throws AppError `ledger_behind` */
    require: async (): Promise<void> => {
      const now = verdict?.open ? verdict : await lookPatiently()
      if (!now.open) throw behind(now.why)
    },
    /** For `/health/ready`: `up`, or why not. */
    check: async (): Promise<string> => {
      const now = verdict?.open ? verdict : await lookOnce()
      if (!now.open) throw behind(now.why)
      return 'up'
    },
  }
}

/**
 * Checkpoints of a ledger that may issue. One of a ledger that was restored would take the place of that which it no longer
 * has, wherever they are kept, and open the gate.
 */
export const ofOpenLedger = (checkpoints: Checkpoints, gate: Pick<LedgerGate, 'require'>): Checkpoints => ({
  ...checkpoints,
  async sign(chosen) {
    await gate.require()
    return checkpoints.sign(chosen)
  },
})

const behind = (why: string) =>
  new AppError(
    'ledger_behind',
    `Nothing is issued: ${why}. Operators: ordinal restore-check, then sequencer --raise-counters (docs/backup.md)`,
    { retryAfterSeconds: 5 },
  )
