import { createHash, randomBytes } from 'node:crypto'
import type { EmbeddedPostgres } from '@ordinal/embedded-postgres'
import type { Role } from './databases'
import type { Settings } from './settings'

/** A service as it is to be run: its bundle is dist/apps/<name>/main.js. */
export interface ServiceDefinition {
  name: string
  port: number
  /** Where this machine reaches it: `http://127.0.0.1:8081`. */
  url: string
  /** Undefined if it has no gRPC. */
  grpcPort?: number
  debugPort: number
  /** Its own variables, besides those inherited. */
  environment: Record<string, string>
}

/** Wires the three services to their databases and to each other, and the sequencer to its secrets. */
export function defineServices(
  settings: Settings,
  postgres: Pick<EmbeddedPostgres, 'url'>,
  secrets: Record<Role | 'tokens' | 'signing', string>,
) {
  const { userService, orderService, sequencer } = settings.ports
  const { debugPorts, grpcPorts } = settings
  const urls = {
    userService: urlOf(settings.environment.USER_SERVICE_HOST, userService.port),
    orderService: urlOf(settings.environment.ORDER_SERVICE_HOST, orderService.port),
    sequencer: urlOf(settings.environment.SEQUENCER_HOST, sequencer.port),
  }
  const key = randomBytes(32).toString('base64url')
  const keyDigest = createHash('sha256').update(key).digest('hex')
  const apiKeys = [settings.environment.API_KEYS, `order-service:${keyDigest}`].filter(Boolean).join(',')

  // Whoever has a secret or an identity provider of their own wants no other one beside it.
  const { JWT_SECRET, JWKS_URL } = settings.environment
  const jwtSecret = JWT_SECRET || (JWKS_URL ? undefined : secrets.tokens)

  return {
    userService: {
      name: 'user-service',
      port: userService.port,
      url: urls.userService,
      debugPort: debugPorts.userService.port,
      environment: {
        USER_SERVICE_PORT: String(userService.port),
        USER_SERVICE_DEBUG_PORT: String(debugPorts.userService.port),
        USER_SERVICE_DATABASE_URL: postgres.url('userdb', 'user_service', secrets.user_service),
        API_KEYS: apiKeys,
      },
    },
    orderService: {
      name: 'order-service',
      port: orderService.port,
      url: urls.orderService,
      grpcPort: grpcPorts.orderService.port,
      debugPort: debugPorts.orderService.port,
      environment: {
        ORDER_SERVICE_PORT: String(orderService.port),
        ORDER_SERVICE_GRPC_PORT: String(grpcPorts.orderService.port),
        ORDER_SERVICE_DEBUG_PORT: String(debugPorts.orderService.port),
        ORDER_SERVICE_DATABASE_URL: postgres.url('orderdb', 'order_service', secrets.order_service),
        ORDER_SERVICE_USER_SERVICE_URL: urls.userService,
        ORDER_SERVICE_SEQUENCER_URL: urls.sequencer,
        ORDER_SERVICE_API_KEY: key,
      },
    },
    sequencer: {
      name: 'sequencer',
      port: sequencer.port,
      url: urls.sequencer,
      grpcPort: grpcPorts.sequencer.port,
      debugPort: debugPorts.sequencer.port,
      environment: {
        SEQUENCER_PORT: String(sequencer.port),
        SEQUENCER_GRPC_PORT: String(grpcPorts.sequencer.port),
        SEQUENCER_DEBUG_PORT: String(debugPorts.sequencer.port),
        SEQUENCER_DATABASE_URL: postgres.url('sequencerdb', 'sequencer', secrets.sequencer),
        SEQUENCER_MIGRATION_DATABASE_URL: postgres.url(
          'sequencerdb',
          'sequencer_owner',
          secrets.sequencer_owner,
        ),
        API_KEYS: apiKeys,
        SEQUENCER_SIGNING_KEY: settings.environment.SEQUENCER_SIGNING_KEY || secrets.signing,
        ...(jwtSecret !== undefined && { JWT_SECRET: jwtSecret }),
      },
    },
  } satisfies Record<string, ServiceDefinition>
}

/** Where a service is that listens on this address; on every address, or on none that is told, it is on 127.0.0.1. */
function urlOf(host: string | undefined, port: number): string {
  const address = !host || host === '::' || host === '0.0.0.0' ? '127.0.0.1' : host
  return `http://${address.includes(':') ? `[${address}]` : address}:${port}`
}
