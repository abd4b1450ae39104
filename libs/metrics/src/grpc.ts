import { Counter, Gauge, Histogram } from 'prom-client'
import { durationBuckets, type Metrics } from './metrics'

/** A call that has been answered. */
interface ServedCall {
  /** As in `sequential.SequentialIDService/GetNext`. */
  method: string
  /** The name of the gRPC status, such as `OK`. */
  code: string
  seconds: number
  /** Of its trace, if that is recorded. */
  traceId?: string | undefined
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
export function createGrpcMetrics({
  prefix,
  registry,
  exemplars,
}: Pick<Metrics, 'prefix' | 'registry' | 'exemplars'>): GrpcMetrics {
  const registers = [registry]
  const requests = new Counter({
    name: `${prefix}_grpc_requests_total`,
    help: 'gRPC calls answered',
    labelNames: ['method', 'code'],
    registers,
  })
  const durations = { name: `${prefix}_grpc_request_duration_seconds`, buckets: durationBuckets }
  const duration = new Histogram({
    ...durations,
    help: 'Time from the arrival of a gRPC call to its status',
    labelNames: ['method'],
    registers,
  })
  const inFlight = new Gauge({
    name: `${prefix}_grpc_requests_in_flight`,
    help: 'gRPC calls being served',
    registers,
  })
  return {
    callStarted: () => inFlight.inc(),
    callServed({ method, code, seconds, traceId }) {
      inFlight.dec()
      requests.inc({ method, code })
      duration.observe({ method }, seconds)
      if (traceId !== undefined) exemplars.keep(durations, { method }, seconds, traceId)
    },
  }
}
