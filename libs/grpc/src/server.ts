import { createServer, type Socket } from 'node:net'
import type tls from 'node:tls'
import { setTimeout as delay } from 'node:timers/promises'
import {
  Server,
  ServerCredentials,
  type ChannelOptions,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js'
import { loadSync, type PackageDefinition } from '@grpc/proto-loader'
import { ReflectionService } from '@grpc/reflection'
import {
  guarded,
  serveTls,
  tlsOptions,
  transportOf,
  type AccessPolicy,
  type GrpcChassis,
  type GrpcServer,
} from '@ordinal/http'
import { HealthImplementation, protoPath } from 'grpc-health-check'
import { callLimits } from './bound-call'
import { takeLongDeadlines } from './long-deadlines'
import type { GrpcMethod } from './method'
import { createCallObserver } from './observe-calls'
import { serveMethod } from './serve-method'

/** A service of a .proto file, with its methods. */
export interface GrpcService {
  /** As in `sequential.SequentialIDService`. */
  name: string
  /** The file, loaded by `loadProtos`. */
  protos: PackageDefinition
  /** By the names that they have in the file. One that is missing is answered UNIMPLEMENTED. */
  methods: Readonly<Record<string, GrpcMethod>>
}

/** The calls as the policy has them: in its table they are `orders.OrderService/GetOrder`. */
export const guardCalls = (service: GrpcService, policy: AccessPolicy): GrpcService => ({
  ...service,
  methods: Object.fromEntries(
    Object.entries(service.methods).map(([name, method]) => [
      name,
      guarded(`${service.name}/${name}`, method, policy),
    ]),
  ),
})

const options = {
  // The limit of clients by default.
  'grpc.max_send_message_length': 4 * 1024 * 1024,
  // For each connection; further calls wait in the client.
  'grpc.max_concurrent_streams': 256,
  // Megabytes; the library has no bound of its own.
  'grpc-node.max_session_memory': 16,
  // Detects peers that are gone without closing, and closes connections that nobody uses.
  'grpc.keepalive_time_ms': 20_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.max_connection_idle_ms': 5 * 60_000,
  // Clients connect again now and then, and so find new instances behind a load balancer of connections.
  'grpc.max_connection_age_ms': 30 * 60_000,
  'grpc.max_connection_age_grace_ms': 60_000,
  'grpc.enable_channelz': 0,
} satisfies ChannelOptions

// For the last answers to leave: streams of health and reflection would hold their connections for ever.
const flushMs = 200
// For the calls under way on connections whose clients have to connect again.
const trustGraceMs = 60_000

/**
 * Serves services over gRPC, with reflection (v1 and v1alpha) and health: for the `grpc.serve` of `createService`.
 * By TLS where HTTP is.
 */
export function grpcServer(
  services: readonly GrpcService[],
  limits = callLimits,
): (chassis: GrpcChassis) => GrpcServer {
  return (chassis) => {
    const observer = createCallObserver(chassis, limits)
    const server = new Server({
      ...options,
      'grpc.max_receive_message_length': chassis.maxMessageBytes,
      interceptors: [observer.intercept],
    })
    takeLongDeadlines(server)
    for (const { name, protos, methods } of services) {
      const handlers: UntypedServiceImplementation = {}
      for (const method in methods) handlers[method] = serveMethod(methods[method]!, chassis)
      server.addService(protos[name] as ServiceDefinition, handlers)
    }
    const names = ['', ...services.map(({ name }) => name)]
    const health = new HealthImplementation(
      Object.fromEntries(names.map((name) => [name, 'NOT_SERVING' as const])),
    )
    health.addToServer(server)
    const described = [...services.map(({ protos }) => protos), loadSync(protoPath)]
    addReflection(server, Object.assign({}, ...described) as PackageDefinition)

    // A listener of our own: the library neither says which port is taken, nor closes connections when asked to.
    const connections = new Set<Socket>()
    // The connections that have sent least are closed first, and before them those whose TLS handshake has not ended.
    const bound = chassis.budget.bound<{ socket: Socket; established: boolean }>({
      connections: 10_000,
      useOf: ({ socket, established }) => (established ? socket.bytesRead : -1),
      cut({ socket }) {
        chassis.connections.cut('grpc', 'crowded')
        socket.resetAndDestroy()
      },
    })
    // TLS is ours, in front of it: the library's own would neither bound the handshakes nor renew certificates as HTTP does.
    const createInjector = () => server.createConnectionInjector(ServerCredentials.createInsecure())
    let injector = createInjector()
    const secure = chassis.tls && tlsBefore(chassis)
    let trust = chassis.tls?.certificates.trust()
    chassis.tls?.certificates.onRenewal(() => {
      if (trust === chassis.tls?.certificates.trust()) return
      trust = chassis.tls?.certificates.trust()
      // Clients that connected when other authorities were trusted have to connect again, with a certificate of these.
      const former = injector
      injector = createInjector()
      former.drain(trustGraceMs)
      setTimeout(() => former.destroy(), 2 * trustGraceMs).unref()
    })
    const listener = createServer({ noDelay: true }, (socket) => {
      const connection = { socket, established: !secure }
      connections.add(socket)
      bound.add(connection)
      socket.once('close', () => connections.delete(socket))
      if (!secure) return injector.injectConnection(socket)
      // Its certificate is checked against the authorities that are trusted now.
      const ofNow = injector
      secure(socket, (encrypted) => {
        connection.established = true
        ofNow.injectConnection(encrypted)
      })
    })
    chassis.connections.watch('grpc', bound.open)

    let serving = false
    return {
      listen: (port, host) =>
        new Promise((resolve, reject) => {
          listener.once('error', reject)
          listener.listen({ port, host }, () => {
            listener.removeListener('error', reject)
            const address = listener.address()
            resolve(typeof address === 'object' && address ? address.port : port)
          })
        }),

      setServing(now) {
        if (now === serving) return
        serving = now
        for (const name of names) health.setStatus(name, now ? 'SERVING' : 'NOT_SERVING')
      },

      async close(deadlineMs) {
        const idle = async (limitMs: number) => {
          const deadline = performance.now() + limitMs
          while (observer.underWay() > 0 && performance.now() < deadline) await delay(10)
        }
        const closed = new Promise<void>((resolve) => listener.close(() => resolve()))
        // Tells clients to make their next call on another connection.
        const left = new Promise<void>((resolve) => server.tryShutdown(() => resolve()))
        await idle(deadlineMs)
        await Promise.race([left, delay(Math.min(flushMs, deadlineMs))])
        server.forceShutdown()
        for (const socket of connections) socket.destroy()
        await closed
        // Until those that were cut are in the log.
        await idle(flushMs)
      },
    }
  }
}

/**
 * TLS in front of a server that knows nothing of it.
 *
 * @returns takes a connection, and what is called with its encrypted one when the handshake has ended
 */
function tlsBefore({ tls: settings, connections, handshakeFailed }: GrpcChassis) {
  // Loaded where there is TLS.
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- an import at the top is never late
  const { createServer } = require('node:tls') as typeof tls
  const established = new WeakMap<Socket, (encrypted: Socket) => void>()
  const server = createServer({ ...tlsOptions(settings!), ALPNProtocols: ['h2'] }, (socket) =>
    established.get(transportOf(socket))?.(socket),
  )
  serveTls(server, settings!, {
    onPlain: (transport) => transport.destroy(),
    onFailed(error, address) {
      connections.cut('grpc', 'handshake')
      handshakeFailed(error, address)
    },
  })
  return (transport: Socket, onEstablished: (encrypted: Socket) => void): void => {
    established.set(transport, onEstablished)
    server.emit('connection', transport)
  }
}

/**
 * Describes the services to clients that have no file. The library looks names up in plain objects, and would take
 * `toString` for a symbol: so its tables get no prototype.
 */
function addReflection(server: Server, described: PackageDefinition): void {
  const service = new ReflectionService(described)
  const { v1, v1Alpha } = service as unknown as Record<'v1' | 'v1Alpha', ReflectionTables>
  for (const { files, symbols, extensions, services } of [v1, v1Alpha])
    for (const table of [files, symbols, extensions, services]) Object.setPrototypeOf(table, null)
  service.addToServer(server)
}

type ReflectionTables = Record<'files' | 'symbols' | 'extensions' | 'services', object>
