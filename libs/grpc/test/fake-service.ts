import { setTimeout as delay } from 'node:timers/promises'
import { AppError, commonErrors, type CommonCode } from '@ordinal/errors'
import { createLogger } from '@ordinal/logging'
import { createMetrics } from '@ordinal/metrics'
import { text, type HttpSettings } from '@ordinal/http'
import { createService, openDatabase, type ServiceOptions } from '@ordinal/service'
import { collectLog, createGrpcClient } from '@ordinal/testing'
import { z } from 'zod'
import { grpcMethod, grpcServer, loadProtos } from '../src'
import type { CallLimits } from '../src/bound-call'

export const protos = loadProtos(__dirname, 'fake.proto')
export const fakeName = 'fake.FakeService'

const thing = z.strictObject({
  name: text(1, 20),
  value: z.int().min(1),
  note: text(1, 20).optional(),
  heavy: z.boolean().optional(),
})
const describe = (what: unknown) => ({ message: { json: JSON.stringify(what) } })

/** How often a method has been begun, and how often its signal has aborted before its end. */
export const begun = { Wait: 0 }
export const left = { Wait: 0 }

const methods = {
  Describe: grpcMethod({
    message: thing,
    idempotent: true,
    handle: ({ message, idempotencyKey, context: { requestId, caller, role } }) =>
      Promise.resolve({
        ...describe({ message, idempotencyKey, requestId, caller, role }),
        metadata: { 'was-described': 'true' },
      }),
  }),
  Wait: grpcMethod({
    message: z.strictObject({ ms: z.int().optional() }),
    async handle({ message: { ms = 0 }, deadline }) {
      begun.Wait += 1
      let done = false
      const remainingMs = Math.round(deadline.remainingMs())
      deadline.signal().addEventListener('abort', () => (left.Wait += done ? 0 : 1))
      await delay(ms, undefined, { ref: false })
      done = true
      return { message: { waited_ms: ms, remaining_ms: remainingMs } }
    },
  }),
  Search: grpcMethod({
    message: z.strictObject({ ms: z.int().optional() }),
    workload: 'heavy',
    handle({ message: { ms = 0 } }) {
      if (ms < 0) throw new Error('before there is a promise')
      return delay(ms, { message: { waited_ms: ms } }, { ref: false })
    },
  }),
  Fail: grpcMethod({
    message: z.strictObject({ with: z.string() }),
    handle({ message }) {
      if (Object.hasOwn(commonErrors, message.with))
        throw new AppError(message.with as CommonCode, `It is "${message.with}", 100 % – so`, {
          retryAfterSeconds: 7,
        })
      throw new Error('the password is hidden')
    },
  }),
  Administrate: grpcMethod({
    message: thing,
    requires: 'admin',
    handle: ({ context: { caller } }) => Promise.resolve(describe({ caller })),
  }),
}

const http: HttpSettings = {
  host: '127.0.0.1',
  port: 0,
  debugPort: undefined,
  debugHost: '127.0.0.1',
  rateLimit: 0,
  redisUrl: undefined,
  bodyLimitBytes: 2_048,
  allowedHosts: undefined,
  corsOrigins: undefined,
  connectionsPerClient: 0,
  unreadTimeoutMs: 30_000,
  trustProxy: 0,
  basePath: undefined,
  apiKeys: undefined,
  metricsMaxAgeMs: 0,
  shutdownTimeoutMs: 10_000,
  shutdownDrainMs: 0,
}

/** A service with methods of every kind, on a database of the tests; it listens on free ports. */
export async function startFakeService(
  databaseUrl: string,
  settings: Partial<HttpSettings> = {},
  parts: Pick<ServiceOptions, 'checks' | 'tokens'> = {},
  limits?: CallLimits,
) {
  const logged = collectLog()
  const log = createLogger({ service: 'fake-service', level: 'info', stream: logged.stream })
  const metrics = createMetrics('fake_service')
  const pool = openDatabase('fake-service', { ...database, databaseUrl }, { log, metrics })
  const service = createService({
    name: 'fake-service',
    description: 'Stands for any service.',
    http: { ...http, ...settings },
    log,
    metrics,
    pool,
    errors: commonErrors,
    routes: [],
    grpc: { port: 0, serve: grpcServer([{ name: fakeName, protos, methods }], limits) },
    ...parts,
  })
  const httpPort = await service.start()
  const url = `http${settings.tlsCertFile ? 's' : ''}://127.0.0.1:${httpPort}`
  const { call, client, close } = createGrpcClient(service.grpcPort!, protos, fakeName)
  const stop = async () => {
    close()
    await service.stop()
  }
  return { service, port: service.grpcPort!, httpPort, url, logged, metrics, call, client, stop }
}

// Only the URL counts, where there is one.
const database = {
  dbHost: '',
  dbPort: 0,
  dbUser: '',
  dbPassword: '',
  dbName: '',
  dbPoolSize: 4,
  dbReadPoolSize: 4,
  dbHeavyPoolSize: 2,
  dbPooler: 'auto' as const,
}
