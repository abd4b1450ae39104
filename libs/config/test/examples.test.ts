import { createHash } from 'node:crypto'
import { z } from 'zod'
import { databaseVariables, defineConfig, parseConfig, variable, type ConfigError } from '../src'

const example = '5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8'
const keyExample = 'MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC'
const secret = { optional: true, secret: true, description: 'One of the secrets' } as const
const definition = defineConfig({
  prefixes: ['SHOP_'],
  variables: {
    ...databaseVariables('SHOP', { name: 'shopdb' }),
    jwt: variable('JWT_SECRET', z.string(), { ...secret, example: 'the-output-of-openssl-rand-hex-32' }),
    keys: variable('API_KEYS', z.string(), { ...secret, example: `order-service:${example}` }),
    signing: variable('SHOP_SIGNING_KEY', z.string(), { ...secret, example: keyExample }),
    redis: variable('REDIS_URL', z.string(), { ...secret, example: 'redis://localhost:6379' }),
  },
})
const own = { SHOP_DB_PASSWORD: 'one of our own' }
const pem = `-----BEGIN PRIVATE KEY-----\n${keyExample.slice(0, 40)}\n${keyExample.slice(40)}\n-----END PRIVATE KEY-----\n`
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

function faultsOf(env: Record<string, string>, nodeEnv = 'production'): string[] {
  try {
    parseConfig(definition, { NODE_ENV: nodeEnv, ...env })
    return []
  } catch (error) {
    return (error as ConfigError).faults.map(({ message }) => message)
  }
}

test.each<[string, Record<string, string>]>([
  ['JWT_SECRET', { ...own, JWT_SECRET: 'the-output-of-openssl-rand-hex-32' }],
  ['JWT_SECRET', { ...own, JWT_SECRET: ' The-output-of-openssl-rand-hex-32\n' }],
  ['JWT_SECRET', { ...own, JWT_SECRET: 'change-me' }],
  ['JWT_SECRET', { ...own, JWT_SECRET: 'change-me-change-me-change-me-change-me' }],
  ['JWT_SECRET', { ...own, JWT_SECRET: 'secretsecretsecretsecretsecretsecret' }],
  ['JWT_SECRET', { ...own, JWT_SECRET: 'a'.repeat(40) }],
  ['JWT_SECRET', { ...own, JWT_SECRET: '0123456789abcdef0123456789abcdef' }],
  ['API_KEYS', { ...own, API_KEYS: `order-service:${example}` }],
  ['API_KEYS', { ...own, API_KEYS: `shop:${sha256('x1')},other:${example.toUpperCase()}` }],
  ['API_KEYS', { ...own, API_KEYS: `order-service:${sha256('local-order-service')}` }],
  ['API_KEYS', { ...own, API_KEYS: `order-service:${sha256('a-long-random-text')}` }],
  ['SHOP_SIGNING_KEY', { ...own, SHOP_SIGNING_KEY: keyExample }],
  ['SHOP_SIGNING_KEY', { ...own, SHOP_SIGNING_KEY: pem }],
  ['SHOP_SIGNING_KEY', { ...own, SHOP_SIGNING_KEY: Buffer.from(pem).toString('base64') }],
  ['SHOP_DB_PASSWORD', { SHOP_DB_PASSWORD: 'postgres' }],
  ['SHOP_DB_PASSWORD', { SHOP_DB_PASSWORD: 'p@s:/#%w' }],
  ['SHOP_DB_PASSWORD', {}],
  ['SHOP_DATABASE_URL', { SHOP_DATABASE_URL: 'postgres://postgres:p%40ss@localhost:5432/shopdb' }],
  ['SHOP_DATABASE_URL', { SHOP_DATABASE_URL: 'postgres://shop:postgres@db.internal/shopdb' }],
])('production does not start with %s as in %j', (name, env) => {
  const faults = faultsOf(env)
  expect(faults).toEqual([
    expect.stringMatching(new RegExp(`^${name} .*: NODE_ENV is production, so set a secret`)),
  ])
  for (const text of Object.values(env)) if (text !== 'postgres') expect(faults.join()).not.toContain(text)
  expect(faultsOf(env, 'development')).toEqual([])
})

test('there is a line for each, and other secrets start', () => {
  expect(faultsOf({ JWT_SECRET: 'change-me', API_KEYS: `order-service:${example}` })).toHaveLength(3)
  expect(
    faultsOf({
      SHOP_DATABASE_URL: 'postgres://postgres:7d1c@localhost:5432/shopdb',
      JWT_SECRET: sha256('one of our own'),
      API_KEYS: `order-service:${sha256('another')}`,
      REDIS_URL: 'redis://localhost:6379',
    }),
  ).toEqual([])
})
