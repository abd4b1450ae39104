import { managedKeyVariables } from '@ordinal/api-keys'
import { readSigningKey } from '@ordinal/audit'
import {
  boolean,
  databaseVariables,
  defineConfig,
  httpUrl,
  integer,
  list,
  origin,
  variable,
  type Config,
} from '@ordinal/config'
import { grpcVariables } from '@ordinal/grpc'
import { tracingVariables } from '@ordinal/tracing'
import { z } from 'zod'
import { faultsOfConsole } from './console/faults'
import {
  accessVariables,
  faultsOfAccess,
  faultsOfTls,
  faultsOfTokens,
  httpVariables,
  tokenVariables,
} from '@ordinal/http'
import { faultsOfCheckpoint } from './restore/faults'

const signingKey = z.string().transform((text, context) => {
  try {
    return readSigningKey(text)
  } catch {
    context.addIssue('must be an Ed25519 private key in PKCS#8: its PEM, or the base64 of it')
    return z.NEVER
  }
})

// Kept as it is: the provider's own name for itself may end with a slash.
const issuer = z
  .string()
  .refine((text) => httpUrl().safeParse(text).success, 'must be a URL with http:// or https://')

const tracesUrl = z
  .string()
  .refine(
    (text) => httpUrl({ query: true }).safeParse(text).success && text.includes('{request_id}'),
    'must be a URL with http:// or https://, without a user, password or fragment, and have {request_id} in it',
  )

/** Every variable that the sequencer reads. */
export const sequencerConfig = defineConfig({
  prefixes: ['SEQUENCER_'],
  variables: {
    // A limit on a caller would be a limit on the invoices of its whole company: off.
    ...httpVariables('SEQUENCER', { port: 8083, debugPort: 6063, rateLimit: 0 }),
    ...grpcVariables('SEQUENCER', { port: 50_053 }),
    ...tokenVariables(),
    ...tracingVariables(),
    ...accessVariables('SEQUENCER'),
    ...managedKeyVariables(),
    ...databaseVariables('SEQUENCER', { name: 'sequencerdb' }),
    groupCommit: variable('SEQUENCER_GROUP_COMMIT', boolean(), {
      description: 'Requests that wait share a transaction; false gives each its own, for comparison',
      default: true,
    }),
    getIssues: variable('SEQUENCER_GET_ISSUES', boolean(), {
      description: 'Whether GET issues numbers as well; with false only POST does',
      default: true,
    }),
    quotaNumbers: variable('SEQUENCER_QUOTA_NUMBERS', integer({ min: 0, max: 1_000_000_000 }), {
      description:
        'Numbers that a caller with a key or a token may draw from one sequence in a minute; 0 for no limit',
      default: 0,
    }),
    quotaReservations: variable('SEQUENCER_QUOTA_RESERVATIONS', integer({ min: 0, max: 1_000_000_000 }), {
      description: 'How many of them may be reservations; 0 for no limit of their own',
      default: 0,
    }),
    anonymousQuotaNumbers: variable(
      'SEQUENCER_ANONYMOUS_QUOTA_NUMBERS',
      integer({ min: 0, max: 1_000_000_000 }),
      {
        description:
          'Numbers that anonymous callers of one address may draw from one sequence in a minute; 0 for no limit',
        default: 300_000,
      },
    ),
    anonymousQuotaReservations: variable(
      'SEQUENCER_ANONYMOUS_QUOTA_RESERVATIONS',
      integer({ min: 0, max: 1_000_000_000 }),
      {
        description: 'How many of them may be reservations; 0 for no limit of their own',
        default: 10_000,
      },
    ),
    maxWaiting: variable('SEQUENCER_MAX_WAITING', integer({ min: 1, max: 1_000_000 }), {
      description: 'Requests that may wait for numbers at once; one more is answered with 503',
      default: 4096,
    }),
    maxListeners: variable('SEQUENCER_MAX_LISTENERS', integer({ min: 1, max: 9_000 }), {
      description: 'Clients that may listen to the live stream at once; one more is answered with 503',
      default: 1_000,
    }),
    requestTimeoutMs: variable('SEQUENCER_REQUEST_TIMEOUT_MS', integer({ min: 100, max: 60_000 }), {
      description: 'Milliseconds that a request waits for its number while the database is away',
      default: 5000,
    }),
    demos: variable('SEQUENCER_DEMOS', boolean(), {
      description:
        'Whether anybody may run demonstrations, which write to the ledger; if not set, where NODE_ENV is not production',
      optional: true,
      example: false,
    }),
    console: variable('SEQUENCER_CONSOLE', boolean(), {
      description: 'Whether the console is served at /dashboard',
      default: true,
    }),
    consoleUsersUrl: variable('SEQUENCER_CONSOLE_USERS_URL', httpUrl(), {
      description:
        'Where browsers reach the user service, for the console; its CORS_ORIGINS must have the origin of the console',
      optional: true,
      example: 'https://users.example.com',
    }),
    consoleOrdersUrl: variable('SEQUENCER_CONSOLE_ORDERS_URL', httpUrl(), {
      description: 'Where browsers reach the order service, likewise',
      optional: true,
      example: 'https://orders.example.com',
    }),
    consoleOidcIssuer: variable('SEQUENCER_CONSOLE_OIDC_ISSUER', issuer, {
      description:
        'The identity provider at which people sign in to the console by OpenID Connect (docs/console.md); without it they paste a token or a key',
      optional: true,
      example: 'https://login.example.com/realms/ordinal',
    }),
    consoleOidcClientId: variable('SEQUENCER_CONSOLE_OIDC_CLIENT_ID', z.string(), {
      description: 'The client id of the console there: a public client, with PKCE',
      optional: true,
      example: 'ordinal-console',
    }),
    consoleOidcScopes: variable('SEQUENCER_CONSOLE_OIDC_SCOPES', z.string(), {
      description:
        'What it asks for, separated by spaces; with offline_access many providers let it renew tokens',
      default: 'openid',
    }),
    consoleOidcAudience: variable('SEQUENCER_CONSOLE_OIDC_AUDIENCE', z.string(), {
      description:
        'The service that tokens are asked for, sent as resource and as audience, where the provider wants it',
      optional: true,
      example: 'https://numbers.example.com',
    }),
    consoleOidcOrigins: variable('SEQUENCER_CONSOLE_OIDC_ORIGINS', list(origin()), {
      description: "Origins of the provider's endpoints, where they are not that of the issuer",
      default: '',
      example: 'https://tokens.example.com',
    }),
    consoleTracesUrl: variable('SEQUENCER_CONSOLE_TRACES_URL', tracesUrl, {
      description:
        'Address of the trace of a request, with {request_id} in it: the console links to it from each step of a number (docs/tracing.md)',
      optional: true,
      example: 'https://traces.example.com/search?service=sequencer&requestId={request_id}',
    }),
    keptCheckpoint: variable('SEQUENCER_KEPT_CHECKPOINT', z.string().min(1), {
      description:
        'Path or URL of the last checkpoint that was kept, or of a log with it: a ledger that does not have what it has issues nothing; the word none before there is one',
      optional: true,
      example: '/var/lib/ordinal-checkpoints/last.jws',
    }),
    signingKey: variable('SEQUENCER_SIGNING_KEY', signingKey, {
      description:
        'Ed25519 private key that signs checkpoints, as PEM or the base64 of it: openssl genpkey -algorithm ed25519 | base64 -w0',
      optional: true,
      secret: true,
      example: 'MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC',
    }),
  },
  faultsOf: (config) => [
    ...faultsOfTokens(config),
    ...faultsOfTls('SEQUENCER', config),
    ...faultsOfAccess('SEQUENCER', config),
    ...faultsOfConsole(config),
    ...faultsOfCheckpoint(config),
  ],
})

export type SequencerConfig = Config<typeof sequencerConfig>
