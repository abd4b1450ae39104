import { randomBytes } from 'node:crypto'
import type { ConfigError } from '@ordinal/config'
import { defineConfig, parseConfig } from '@ordinal/config'
import { faultsOfAccess, faultsOfAuthentication, faultsOfTokens, httpVariables, tokenVariables } from '../src'

const definition = defineConfig({
  prefixes: ['FAKE_'],
  variables: { ...httpVariables('FAKE', { port: 8089, debugPort: 6069, rateLimit: 0 }), ...tokenVariables() },
  faultsOf: (config) => [...faultsOfTokens(config), ...faultsOfAuthentication(config)],
})
const secret = randomBytes(32).toString('hex')

function faultsOf(env: Record<string, string>): string[] {
  try {
    parseConfig(definition, env)
    return []
  } catch (error) {
    return (error as ConfigError).faults.map(({ message }) => message)
  }
}

test('in production, nothing by which callers are known is a fault, in one line that says what to set', () => {
  expect(faultsOf({ NODE_ENV: 'production' })).toEqual([
    'NODE_ENV is production and no authentication is configured: set JWT_SECRET, JWKS_URL or API_KEYS, ' +
      'or ALLOW_NO_AUTHENTICATION=true if a proxy in front does it',
  ])
})

test('of a service that can follow the keys of another, the line names that way, too', () => {
  const config = {
    nodeEnv: 'production',
    allowNoAuthentication: false,
    jwtSecret: undefined,
    jwksUrl: undefined,
  }
  const following = { ...config, apiKeys: undefined, apiKeysUrl: undefined }
  const ways = 'set JWT_SECRET, JWKS_URL, API_KEYS or API_KEYS_URL'
  expect(faultsOfAuthentication(following)[0]?.message).toContain(ways)
  expect(faultsOfAuthentication({ ...following, apiKeysUrl: 'https://a.example' })).toEqual([])
  const closed = { ...following, requireAuthentication: true, requireAuthenticationOfAll: undefined }
  expect(faultsOfAccess('FAKE', closed)[0]?.message).toContain(ways)
})

test.each<Record<string, string>>([
  { NODE_ENV: 'production', JWT_SECRET: secret },
  { NODE_ENV: 'production', JWKS_URL: 'https://a.example/keys', JWT_ISSUER: 'a', JWT_AUDIENCE: 'b' },
  ...['http://127.0.0.1:8080/keys', 'http://[::1]/keys', 'http://localhost/keys'].map((url) => ({
    NODE_ENV: 'production',
    JWKS_URL: url,
    JWT_ISSUER: 'a',
    JWT_AUDIENCE: 'b',
  })),
  { JWKS_URL: 'http://a.example/keys', JWT_ISSUER: 'a', JWT_AUDIENCE: 'b' },
  { NODE_ENV: 'production', API_KEYS: `shop:${secret}` },
  { NODE_ENV: 'production', ALLOW_NO_AUTHENTICATION: 'true' },
  { NODE_ENV: 'development' },
  {},
])('%j starts', (env) => {
  expect(faultsOf(env)).toEqual([])
})

test.each<[Record<string, string>, string[]]>([
  [{}, ['JWT_ISSUER', 'JWT_AUDIENCE']],
  [{ JWT_ISSUER: 'https://a.example' }, ['JWT_AUDIENCE']],
  [{ JWT_AUDIENCE: 'ordinal', JWT_ISSUER: '' }, ['JWT_ISSUER']],
  [{ JWT_SECRET: secret }, ['JWT_ISSUER', 'JWT_AUDIENCE']],
])('keys of an identity provider with %j lack %j: tokens of others would be taken', (env, missing) => {
  for (const nodeEnv of ['', 'production'])
    expect(faultsOf({ JWKS_URL: 'https://a.example/keys', NODE_ENV: nodeEnv, ...env })).toEqual(
      missing.map((name) => expect.stringContaining(`${name} is not set: with JWKS_URL`)),
    )
})

test.each(['http://a.example/keys', 'HTTP://127.0.0.1.example/keys', 'http://localhost.example/keys'])(
  'in production, keys of an identity provider in clear text are a fault: %s',
  (url) => {
    const env = { NODE_ENV: 'production', JWKS_URL: url, JWT_ISSUER: 'a', JWT_AUDIENCE: 'b' }
    expect(faultsOf(env)).toEqual([expect.stringMatching(/JWKS_URL is http:\/\/: .*; use https:\/\//)])
  },
)

test.each(['anonymous', 'Sequencer', 'ordinal', '0RDINAL', 'sequencer.', 'order_service', 'user.service'])(
  'a machine cannot have the name %s',
  (name) => {
    expect(faultsOf({ API_KEYS: `${name}:${'0'.repeat(64)}` })).toEqual([
      expect.stringContaining('entry 1: must be name:sha256hex, with the digest of a key that is not empty'),
    ])
  },
)

test.each(['order-service', 'user-service', 'shop', 'sequencer-2'])(
  'a machine can have the name %s',
  (name) => {
    expect(faultsOf({ API_KEYS: `${name}:${'0'.repeat(64)}` })).toEqual([])
  },
)

test('an empty list of keys is none', () => {
  expect(faultsOf({ NODE_ENV: 'production', API_KEYS: ' , ' })).toHaveLength(1)
})

test('a secret of fewer than 32 bytes is refused, and not shown', () => {
  const faults = faultsOf({ JWT_SECRET: 'hunter2hunter2' })
  expect(faults).toEqual([expect.stringContaining('JWT_SECRET: must have at least 32 bytes')])
  expect(faults.join()).not.toContain('hunter2')
})

test('a configuration with a secret shows none when it is printed', () => {
  expect(JSON.stringify(parseConfig(definition, { JWT_SECRET: secret }))).not.toContain(secret)
})

test('names of an identity provider stand for roles, whatever they are made of', () => {
  const map = 'CN=numbering admins=admin, accounting = operator'
  expect(parseConfig(definition, { JWT_ROLE_MAP: map, JWT_ROLES_CLAIM: 'groups' })).toMatchObject({
    jwtRolesClaim: 'groups',
    jwtRoleMap: [
      { name: 'CN=numbering admins', role: 'admin' },
      { name: 'accounting', role: 'operator' },
    ],
  })
})

test.each(['admin', '=admin', 'ops=root', 'ops=', 'ops=admin,staff'])('JWT_ROLE_MAP=%s is a fault', (map) => {
  expect(faultsOf({ JWT_ROLE_MAP: map })).toEqual([
    expect.stringMatching(
      /^JWT_ROLE_MAP is ".*": entry \d: must be name=role, with one of the roles customer, viewer, operator, admin; for example /,
    ),
  ])
})

test.each(['Production', 'PRODUCTION', 'production '])('%j is production, too', (NODE_ENV) => {
  expect(faultsOf({ NODE_ENV })).toHaveLength(1)
})

test.each(['prod', 'prd', 'live'])(
  'NODE_ENV=%s is a fault: it would switch the checks of production off',
  (NODE_ENV) => {
    expect(faultsOf({ NODE_ENV })).toEqual([expect.stringMatching(/^NODE_ENV is ".*": .*"production"/)])
  },
)

test('a key is listed once: with scopes and without it would not be limited', () => {
  const digest = '0'.repeat(64)
  const faults = faultsOf({ API_KEYS: `shop:${digest}, shop:${digest}:users:read` })
  expect(faults).toEqual([expect.stringContaining('has the digest of a key twice')])
})
