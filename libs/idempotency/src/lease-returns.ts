import { setTimeout as sleep } from 'node:timers/promises'
import type { Queryable } from '@ordinal/database'
import { withTimeout } from '@ordinal/deadline'
import type { IdempotencyKey } from './idempotency-key'
import { endLeases } from './requests'

interface Deps {
  db: Queryable
}

/** A lease that a request holds. */
interface Lease extends Pick<IdempotencyKey, 'caller' | 'key'> {
  /** On the clock of `performance.now()`, at the latest. */
  endsAtMs: number
}

// Its caller waits to be told of the failure.
const firstTryMs = 1_000
const pauseMs = 200
// Beyond that a lease runs out by itself.
const mostDue = 10_000
const mostAtOnce = 1_000

/**
 * Gives leases back that a request has no more use for, since it failed: the next one with the key may go on at once. While
 * the database is away, that is tried again until the database answers or the lease has ended by itself.
 *
 * A key that is not on record may be committed yet, by a statement whose connection was lost: it is looked for again, too.
 */
export function createLeaseReturns({ db }: Deps) {
  const due = new Map<string, Lease>()
  const stopping = new AbortController()
  let returning: Promise<void> | undefined

  async function returnDue(): Promise<void> {
    while (due.size > 0 && !stopping.signal.aborted) {
      await sleep(pauseMs, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined)
      await tryDue().catch(() => undefined)
    }
  }

  async function tryDue(): Promise<void> {
    for (const [name, lease] of due) if (hasEnded(lease)) due.delete(name)
    const tried = [...due].slice(0, mostAtOnce)
    if (tried.length === 0) return
    const found = await end(tried.map(([, lease]) => lease))
    for (const [nth, [name, lease]] of tried.entries()) {
      due.delete(name)
      // Behind those that were not tried.
      if (!found[nth]) due.set(name, lease)
    }
  }

  const end = (leases: Lease[]) =>
    endLeases(
      db,
      leases.map(({ caller, key, endsAtMs }) => ({ caller, key, endsInMs: endsAtMs - performance.now() })),
    )

  return {
    /** Gives back the lease of a key. Resolves when that is done, or was tried for a second; never rejects. */
    async giveBack(lease: Lease): Promise<void> {
      if (hasEnded(lease)) return
      const first = end([lease]).then(([found]) => found === true)
      if (await withTimeout(first, firstTryMs).catch(() => false)) return
      if (due.size >= mostDue) return
      due.set(`${lease.caller}\n${lease.key}`, lease)
      returning ??= returnDue().finally(() => (returning = undefined))
    },
    /** As for all that runs in the background of a service: here that begins when there is a lease to give back. */
    start(): void {},
    /** Tries once more what is due, and resolves. */
    async stop(): Promise<void> {
      stopping.abort()
      await returning
    },
  }
}

export type LeaseReturns = ReturnType<typeof createLeaseReturns>

/** Then it may be that of another request. */
const hasEnded = ({ endsAtMs }: Lease) => endsAtMs <= performance.now()
