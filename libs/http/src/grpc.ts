import type { Logger } from '@ordinal/logging'
import type { ConnectionMetrics, Metrics } from '@ordinal/metrics'
import type { RunItems } from './batch'
import type { Tracing } from '@ordinal/tracing'
import type { Bulkheads } from './bulkheads'
import type { ConnectionBudget } from './server/connections'
import type { HoldBack } from './hold-back'
import type { ServerTls } from './tls/serve-tls'
import type { Identify, RateLimiter, RefusalLog, ReportError } from '@ordinal/middleware'

/** What a service's gRPC shares with its HTTP. */
export interface GrpcChassis {
  log: Logger
  metrics: Metrics
  /** Undefined if no traces are recorded. */
  tracing?: Tracing | undefined
  identify: Identify
  /** Undefined if there is no rate limit. */
  limiter: RateLimiter | undefined
  /** Whether a caller can have a role at all. */
  tokensCheckable: boolean
  reportError: ReportError
  /** Logs the calls that are refused in a flood. */
  refusals: RefusalLog
  runItems: RunItems
  /** The gates of all classes but the main work. */
  bulkheads: Bulkheads
  holdBack: HoldBack
  maxMessageBytes: number
  /** How many proxies in front are to be believed about the client's address. */
  trustProxy: number
  /** Bounds the connections of a client to both. */
  budget: ConnectionBudget
  connections: ConnectionMetrics
  /** How it speaks TLS; in clear text without. */
  tls: ServerTls | undefined
  /** Logs a TLS handshake that failed. */
  handshakeFailed: (error: Error, address: string | undefined) => void
}

/** A service's server of gRPC: `grpcServer()` of @ordinal/grpc makes it, so that only who wants it has it in its bundle. */
export interface GrpcServer {
  /** Takes calls, on all addresses if none is given; resolves to the port (0 takes a free one). Rejects when it is taken. */
  listen(port: number, host?: string): Promise<number>
  /** Sets what health checks answer. */
  setServing(serving: boolean): void
  /** Takes no new call, finishes those under way, and cuts what is left at the deadline. */
  close(deadlineMs: number): Promise<void>
}
