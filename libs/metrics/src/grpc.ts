import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

/** A call that has been answered. */
interface ServedCall {
  /** As in `sequential.SequentialIDService/GetNext`. */
  method: string
  /** The name of the gRPC status, such as `OK`. */
  code: string
  seconds: number
}

interface GrpcMetrics {
  /** Counts a call that begins to be served. */
  callStarted: () => void
  /** Counts and times a call that was answered. */
  callServed: (call: ServedCall) => void
}

/**
 * The metrics of a service's gRPC calls: `<prefix>_grpc_requests_total{method,code}`,
 * `<prefix>_grpc_request_duration_seconds{method}` and `<prefix>_grpc_requests_in_flight`.
 */
export function createGrpcMetrics({ prefix, registry }: { prefix: string; registry: Registry }): GrpcMetrics {
  const registers = [registry]
  const requests = new Counter({
    name: `${prefix}_grpc_requests_total`,
    help: 'gRPC calls answered',
    labelNames: ['method', 'code'],
    registers,
  })
  const duration = new Histogram({
    name: `${prefix}_grpc_request_duration_seconds`,
    help: 'Time from the arrival of a gRPC call to its status',
    labelNames: ['method'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  })
  const inFlight = new Gauge({
    name: `${prefix}_grpc_requests_in_flight`,
    help: 'gRPC calls being served',
    registers,
  })
  return {
    callStarted: () => inFlight.inc(),
    callServed({ method, code, seconds }) {
      inFlight.dec()
      requests.inc({ method, code })
      duration.observe({ method }, seconds)
    },
  }
}
