import { clientOf } from '@ordinal/middleware'
import { Counter, Gauge, type Registry } from 'prom-client'
import { createGate, type Bounds } from './gate'
import { watchMainWork, type MainWork } from './main-work'

/**
 * What a request costs, and who suffers first: `main` is what the service is for, and is never shed here; `read` is
 * small; `heavy` may read much; `probe` is asked by machines all day; `alive` is asked by those who end a process that
 * does not answer, and waits only; `document` is long, and the same for all; `listen` begins a stream, and those who
 * come back all at once wait for each other.
 */
export const workloads = ['main', 'read', 'heavy', 'probe', 'alive', 'document', 'listen'] as const
export type Workload = (typeof workloads)[number]

export type Gated = Exclude<Workload, 'main'>

const small: Bounds = { places: 32, shareOfClient: 1, waiting: 512, waitMs: 2_000, busyRate: 200 }

const boundsOf = (heavyPlaces: number): Record<Gated, Bounds> => ({
  read: small,
  heavy: {
    ...small,
    places: heavyPlaces,
    busyPlaces: 1,
    shareOfClient: 0.5,
    waiting: 64,
    busyRate: 20,
    busyRest: 3,
  },
  probe: small,
  alive: { ...small, waiting: 2_048, passesLate: true },
  document: { ...small, busyRate: 20 },
  listen: { ...small, waiting: 1_024, waitMs: 20_000, busyRate: 50 },
})

export type Bulkheads = ReturnType<typeof createBulkheads>

interface Deps {
  prefix: string
  registry: Registry
  heavyPlaces: number
  mainWork?: MainWork
}

/** Gates before each class of requests but `main`, so that none takes the time or the connections of another. */
export function createBulkheads({ prefix, registry, heavyPlaces, mainWork = watchMainWork() }: Deps) {
  const bounds = boundsOf(heavyPlaces)
  const gateOf = (workload: Gated) => createGate(bounds[workload], mainWork.isBusy)
  const gates = {
    read: gateOf('read'),
    heavy: gateOf('heavy'),
    probe: gateOf('probe'),
    alive: gateOf('alive'),
    document: gateOf('document'),
    listen: gateOf('listen'),
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
    mainWork,
    /**
     * Waits for a place.
     *
     * @param connection on which it was asked for
     * @param onGone takes what is to be called when the client has gone: it waits no longer
     * @returns gives the place back; that of a client that has gone was none
     * @throws AppError `overloaded`
     */
    async enter(
      workload: Gated,
      ip: string | undefined,
      connection?: unknown,
      onGone?: (forget: () => void) => void,
    ): Promise<() => void> {
      try {
        return await gates[workload].enter(clientOf(ip), connection, onGone)
      } catch (error) {
        shed.inc({ workload })
        throw error
      }
    },
  }
}
