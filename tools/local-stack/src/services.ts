import { createHash, randomBytes } from 'node:crypto'
import { boolean } from '@ordinal/config'
import type { EmbeddedPostgres } from '@ordinal/embedded-postgres'
import type { Passwords } from './databases'
import { roleOf, variablesOf } from './service-list'
import type { ServiceSettings, Settings } from './settings'

/** The passwords of the roles, and what the sequencer signs with. */
export type Secrets = Passwords & Record<'tokens' | 'signing', string>

/** A service as it is to be run: its bundle is dist/apps/<name>/main.js. */
export interface ServiceDefinition {
  name: string
  port: number
  /** Where this machine reaches it: `http://127.0.0.1:8081`. */
  url: string
  /** `https` if it serves TLS. */
  scheme: Scheme
  /** Undefined if it has no gRPC. */
  grpcPort?: number
  debugPort: number
  /** Its own variables, besides those inherited. */
  environment: Record<string, string>
}

/** Wires the services to their databases and to each other, and the sequencer to its secrets. */
export function defineServices(
  { services, environment }: Pick<Settings, 'services' | 'environment'>,
  postgres: Pick<EmbeddedPostgres, 'url'>,
  secrets: Secrets,
): ServiceDefinition[] {
  const urls = new Map(services.map(({ name, port }) => [name, urlOf(name, port.port, environment)]))
  // Each service that calls others, or follows their API keys, has a key, which all of them know.
  const keys = new Map(
    services
      .filter(({ calls, followsKeys }) => calls || followsKeys)
      .map(({ name }) => [name, randomBytes(32).toString('base64url')] as const),
  )
  const digests = services.flatMap((service) => {
    const key = keys.get(service.name)
    if (key === undefined) return []
    const digest = createHash('sha256').update(key).digest('hex')
    return [`${service.name}:${digest}:${scopesOfKey(service, environment)}`]
  })
  const apiKeys = [environment.API_KEYS, ...digests].filter(Boolean).join(',')

  const variablesFor = ({ name, port, grpcPort, debugPort, ...service }: ServiceSettings) => {
    const prefix = variablesOf(name)
    const role = roleOf(name)
    const { database, databaseOwner, calls, followsKeys } = service
    return {
      [`${prefix}_PORT`]: String(port.port),
      ...(grpcPort && { [`${prefix}_GRPC_PORT`]: String(grpcPort.port) }),
      [`${prefix}_DEBUG_PORT`]: String(debugPort.port),
      [`${prefix}_DATABASE_URL`]: postgres.url(database, role, secrets[role]),
      ...(databaseOwner && {
        [`${prefix}_MIGRATION_DATABASE_URL`]: postgres.url(database, databaseOwner, secrets[databaseOwner]),
      }),
      ...Object.fromEntries(
        calls?.map((other) => [`${prefix}_${variablesOf(other)}_URL`, urls.get(other)!]) ?? [],
      ),
      REQUIRE_AUTHENTICATION: String(isClosed(environment)),
      ...secretOfTokens(environment, secrets),
      ...(keys.has(name) && { [`${prefix}_API_KEY`]: keys.get(name)! }),
      ...(followsKeys && { API_KEYS_URL: urls.get('sequencer')! }),
      // One that calls others is not called: it needs no keys but its own.
      ...(!calls && { API_KEYS: apiKeys }),
      ...(name === 'sequencer' && secretsOfSequencer(environment, secrets)),
      ...(name === 'sequencer'
        ? addressesForConsole(environment, services)
        : originsOfConsole(environment, services)),
    }
  }

  return services.map((service) => ({
    name: service.name,
    port: service.port.port,
    url: urls.get(service.name)!,
    scheme: schemeOf(service.name, environment),
    ...(service.grpcPort && { grpcPort: service.grpcPort.port }),
    debugPort: service.debugPort.port,
    environment: variablesFor(service),
  }))
}

/**
 * Whether the services ask their callers for a key or a token: `make run AUTH=1`, or as .env has it.
 *
 * @throws Error if that says neither yes nor no: a typing error must not leave the stack open
 */
export function isClosed({ AUTH, REQUIRE_AUTHENTICATION }: NodeJS.ProcessEnv): boolean {
  const text = AUTH || REQUIRE_AUTHENTICATION || 'false'
  const read = boolean().safeParse(text)
  if (read.success) return read.data
  const name = AUTH ? 'AUTH' : 'REQUIRE_AUTHENTICATION'
  throw new Error(`${name} is "${text}"; true or false is expected`)
}

/** What the key of a service is limited to: what it calls. */
function scopesOfKey(
  { name, scopes = [] }: ServiceSettings,
  { ORDER_SERVICE_SEQUENCE }: NodeJS.ProcessEnv,
): string {
  const listed = [...scopes, 'api-keys:follow'].join('+')
  if (name !== 'order-service') return listed
  return listed.replace(':ORD+', `:${ORDER_SERVICE_SEQUENCE || 'ORD'}+`)
}

/** Whoever has a secret or an identity provider of their own wants no other one beside it. */
function secretOfTokens(
  { JWT_SECRET, JWKS_URL }: NodeJS.ProcessEnv,
  secrets: Secrets,
): Record<string, string> {
  const jwtSecret = JWT_SECRET || (JWKS_URL ? undefined : secrets.tokens)
  return jwtSecret === undefined ? {} : { JWT_SECRET: jwtSecret }
}

const secretsOfSequencer = ({ SEQUENCER_SIGNING_KEY }: NodeJS.ProcessEnv, secrets: Secrets) => ({
  SEQUENCER_SIGNING_KEY: SEQUENCER_SIGNING_KEY || secrets.signing,
})

type Ports = readonly Pick<ServiceSettings, 'name' | 'port'>[]

const portOf = (name: string, services: Ports) => services.find((service) => service.name === name)?.port.port

/** Where the console finds the other services. */
const addressesForConsole = (environment: NodeJS.ProcessEnv, services: Ports) => ({
  SEQUENCER_CONSOLE_USERS_URL:
    environment.SEQUENCER_CONSOLE_USERS_URL || localUrlOf('user-service', services, environment),
  SEQUENCER_CONSOLE_ORDERS_URL:
    environment.SEQUENCER_CONSOLE_ORDERS_URL || localUrlOf('order-service', services, environment),
})

/** The console, which comes from the sequencer, calls the others: by both names of this machine. */
function originsOfConsole(environment: NodeJS.ProcessEnv, services: Ports) {
  const port = portOf('sequencer', services)
  const own = ['localhost', '127.0.0.1'].map(
    (host) => `${schemeOf('sequencer', environment)}://${host}:${port}`,
  )
  return { CORS_ORIGINS: [environment.CORS_ORIGINS, ...own].filter(Boolean).join(',') }
}

type Scheme = 'http' | 'https'

const schemeOf = (name: string, environment: NodeJS.ProcessEnv): Scheme =>
  environment[`${variablesOf(name)}_TLS_CERT_FILE`] ? 'https' : 'http'

const localUrlOf = (name: string, services: Ports, environment: NodeJS.ProcessEnv) =>
  `${schemeOf(name, environment)}://localhost:${portOf(name, services)}`

/** The URL of a service: on 127.0.0.1 if it listens on every address, or on none that is set. */
function urlOf(name: string, port: number, environment: NodeJS.ProcessEnv): string {
  const host = environment[`${variablesOf(name)}_HOST`]
  const address = !host || host === '::' || host === '0.0.0.0' ? '127.0.0.1' : host
  return `${schemeOf(name, environment)}://${address.includes(':') ? `[${address}]` : address}:${port}`
}
