import { setTimeout as sleep } from 'node:timers/promises'
import type { Finding } from '@ordinal/audit'
import type { Queryable } from '@ordinal/database'
import { logChanges, type Logger } from '@ordinal/logging'
import { createPeriodicTask } from '@ordinal/periodic-task'
import type { Checkpoints } from '../audit/checkpoints'
import { AppError } from '../domain/errors'
import { OtherServerError, type WriteOnServer } from '../ledger/other-server'
import type { CheckpointSource } from './checkpoint-source'
import { readServerState, requireServer } from './gate-queries'

interface Deps {
  /** Leads where numbers are issued. */
  db: Queryable
  checkpoints: Pick<Checkpoints, 'compare'>
  /** Undefined if nobody keeps checkpoints for the service to look at. */
  source: CheckpointSource | undefined
  /** How long a request waits for a database that is away, in ms. */
  patienceMs: number
  log: Logger
}

export type LedgerGate = ReturnType<typeof createLedgerGate>

/** Holds for one server, known by its start time; an open one also for the checkpoint that it was compared with. */
type Verdict =
  | { open: true; server: string; kept: string | undefined }
  /** `why` is for the log: it may name the place of the checkpoint, keys and counters. */
  | { open: false; server: string; reason: keyof typeof refusals; why: string }

/** `publicText` is for any caller, `remedy` for operators. */
const refusals = {
  older: {
    publicText: 'the ledger was restored, or does not have all that is known of it',
    remedy: 'ordinal restore-check, then sequencer --raise-counters (docs/backup.md)',
  },
  notCompared: {
    publicText:
      'the ledger could not be compared with the last checkpoint that was kept; the log of the sequencer says why',
    remedy:
      'have the last checkpoint where SEQUENCER_KEPT_CHECKPOINT says, and issuing goes on by itself (docs/backup.md)',
  },
}

const everyMs = 5_000
const retryMs = 100
const mostLogged = 100
// What a restored ledger shows. Others say that somebody has added to it or dated back: an alarm, and no reason to stop.
const older: ReadonlySet<Finding['kind']> = new Set(['tail_cut', 'missing', 'rewritten'])

/**
 * Keeps a ledger that is older than what is known of it from issuing numbers a second time: one whose server says
 * that it was restored, and one that does not have what the last kept checkpoint has. It looks at the first request, and
 * again when the server has started anew (a restore, a failover) or another checkpoint is kept.
 *
 * Every statement that writes names the server that was looked at, which the server itself checks: whatever balancer or
 * pooler is between, none is carried out on another before that was looked at.
 */
export function createLedgerGate({ db, checkpoints, source, patienceMs, log }: Deps) {
  let verdict: Verdict | undefined
  let looking: Promise<Verdict> | undefined
  /** The reasons that were logged since the ledger was open last: each is logged once. */
  const logged = new Set<string>()
  /** A statement has met another server since the last look. */
  let metAnother = false
  /** Why the place could not be read at the last look, though the ledger may issue. */
  let unread: Error | undefined

  const opened = () => (verdict?.open && !metAnother ? verdict : undefined)

  async function look(): Promise<Verdict> {
    const { startedAt: server, restored } = await readServerState(db, source !== undefined)
    const before = verdict?.open && verdict.server === server ? verdict : undefined
    unread = undefined
    if (restored)
      return settle({
        open: false,
        server,
        reason: 'older',
        why: 'its server says that it was restored (ordinal.restored is on)',
      })
    const kept = await keptCheckpoint()
    if ('unreadable' in kept) {
      if (!before) return settle({ open: false, server, reason: 'notCompared', why: kept.unreadable.message })
      // Once it was found that the ledger of this server may issue, a place that cannot be read closes nothing.
      unread = kept.unreadable
      return settle(before)
    }
    if (before && before.kept === kept.text) return settle(before)
    if (kept.text === undefined) return settle({ open: true, server, kept: undefined })
    return settle(await compare(kept.text, server))
  }

  async function keptCheckpoint(): Promise<{ text: string | undefined } | { unreadable: Error }> {
    try {
      return { text: (await source?.read()) ?? undefined }
    } catch (error) {
      const why = `the ledger cannot be compared: ${(error as Error).message}`
      return { unreadable: new Error(why, { cause: error }) }
    }
  }

  async function compare(kept: string, server: string): Promise<Verdict> {
    const { at, findings } = await checkpoints.compare(kept, undefined, requireServer(server))
    const finding = findings.find(({ kind }) => older.has(kind))
    if (!finding) return { open: true, server, kept }
    return {
      open: false,
      server,
      reason: 'older',
      why: `it does not have what the checkpoint of ${at} has: ${finding.detail}`,
    }
  }

  function settle(now: Verdict): Verdict {
    if (now.open) logged.clear()
    else if (!logged.has(now.why)) {
      // What differs each time, such as the error of a network, is logged each time.
      if (logged.size === mostLogged) logged.clear()
      logged.add(now.why)
      log.error('no numbers are issued', { why: now.why, do: refusals[now.reason].remedy })
    }
    if (now.open && verdict?.open === false) log.info('the ledger may issue numbers again')
    metAnother = false
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
    run: async () => {
      await lookOnce()
      if (unread) throw unread
    },
    report: logChanges(
      log,
      'the ledger could not be compared with the last checkpoint; retrying every five seconds',
      'the ledger is compared with the last checkpoint again',
    ),
    everyMs,
    jitter: 0,
  })

  /** A look that fails has written nothing, as a statement may have whose connection breaks. */
  const lookBeforeWrite = () =>
    lookOnce().catch((cause: unknown) => {
      throw new OtherServerError({ cause })
    })

  /**
   * Runs a statement; if it meets another server, once more on that, as soon as it was found that it may issue.
   *
   * @param allowsOlder whether it also writes to a ledger that is known to be older
   * @throws AppError `ledger_behind`; OtherServerError, if that could not be looked at, or another came after it
   */
  const writeOn =
    (allowsOlder: boolean): WriteOnServer =>
    async (statement) => {
      for (let attempt = 1; ; attempt += 1) {
        const now = opened() ?? (await lookBeforeWrite())
        if (!now.open && !(allowsOlder && now.reason === 'older')) throw behind(now)
        try {
          return await statement(now.server)
        } catch (error) {
          if (!(error instanceof OtherServerError)) throw error
          // Of several that met it at the same time, one may have had a look since.
          metAnother ||= verdict?.open === true && verdict.server === now.server
          if (attempt > 1) throw error
        }
      }
    }

  return {
    start: () => task.start(),
    stop: () => task.stop(),
    /** Whether it has been found that the ledger may issue. */
    isOpen: () => opened() !== undefined,
    /** Looks, if it is not open. @throws AppError `ledger_behind` */
    async require(): Promise<void> {
      const now = opened() ?? (await lookPatiently())
      if (!now.open) throw behind(now)
    },
    write: writeOn(false),
    /**
     * Also to a ledger that is known to be older: before its counters are raised, sequences that were made or changed after
     * the restored moment are made again, and a key that leaked cannot wait for that.
     */
    writeToOlder: writeOn(true),
    /** For `/health/ready`: `up`; it throws why not, for the log alone. */
    check: async (): Promise<string> => {
      const now = opened() ?? (await lookOnce())
      if (!now.open) throw new Error(inWords(now.why, now.reason))
      return 'up'
    },
  }
}

/**
 * Checkpoints of a ledger that may issue. One of a ledger that was restored would take the place of that which it no longer
 * has, wherever they are kept, and open the gate.
 */
export const ofOpenLedger = (
  checkpoints: Checkpoints,
  gate: Pick<LedgerGate, 'require' | 'write'>,
): Checkpoints => ({
  ...checkpoints,
  async sign(chosen) {
    await gate.require()
    return gate.write((server) => checkpoints.sign(chosen, requireServer(server)))
  },
})

const behind = ({ reason }: Verdict & { open: false }) =>
  new AppError('ledger_behind', inWords(refusals[reason].publicText, reason), { retryAfterSeconds: 5 })

const inWords = (why: string, reason: keyof typeof refusals) =>
  `Nothing is issued: ${why}. Operators: ${refusals[reason].remedy}`
