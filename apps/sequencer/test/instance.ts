import { Writable } from 'node:stream'
import { PrismaPg } from '@prisma/adapter-pg'
import { createPool } from '@ordinal/database'
import { createLogger } from '@ordinal/logging'
import { until } from '@ordinal/testing'
import { Registry } from 'prom-client'
import { PrismaClient } from '../src/generated/prisma/client'
import { AppError } from '../src/domain/errors'
import { createAllocator, type AllocatorOptions } from '../src/ledger/allocator'
import type { ChangeRequest, IssueRequest } from '../src/ledger/request'
import { createKnownSequences } from '../src/ledger/known-sequences'
import { createSequencerMetrics } from '../src/metrics'

// For tests of what is issued: how long a request waits says only how busy the machine is.
const patienceMs = 30_000

/** An instance of the service's core, with a pool of its own; `statements` counts what it sends to the ledger. */
export function createInstance(url: string, options: Partial<AllocatorOptions> = {}) {
  const pool = createPool({
    url,
    applicationName: 'test',
    maxConnections: 10,
    // As long as a request: forty connections at once take seconds of a busy machine.
    connectTimeoutMs: patienceMs,
    useTimeoutMs: patienceMs,
    statementTimeoutMs: patienceMs,
    onError: () => {},
  })
  const log = createLogger({
    service: 'test',
    level: 'error',
    stream: new Writable({ write: (_chunk, _encoding, done) => done() }),
  })
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool) })
  const sequences = createKnownSequences(prisma)
  const registry = new Registry()
  const metrics = createSequencerMetrics(registry)
  let statements = 0
  pool.on('acquire', () => (statements += 1))
  const allocator = createAllocator({
    pool,
    sequences,
    metrics,
    log,
    groupCommit: true,
    maxWaiting: 4096,
    requestTimeoutMs: patienceMs,
    ...options,
  })
  return {
    close: () => pool.end(),
    prisma,
    issue: (request: Partial<IssueRequest> = {}) => allocator.issue({ ...plain, ...request }),
    /** By default as somebody who may change what others hold, and has a reason. */
    change: (request: ChangeRequest) =>
      allocator.change({
        authority: 'person',
        ...(request.event !== 'confirm' && { reason: 'test' }),
        ...request,
      }),
    allocator,
    sequences,
    pool,
    log,
    statements: () => statements,
    connections: () => pool.totalCount,
    /** The value of a metric without labels. */
    metric: async (name: string) => {
      const { values } = (await registry.getSingleMetric(name)!.get()) as { values: { value: number }[] }
      return values[0]!.value
    },
  }
}

const late = ['database_unavailable', 'deadline_exceeded', 'outcome_unknown']

/** Sends a request with a key again while a busy machine takes longer for it than it waits. Any other error is thrown. */
export const untilInTime = <T>(send: () => Promise<T>): Promise<T> =>
  until(() =>
    send().catch((error: unknown) => {
      if (error instanceof AppError && late.includes(error.code)) return undefined
      throw error
    }),
  )

export const plain: IssueRequest = {
  prefix: 'SG',
  event: 'issue',
  count: 1,
  key: undefined,
  caller: 'anonymous',
  request_id: 'test',
}

/** The values of some answers, in their order. */
export const valuesOf = (answers: { numbers: { value: number }[] }[]) =>
  answers.flatMap(({ numbers }) => numbers.map(({ value }) => value))
export const sorted = (values: number[]) => [...values].sort((a, b) => a - b)
