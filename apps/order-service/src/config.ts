import { faultsOfFollowing, followedKeyVariables } from '@ordinal/api-keys'
import {
  boolean,
  databaseVariables,
  defineConfig,
  httpUrl,
  integer,
  seconds,
  variable,
  type Config,
} from '@ordinal/config'
import { grpcVariables } from '@ordinal/grpc'
import {
  accessVariables,
  callTlsVariables,
  faultsOfAccess,
  faultsOfCallTls,
  faultsOfTls,
  faultsOfTokens,
  httpVariables,
  tokenVariables,
  type CallTlsSettings,
} from '@ordinal/http'
import { keyRetentionVariables } from '@ordinal/idempotency'
import { tracingVariables } from '@ordinal/tracing'
import { webhookVariables } from '@ordinal/webhooks'
import { z } from 'zod'

type CallSettings = CallTlsSettings & {
  userServiceUrl: string
  sequencerUrl: string
  apiKeysUrl: string | undefined
  nodeEnv: string | undefined
}

const faultsOfCalls = (config: CallSettings) =>
  faultsOfCallTls('ORDER_SERVICE', config, {
    ORDER_SERVICE_USER_SERVICE_URL: config.userServiceUrl,
    ORDER_SERVICE_SEQUENCER_URL: config.sequencerUrl,
    API_KEYS_URL: config.apiKeysUrl,
  })

/** Every variable that the order service reads. */
export const orderServiceConfig = defineConfig({
  prefixes: ['ORDER_SERVICE_', 'CIRCUIT_BREAKER_'],
  variables: {
    ...httpVariables('ORDER_SERVICE', { port: 8082, debugPort: 6062, rateLimit: 100 }),
    ...grpcVariables('ORDER_SERVICE', { port: 50_052 }),
    ...tokenVariables(),
    ...tracingVariables(),
    ...accessVariables('ORDER_SERVICE'),
    ...followedKeyVariables(),
    ...databaseVariables('ORDER_SERVICE', { name: 'orderdb' }),
    ...keyRetentionVariables(),
    userServiceUrl: variable('ORDER_SERVICE_USER_SERVICE_URL', httpUrl(), {
      description: 'Where the user service is',
      default: 'http://localhost:8081',
    }),
    sequencerUrl: variable('ORDER_SERVICE_SEQUENCER_URL', httpUrl(), {
      description: 'Where the sequencer is',
      default: 'http://localhost:8083',
    }),
    sequence: variable('ORDER_SERVICE_SEQUENCE', z.string().regex(/^[A-Za-z0-9._-]{1,32}$/), {
      description: 'The sequence that orders get their numbers from',
      default: 'ORD',
    }),
    apiKey: variable('ORDER_SERVICE_API_KEY', z.string().regex(/^[\x21-\x7e]+$/, 'must be visible ASCII'), {
      description:
        'Sent as X-API-Key to the user service and the sequencer, which then do not rate limit it; with API_KEYS_URL it needs the scope api-keys:follow there',
      optional: true,
      secret: true,
      example: 'a-long-random-text',
    }),
    ...callTlsVariables('ORDER_SERVICE'),
    callTimeoutMs: variable('ORDER_SERVICE_CALL_TIMEOUT_MS', integer({ min: 10, max: 60_000 }), {
      description: 'Milliseconds that the user service or the sequencer may take to answer',
      default: 2000,
    }),
    keepAliveMs: variable('ORDER_SERVICE_KEEP_ALIVE_MS', integer({ min: 0, max: 60_000 }), {
      description:
        'Milliseconds that an idle connection to the user service or the sequencer is kept; 0 for one a call. Proxies in between have to keep it for longer',
      default: 15_000,
    }),
    batching: variable('ORDER_SERVICE_BATCHING', boolean(), {
      description:
        'Orders that come at the same time are written and asked for together; false gives each its own statements and calls, for comparison',
      default: true,
    }),
    userMemorySeconds: variable('ORDER_SERVICE_USER_MEMORY', integer({ min: 0, max: 86_400 }), {
      description:
        'Seconds after a verification in which a user may order although the user service is away; 0 for never',
      default: 60,
    }),
    numberingIntervalMs: variable('ORDER_SERVICE_NUMBERING_INTERVAL_MS', integer({ min: 10, max: 5000 }), {
      description: 'Milliseconds between two searches for orders without a number',
      default: 1000,
    }),
    autoConfirm: variable('ORDER_SERVICE_AUTO_CONFIRM', boolean(), {
      description: 'Whether orders are confirmed by themselves, when they have their number',
      default: true,
    }),
    eventStream: variable('ORDER_SERVICE_EVENT_STREAM', z.string().regex(/^[A-Za-z0-9:._-]{1,64}$/), {
      description: 'The stream that events are added to, in Redis',
      default: 'orders:events',
    }),
    eventStreamLength: variable(
      'ORDER_SERVICE_EVENT_STREAM_LENGTH',
      integer({ min: 5_000, max: 10_000_000 }),
      {
        description: 'About how many events the stream keeps',
        default: 50_000,
      },
    ),
    eventAttempts: variable('ORDER_SERVICE_EVENT_ATTEMPTS', integer({ min: 1, max: 100 }), {
      description:
        'How often a consumer tries an event before it becomes a dead letter; outages do not count',
      default: 10,
    }),
    outboxPollMs: variable('ORDER_SERVICE_OUTBOX_POLL_MS', integer({ min: 10, max: 60_000 }), {
      description: 'Milliseconds between two polls of the outbox, for events that no notification announced',
      default: 1000,
    }),
    outboxRetentionMs: variable('ORDER_SERVICE_OUTBOX_RETENTION', seconds({ unit: 'ms' }), {
      description: 'Seconds that an event is kept in the database after its delivery',
      default: 3600,
    }),
    ...webhookVariables('ORDER_SERVICE'),
    breakerMaxRequests: variable('CIRCUIT_BREAKER_MAX_REQUESTS', integer({ min: 1, max: 1000 }), {
      description: 'Trials of a half-open circuit breaker; when all have succeeded it closes',
      default: 3,
    }),
    breakerIntervalMs: variable('CIRCUIT_BREAKER_INTERVAL', seconds({ unit: 'ms' }), {
      description:
        'Seconds over which a closed circuit breaker counts failures; five in a row open it at once',
      default: 60,
    }),
    breakerTimeoutMs: variable('CIRCUIT_BREAKER_TIMEOUT', seconds({ unit: 'ms' }), {
      description: 'Seconds that a circuit breaker stays open before trials',
      default: 30,
    }),
  },
  faultsOf: (config) => [
    ...faultsOfTokens(config),
    ...faultsOfTls('ORDER_SERVICE', config),
    ...faultsOfFollowing('ORDER_SERVICE', config),
    ...faultsOfCalls(config),
    ...faultsOfAccess('ORDER_SERVICE', config),
  ],
})

export type OrderServiceConfig = Config<typeof orderServiceConfig>
