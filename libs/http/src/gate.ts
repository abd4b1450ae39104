import { performance } from 'node:perf_hooks'
import { AppError } from '@ordinal/errors'

/** The bounds of a gate. */
export interface Bounds {
  /** How many requests may be under way. */
  places: number
  /** The same while the process is busy with its main work; `places` if not given. */
  busyPlaces?: number
  /** The share of the places, and of the waiting room, that one client may have. */
  shareOfClient: number
  /** How many requests may wait for a place. */
  waiting: number
  /** How long a request waits. */
  waitMs: number
  /** How many requests may begin in a second while the process is busy; any number if not given. */
  busyRate?: number
  /** While the process is busy, the next request begins only after a rest: this multiple of the time that the last one took. */
  busyRest?: number
  /** Whether a request passes, and is not refused, after `waitMs`. */
  passesLate?: boolean
}

interface Waiter {
  client: string
  connection: unknown
  begin: (paced: boolean) => void
  refuse: () => void
}

/**
 * A bounded number of places, a bounded waiting room before them, and a rate that holds while the process is busy. Clients
 * that passed least in the last second come first, then connections: a flood waits behind clients that ask now and then.
 */
export function createGate(bounds: Bounds, isBusy: () => boolean = () => false) {
  const { places, busyPlaces = places, shareOfClient, waiting: room, waitMs } = bounds
  const { busyRate = Infinity, busyRest = 0, passesLate = false } = bounds
  const ofClient = (all: number) => Math.max(1, Math.floor(all * shareOfClient))
  const waiters = new Set<Waiter>()
  const held = new Map<string, number>()
  const lately = createTally()
  let underWay = 0
  // When the next may begin while the process is busy. Up to 50 ms of the rate may be used later.
  let nextAt = 0
  let timer: NodeJS.Timeout | undefined

  const count = (client: string, by: number) => {
    const now = (held.get(client) ?? 0) + by
    if (now === 0) held.delete(client)
    else held.set(client, now)
  }

  const hasPlace = (busy: boolean, client: string) =>
    underWay < (busy ? busyPlaces : places) && (held.get(client) ?? 0) < ofClient(places)

  /** @param paced whether it counts for the rate that holds while the process is busy */
  function begin(client: string, connection: unknown, paced: boolean): () => void {
    const startedAt = performance.now()
    underWay += 1
    count(client, 1)
    lately.add(client)
    lately.add(connection)
    if (paced) nextAt = Math.max(nextAt, startedAt - 50) + 1_000 / busyRate
    let left = false
    return () => {
      if (left) return
      left = true
      underWay -= 1
      count(client, -1)
      const now = performance.now()
      // Shorter than a request waits: a client that sends one request after the other is not refused.
      if (busyRest > 0) nextAt = Math.max(nextAt, now + Math.min(busyRest * (now - startedAt), waitMs / 2))
      admit()
    }
  }

  /** Of the waiters that have a place, the first of those that passed least lately. */
  function next(busy: boolean): Waiter | undefined {
    let found: Waiter | undefined
    for (const waiter of waiters)
      if (hasPlace(busy, waiter.client) && (!found || lately.compare(waiter, found) < 0)) found = waiter
    return found
  }

  function admit(): void {
    while (waiters.size > 0) {
      const busy = isBusy()
      const ms = busy ? nextAt - performance.now() : 0
      if (ms > 0) return wake(ms)
      const waiter = next(busy)
      // The process may stop being busy while others are still under way.
      if (!waiter) return busyPlaces < places ? wake(100) : undefined
      waiters.delete(waiter)
      waiter.begin(busy)
    }
  }

  function wake(ms: number): void {
    timer ??= setTimeout(() => {
      timer = undefined
      admit()
    }, ms)
  }

  /** Refuses the waiter that passed most lately, if it passed more than the newcomer; false if there is none. */
  function displace(newcomer: Pick<Waiter, 'client' | 'connection'>): boolean {
    let most: Waiter | undefined
    for (const waiter of waiters) if (!most || lately.compare(waiter, most) >= 0) most = waiter
    if (!most || lately.compare(newcomer, most) >= 0) return false
    most.refuse()
    return true
  }

  function waitingOf(client: string): number {
    if (shareOfClient >= 1) return 0
    let found = 0
    for (const waiter of waiters) if (waiter.client === client) found += 1
    return found
  }

  return {
    state: () => ({ under_way: underWay, waiting: waiters.size }),
    /**
     * Waits for a place.
     *
     * @param connection that of the request
     * @param onGone takes a function to be called when the client has disconnected, which ends the wait
     * @returns gives the place back; does nothing if the client disconnected
     * @throws AppError `overloaded`
     */
    enter(
      client: string,
      connection?: unknown,
      onGone: (forget: () => void) => void = () => {},
    ): Promise<() => void> {
      const busy = isBusy()
      if (waiters.size === 0 && hasPlace(busy, client) && !(busy && nextAt > performance.now()))
        return Promise.resolve(begin(client, connection, busy))
      if (waitingOf(client) >= ofClient(room)) return Promise.reject(overloaded())
      if (waiters.size >= room && !displace({ client, connection })) return Promise.reject(overloaded())
      return new Promise((resolve, reject) => {
        const endWait = () => {
          clearTimeout(tooLate)
          return waiters.delete(waiter)
        }
        const refuse = () => {
          endWait()
          reject(overloaded())
        }
        const pass = (paced: boolean) => {
          endWait()
          resolve(begin(client, connection, paced))
        }
        const waiter: Waiter = { client, connection, begin: pass, refuse }
        const tooLate = setTimeout(() => (passesLate ? pass(false) : refuse()), waitMs)
        waiters.add(waiter)
        onGone(() => {
          if (endWait()) resolve(() => {})
        })
        admit()
      })
    },
  }
}

const overloaded = () =>
  new AppError('overloaded', 'Too many requests of this kind are under way or wait', {
    retryAfterSeconds: 1,
  })

/** Counts the requests that passed in the current second, by client and by connection. */
function createTally() {
  const passed = new Map<unknown, number>()
  let since = performance.now()
  const of = (who: unknown) => passed.get(who) ?? 0
  return {
    add(who: unknown): void {
      if (who === undefined) return
      const now = performance.now()
      if (now - since > 1_000) {
        passed.clear()
        since = now
      }
      passed.set(who, of(who) + 1)
    },
    compare: (
      one: Pick<Waiter, 'client' | 'connection'>,
      other: Pick<Waiter, 'client' | 'connection'>,
    ): number => of(one.client) - of(other.client) || of(one.connection) - of(other.connection),
  }
}
