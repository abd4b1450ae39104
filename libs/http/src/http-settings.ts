import { isIP } from 'node:net'
import { hostName, integer, list, origin, port, redisUrl, seconds, variable } from '@ordinal/config'
import { parseApiKey, plainBasePath, type ApiKey } from '@ordinal/middleware'
import { z } from 'zod'
import { tlsVariables, type TlsSettings } from './tls/tls-settings'

const apiKey = z.string().transform((entry, context) => {
  const key = parseApiKey(entry)
  if (key) return key
  context.addIssue(
    'must be name:sha256hex, with the digest of a key that is not empty and a name that is not reserved, nor looks like one that is; or name:sha256hex:scope+scope, with scopes that there are',
  )
  return z.NEVER
})

/** A key that is listed twice, once with scopes and once without, would not be limited. */
const isEachOnce = (keys: readonly ApiKey[]) =>
  new Set(keys.map(({ sha256 }) => sha256.toString('hex'))).size === keys.length

const ipAddress = z.string().refine((text) => isIP(text) > 0, 'must be an IP address')

const basePath = z.string().transform((text, context) => {
  const path = plainBasePath(text)
  if (path !== undefined) return path
  context.addIssue('must be a path such as /numbers, of letters, digits and ._~-, without .. and //')
  return z.NEVER
})

/** The variables of serving HTTP: the address, ports, limit and log level of one service, and those that all share. */
export function httpVariables(
  service: string,
  defaults: { port: number; debugPort: number; rateLimit: number },
) {
  return {
    host: variable(`${service}_HOST`, ipAddress, {
      description:
        'IP address that the service listens on, for HTTP and, where it has it, gRPC: 127.0.0.1 keeps them to programs on this machine, :: is every address it has (IPv6 and IPv4)',
      default: '127.0.0.1',
    }),
    port: variable(`${service}_PORT`, port(), { description: 'HTTP port', default: defaults.port }),
    ...tlsVariables(service),
    debugPort: variable(`${service}_DEBUG_PORT`, port(), {
      description: 'Port of the debug listener: probes and profiles; without it there is none',
      optional: true,
      example: defaults.debugPort,
    }),
    debugHost: variable('DEBUG_HOST', ipAddress, {
      description:
        'IP address of the debug listener. It asks for no key: 127.0.0.1 keeps it to programs on this machine',
      default: '127.0.0.1',
    }),
    logLevel: variable(`${service}_LOG_LEVEL`, z.enum(['debug', 'info', 'warn', 'error']), {
      description: 'Log level (debug, info, warn, error)',
      default: 'info',
    }),
    rateLimit: variable(`${service}_RATE_LIMIT`, integer({ min: 0, max: 1_000_000 }), {
      description: 'Requests per second of one client; 0 switches the limit off',
      default: defaults.rateLimit,
    }),
    redisUrl: variable('REDIS_URL', redisUrl(), {
      description:
        'Redis, for rate limits and quotas that all instances of a service share, and for events by Redis Streams; without it they stay in the process. rediss:// is by TLS, with sslrootcert, sslcert and sslkey as parameters (docs/tls.md)',
      optional: true,
      secret: true,
    }),
    bodyLimitBytes: variable('BODY_LIMIT_BYTES', integer({ min: 1024, max: 104_857_600 }), {
      description: 'Largest request body, in bytes',
      default: 102_400,
    }),
    allowedHosts: variable('ALLOWED_HOSTS', list(hostName()), {
      description:
        'Names that clients may call the services by, separated by commas; *.example.com for all below one, * for any. IP addresses, names of one label (localhost, sequencer) and those that end with .localhost, .internal, .svc or .cluster.local need not be listed',
      optional: true,
      example: 'numbers.example.com',
    }),
    corsOrigins: variable('CORS_ORIGINS', list(origin()), {
      description: 'Origins whose pages may call the services, separated by commas; * for any',
      optional: true,
      example: 'https://app.example.com',
    }),
    connectionsPerClient: variable('CONNECTIONS_PER_CLIENT', integer({ min: 0, max: 10_000 }), {
      description:
        'Open connections of one client to HTTP and gRPC together, by the address that connects; one more closes the least useful of them. 0 for no limit; with TRUST_PROXY there is none',
      default: 2_000,
    }),
    unreadTimeoutMs: variable('UNREAD_TIMEOUT', seconds({ unit: 'ms' }), {
      description: 'Seconds after which a client that reads nothing of its answer is disconnected',
      default: 30,
    }),
    trustProxy: variable('TRUST_PROXY', integer({ min: 0, max: 10 }), {
      description:
        'How many proxies in front are to be believed about the client address (X-Forwarded-For) and the path that they strip (X-Forwarded-Prefix)',
      default: 0,
    }),
    basePath: variable('BASE_PATH', basePath, {
      description:
        'Path below which a proxy serves the service, whether it strips the path or not: links begin with it. X-Forwarded-Prefix of a proxy that is believed takes precedence',
      optional: true,
      example: '/numbers',
    }),
    apiKeys: variable('API_KEYS', list<ApiKey>(apiKey).refine(isEachOnce, 'has the digest of a key twice'), {
      description:
        'Keys of machines that call with X-API-Key and are not rate limited, as name:sha256hex, separated by commas; name:sha256hex:users:read+numbers:issue:INV limits one to these scopes (docs/security.md)',
      optional: true,
      secret: true,
      example: 'order-service:5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8',
    }),
    // Trimmed and in lower case, as the check of example secrets reads it. Only these: "prod" would switch off the checks of production.
    nodeEnv: variable(
      'NODE_ENV',
      z
        .string()
        .trim()
        .toLowerCase()
        .pipe(z.enum(['production', 'staging', 'development', 'test'])),
      {
        description:
          'production, staging, development or test; production refuses a start with a secret that is an example or a default, and one without authentication unless it is told so',
        optional: true,
        example: 'production',
      },
    ),
    metricsMaxAgeMs: variable('METRICS_MAX_AGE_MS', integer({ min: 0, max: 60_000 }), {
      description: 'Milliseconds for which all requests for /metrics share one text',
      default: 1_000,
    }),
    shutdownTimeoutMs: variable('SHUTDOWN_TIMEOUT', seconds({ unit: 'ms' }), {
      description: 'Seconds that requests under way have to finish when the service stops',
      default: 10,
    }),
    shutdownDrainMs: variable('SHUTDOWN_DRAIN_MS', integer({ min: 0, max: 600_000 }), {
      description:
        'Milliseconds that a stopping service goes on taking requests while /health/ready says 503',
      default: 0,
    }),
  }
}

/** How a service is served: what `httpVariables` parse to. */
export interface HttpSettings extends TlsSettings {
  host: string
  port: number
  /** Of the debug listener; undefined for none. */
  debugPort: number | undefined
  debugHost: string
  rateLimit: number
  /** Where rate limits are shared; undefined for a limit of each instance. */
  redisUrl: string | undefined
  bodyLimitBytes: number
  allowedHosts: readonly string[] | undefined
  corsOrigins: readonly string[] | undefined
  /** 0 for no bound. */
  connectionsPerClient: number
  unreadTimeoutMs: number
  trustProxy: number
  /** Without a slash at its end; undefined for none. */
  basePath: string | undefined
  apiKeys: readonly ApiKey[] | undefined
  metricsMaxAgeMs: number
  shutdownTimeoutMs: number
  shutdownDrainMs: number
}
