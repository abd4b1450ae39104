import { Counter, Gauge, type Registry } from 'prom-client'

const reasons = ['stalled', 'crowded', 'handshake'] as const

export interface ConnectionMetrics {
  /** Shows how many are open. */
  watch: (protocol: 'http' | 'grpc', open: () => number) => void
  /** Counts one that the service has cut. */
  cut: (protocol: 'http' | 'grpc', reason: (typeof reasons)[number]) => void
}

/** The metrics of a service's connections: `<prefix>_connections{protocol}`, `<prefix>_connections_cut_total{protocol,reason}`. */
export function createConnectionMetrics({
  prefix,
  registry,
}: {
  prefix: string
  registry: Registry
}): ConnectionMetrics {
  const registers = [registry]
  const watched = new Map<string, () => number>()
  new Gauge({
    name: `${prefix}_connections`,
    help: 'Open connections of clients',
    labelNames: ['protocol'],
    registers,
    collect() {
      for (const [protocol, open] of watched) this.set({ protocol }, open())
    },
  })
  const cut = new Counter({
    name: `${prefix}_connections_cut_total`,
    help: 'Connections cut: stalled (the client took or sent nothing), crowded (there were too many), handshake (that of TLS failed)',
    labelNames: ['protocol', 'reason'],
    registers,
  })
  return {
    watch(protocol, open) {
      watched.set(protocol, open)
      for (const reason of reasons) cut.inc({ protocol, reason }, 0)
    },
    cut: (protocol, reason) => cut.inc({ protocol, reason }),
  }
}
