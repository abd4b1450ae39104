import { clientOf } from '@ordinal/middleware'
import { Counter, Gauge, type Registry } from 'prom-client'
import { createGate, type Bounds } from './gate'
import { watchMainWork, type MainWork } from './main-work'

/**
 * The class of a request, by what it costs and when it is shed. `main` is the main work of the service, and never shed
 * here; `read` is small; `heavy` may read much; `probe` comes from machines all day; `alive` comes from orchestrators that
 * end a process which does not answer, so it waits but is not refused for waiting; `document` is long, and the same for
 * all; `listen` begins a stream: clients that come back all at once wait for each other.
 */
export type Workload = 'main' | 'read' | 'heavy' | 'probe' | 'alive' | 'document' | 'listen'

type Gated = Exclude<Workload, 'main'>

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
     * @param ip the address of the client
     * @param connection that of the request
     * @param onGone takes a function to be called when the client has disconnected, which ends the wait
     * @returns gives the place back; does nothing if the client disconnected
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
