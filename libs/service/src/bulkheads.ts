import { performance } from 'node:perf_hooks'
import { AppError } from '@ordinal/errors'
import { clientOf } from '@ordinal/middleware'
import { Counter, Gauge, type Registry } from 'prom-client'

/**
 * What a request costs, and who suffers first: `main` is what the service is for, and is never shed here; `read` is
 * small; `heavy` may read much; `probe` is asked by machines all day.
 */
export const workloads = ['main', 'read', 'heavy', 'probe'] as const
export type Workload = (typeof workloads)[number]

/** The bounds of one class. */
export interface Bounds {
  /** Requests under way at once. */
  places: number
  /** Of those and of the waiting ones, the share that one client may have. */
  shareOfClient: number
  /** Requests that wait for a place. */
  waiting: number
  /** How long they wait. */
  waitMs: number
  /** Requests a second while the process is busy. */
  busyRate: number
}

const boundsOf = (heavyPlaces: number): Record<Exclude<Workload, 'main'>, Bounds> => ({
  read: { places: 32, shareOfClient: 1, waiting: 512, waitMs: 2_000, busyRate: 600 },
  heavy: { places: heavyPlaces, shareOfClient: 0.5, waiting: 64, waitMs: 2_000, busyRate: 60 },
  probe: { places: 32, shareOfClient: 1, waiting: 512, waitMs: 2_000, busyRate: 600 },
})

export type Bulkheads = ReturnType<typeof createBulkheads>

/** Gates before each class of requests but `main`, so that none takes the time or the connections of another. */
export function createBulkheads(prefix: string, registry: Registry, heavyPlaces: number) {
  const bounds = boundsOf(heavyPlaces)
  const isBusy = busyLoop()
  const gates = {
    read: createGate(bounds.read, isBusy),
    heavy: createGate(bounds.heavy, isBusy),
    probe: createGate(bounds.probe, isBusy),
  }
  const shed = new Counter({
    name: `${prefix}_requests_shed_total`,
    help: 'Requests refused with 503 because their class had no place, by class',
    labelNames: ['workload'],
    registers: [registry],
  })
  for (const workload of Object.keys(gates)) shed.inc({ workload }, 0)
  for (const state of ['under_way', 'waiting'] as const)
    new Gauge({
      name: `${prefix}_workload_requests_${state}`,
      help: `Requests that are ${state.replace('_', ' ')}, by class`,
      labelNames: ['workload'],
      registers: [registry],
      collect() {
        for (const [workload, gate] of Object.entries(gates)) this.set({ workload }, gate.state()[state])
      },
    })

  return {
    /**
     * Waits for a place; undefined if there is one at once without a gate.
     *
     * @returns gives the place back
     * @throws AppError `overloaded`
     */
    async enter(workload: Exclude<Workload, 'main'>, ip: string | undefined): Promise<() => void> {
      try {
        return await gates[workload].enter(clientOf(ip))
      } catch (error) {
        shed.inc({ workload })
        throw error
      }
    },
  }
}

interface Waiter {
  client: string
  begin: () => void
}

/** A bounded number of places, a bounded waiting room before them, and a rate that holds while the process is busy. */
export function createGate(bounds: Bounds, isBusy: () => boolean = () => false) {
  const { places, shareOfClient, waiting: room, waitMs, busyRate } = bounds
  const ofClient = (all: number) => Math.max(1, Math.floor(all * shareOfClient))
  const waiters = new Set<Waiter>()
  const held = new Map<string, number>()
  let underWay = 0
  // When the next may begin while the process is busy. What was not used of the rate is kept for 50 ms.
  let nextAt = 0
  let timer: NodeJS.Timeout | undefined

  const count = (client: string, by: number) => {
    const now = (held.get(client) ?? 0) + by
    if (now === 0) held.delete(client)
    else held.set(client, now)
  }

  /** The milliseconds until the rate lets another begin. */
  function delayMs(): number {
    if (!isBusy()) return 0
    return Math.max(0, nextAt - performance.now())
  }

  function begin(client: string): void {
    underWay += 1
    count(client, 1)
    nextAt = Math.max(nextAt, performance.now() - 50) + 1_000 / busyRate
  }

  function admit(): void {
    for (const waiter of waiters) {
      if (underWay >= places) return
      const ms = delayMs()
      if (ms > 0) {
        timer ??= setTimeout(() => {
          timer = undefined
          admit()
        }, ms)
        return
      }
      if ((held.get(waiter.client) ?? 0) >= ofClient(places)) continue
      waiters.delete(waiter)
      begin(waiter.client)
      waiter.begin()
    }
  }

  const giveBack = (client: string) => {
    let given = false
    return () => {
      if (given) return
      given = true
      underWay -= 1
      count(client, -1)
      admit()
    }
  }

  return {
    state: () => ({ under_way: underWay, waiting: waiters.size }),
    enter(client: string): Promise<() => void> {
      const free = underWay < places && (held.get(client) ?? 0) < ofClient(places)
      if (free && waiters.size === 0 && delayMs() === 0) {
        begin(client)
        return Promise.resolve(giveBack(client))
      }
      if (waiters.size >= room || waitingOf(client) >= ofClient(room)) return Promise.reject(overloaded())
      return new Promise((resolve, reject) => {
        const waiter: Waiter = {
          client,
          begin: () => {
            clearTimeout(tooLate)
            resolve(giveBack(client))
          },
        }
        const tooLate = setTimeout(() => {
          waiters.delete(waiter)
          reject(overloaded())
        }, waitMs)
        waiters.add(waiter)
        admit()
      })
    },
  }

  function waitingOf(client: string): number {
    if (shareOfClient >= 1) return 0
    let found = 0
    for (const waiter of waiters) if (waiter.client === client) found += 1
    return found
  }
}

const overloaded = () =>
  new AppError('overloaded', 'Too many requests of this kind are under way or wait', {
    retryAfterSeconds: 1,
  })

const sampleMs = 200
const busyFrom = 0.8

/** Whether the event loop had hardly a pause lately: looked at when asked, and not more often than five times a second. */
function busyLoop(): () => boolean {
  let before = performance.eventLoopUtilization()
  let at = performance.now()
  let busy = false
  return () => {
    const now = performance.now()
    if (now - at >= sampleMs) {
      const current = performance.eventLoopUtilization()
      busy = performance.eventLoopUtilization(current, before).utilization > busyFrom
      before = current
      at = now
    }
    return busy
  }
}
