import type { Service } from '@ordinal/bench'

/** What a run must keep within; whatever is undefined has no limit. */
export interface Limits {
  maxP50Ms?: number | undefined
  maxP90Ms?: number | undefined
  maxP99Ms?: number | undefined
  maxP999Ms?: number | undefined
  /** A number of requests, or a part of them. */
  maxErrors?: { count: number } | { part: number } | undefined
  minPerSecond?: number | undefined
}

export const operationNames = ['create', 'get', 'list', 'update', 'delete', 'next'] as const
export type OperationName = (typeof operationNames)[number]
export const workloads = [...operationNames, 'mixed'] as const
export type Workload = (typeof workloads)[number]

/** What is to be done, where, and what it must come to. */
export interface Settings {
  workload: Workload
  urls: Record<Service, URL>
  concurrency: number
  requests: number
  durationMs: number
  /** Of the open loop. */
  perSecond?: number | undefined
  /** How long an answer is waited for. */
  timeoutMs: number
  /** The sequence of the operation next. */
  sequence: string
  limits: Limits
  /** Whether what was answered is compared with what the services hold. */
  check: boolean
  /** The folder of the report; none is written without it. */
  report?: string | undefined
  apiKey?: string | undefined
  /** Of an administrator: for an API key of the run's own. */
  token?: string | undefined
  /** Whether the sequencer is looked for where `make run` has it. */
  isLocalStack: boolean
}

/** Which services a workload calls. */
export const servicesOf = (workload: Workload): readonly Service[] =>
  workload === 'next' ? ['sequencer'] : ['user-service', 'order-service', 'sequencer']
