import type { EmbeddedPostgres } from '@ordinal/embedded-postgres'
import type { ServiceDefinition } from './services'

interface Addresses {
  services: ServiceDefinition[]
  postgres: Pick<EmbeddedPostgres, 'port' | 'adminPasswordFile'>
  logFolder: string
  /** The certificate of the authority that TLS=1 has made; undefined if it has made none. */
  authority: string | undefined
  /** Whether the services ask their callers for a key or a token. */
  closed: boolean
  /** Where they do: a token of each role. */
  tokens: readonly { role: string; token: string }[]
}

/**
 * What the user sees when all is up: where everything is, and three calls to paste into a shell. No secret: it may be kept;
 * but where callers are asked for tokens, some that are good for 12 hours.
 */
export function summarize({ services, postgres, logFolder, authority, closed, tokens }: Addresses): string {
  const portOf = (name: string) => services.find((service) => service.name === name)?.port
  const schemeOf = (name: string) => services.find((service) => service.name === name)?.scheme
  const isSecure = services.some(({ scheme }) => scheme === 'https')
  /** As curl takes it, which adds http:// by itself. */
  const at = (name: string) => `${schemeOf(name) === 'https' ? 'https://' : ''}localhost:${portOf(name)}`
  const apis = services.map(
    ({ name, port, scheme }) =>
      `  ${name.padEnd(14)} ${scheme}://localhost:${port}    its API: ${scheme}://localhost:${port}/docs`,
  )
  const grpc = services.flatMap(({ name, grpcPort }) => (grpcPort ? [`localhost:${grpcPort} (${name})`] : []))
  const profiles = services.map(
    ({ name, debugPort }) => `http://localhost:${debugPort}/debug/pprof/ (${name})`,
  )
  return `
Ordinal runs. Ctrl-C stops it.

  ${'console'.padEnd(14)} ${schemeOf('sequencer')}://localhost:${portOf('sequencer')}/dashboard    to sign in: make token ROLE=admin
${apis.join('\n')}
  ${'gRPC'.padEnd(14)} ${grpc.join(', ')}
  ${'PostgreSQL'.padEnd(14)} postgresql://postgres@127.0.0.1:${postgres.port}/postgres
  ${''.padEnd(14)} its password: ${postgres.adminPasswordFile}
  ${'tokens'.padEnd(14)} make token ROLE=admin, operator or viewer
  ${'callers'.padEnd(14)} ${closed ? 'need a token or a key' : 'anyone on this machine, without a token; make run AUTH=1 asks for one'}
  ${'profiles'.padEnd(14)} ${profiles.join(`\n  ${''.padEnd(14)} `)}
  ${''.padEnd(14)} or make pprof-cpu
  ${'logs'.padEnd(14)} ${logFolder}

${isSecure ? trusting(authority) : ''}${callingWith(tokens)}Try it: a user, an order of theirs (user_id is the id that the first call answers), and a number.

  curl ${at('user-service')}/api/v1/users -H 'Content-Type: application/json' \\
    -d '{"email":"ada-'$(date +%s)'@example.com","name":"Ada Lovelace","age":36}'

  curl ${at('order-service')}/api/v1/orders -H 'Content-Type: application/json' \\
    -d '{"user_id":1,"product_id":"PROD-123","quantity":2,"total_price":99.99}'

  curl "${at('sequencer')}/api/v1/next/SG?client_id=erp-system"
`
}

/** The line for a shell in which curl then trusts the services. */
const trusting = (authority: string | undefined) =>
  authority === undefined
    ? ''
    : `curl trusts the services in a shell with\n\n  export CURL_CA_BUNDLE=${authority}\n\n`

/** Lines for a shell in which curl sends a token to the services, unless the call has an Authorization header. */
function callingWith(tokens: Addresses['tokens']): string {
  if (tokens.length === 0) return ''
  const lines = tokens.map(({ role, token }) => `  ${role.toUpperCase()}=${token}`)
  return `For 12 hours these tokens are good; calls of this shell then send one:

${lines.join('\n')}
  curl() { case "$*" in *[Aa]uthorization:*) ;; *localhost:*) set -- -H "Authorization: Bearer $OPERATOR" "$@" ;; esac; command curl "$@"; }

`
}
