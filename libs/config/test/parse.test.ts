import { inspect } from 'node:util'
import { z } from 'zod'
import {
  ConfigError,
  defineConfig,
  httpUrl,
  parseConfig,
  variable,
  type Config,
  type VariableOptions,
} from '../src'
import { leastEnvironment, userServiceConfig } from './user-service-config'

function faultsOf(env: Record<string, string>): string[] {
  try {
    parseConfig(userServiceConfig, { ...leastEnvironment, ...env })
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.faults.map(({ message }) => message)
  }
}

test('the least environment gives the defaults of the documentation', () => {
  expect({ ...parseConfig(userServiceConfig, leastEnvironment) }).toEqual({
    port: 8081,
    logLevel: 'info',
    breakerIntervalMs: 60_000,
    redisUrl: undefined,
    jwtSecret: leastEnvironment.JWT_SECRET,
    origins: [],
    databaseUrl: undefined,
    dbHost: 'localhost',
    dbPort: 5432,
    dbUser: 'postgres',
    dbPassword: 'postgres',
    dbName: 'userdb',
    dbPooler: 'auto',
    dbPoolSize: 10,
    dbReadPoolSize: 4,
    dbHeavyPoolSize: 2,
    migrationDatabaseUrl: undefined,
    migrationLockTimeoutMs: 0,
  })
})

test('the result is typed by its schemas', () => {
  const config: Config<typeof userServiceConfig> = parseConfig(userServiceConfig, leastEnvironment)
  const level: 'debug' | 'info' | 'warn' | 'error' = config.logLevel
  const redisUrl: string | undefined = config.redisUrl
  // @ts-expect-error an optional variable may be undefined
  const wrong: string = config.redisUrl
  // @ts-expect-error the result is read-only
  expect(() => (config.port = 1)).toThrow(TypeError)
  expect([level, redisUrl, wrong]).toEqual(['info', undefined, undefined])
})

test('the result is frozen, its lists too', () => {
  const config = parseConfig(userServiceConfig, leastEnvironment)
  expect(Object.isFrozen(config) && Object.isFrozen(config.origins)).toBe(true)
})

test.each([
  [
    'a word for a number',
    { USER_SERVICE_PORT: '80a1' },
    'USER_SERVICE_PORT is "80a1": must be a whole number from 0 to 65535; for example 8081',
  ],
  [
    'a number out of range',
    { USER_SERVICE_PORT: '65536' },
    'USER_SERVICE_PORT is "65536": must be a whole number from 0 to 65535; for example 8081',
  ],
  [
    'a word out of a list',
    { USER_SERVICE_LOG_LEVEL: 'loud' },
    'USER_SERVICE_LOG_LEVEL is "loud": Invalid option: expected one of "debug"|"info"|"warn"|"error"; for example info',
  ],
  [
    'a required one, empty',
    { JWT_SECRET: '' },
    'JWT_SECRET is not set, and it has no default; for example 0123456789abcdef0123456789abcdef',
  ],
  ['a typo', { USER_SERVICE_PROT: '1' }, 'USER_SERVICE_PROT is not known: did you mean USER_SERVICE_PORT?'],
  [
    'swapped letters in a name that all services share',
    { JWT_SECERT: 'x' },
    'JWT_SECERT is not known: did you mean JWT_SECRET?',
  ],
  [
    'one letter too few in such a name',
    { CORS_ORIGIN: 'x' },
    'CORS_ORIGIN is not known: did you mean CORS_ORIGINS?',
  ],
  [
    'a typo in the name of a group',
    { USER_SERVICE_DB_PASWORD: 'x' },
    'USER_SERVICE_DB_PASWORD is not known: did you mean USER_SERVICE_DB_PASSWORD?',
  ],
  [
    "Kubernetes' link to a Service",
    { USER_SERVICE_PORT: 'tcp://10.0.0.1:8081' },
    "USER_SERVICE_PORT is Kubernetes' link to a Service of that name, not a port: set enableServiceLinks: false in the pod's spec; for example 8081",
  ],
  [
    "Kubernetes' link to a Service called user-service-db",
    { USER_SERVICE_DB_PORT: 'tcp://10.0.0.2:5432' },
    "USER_SERVICE_DB_PORT is Kubernetes' link to a Service of that name, not a port: set enableServiceLinks: false in the pod's spec; for example 5432",
  ],
  [
    'a value of several lines',
    { USER_SERVICE_PORT: '80\n81\u2028' },
    'USER_SERVICE_PORT is "80\\n81\\u2028": must be a whole number from 0 to 65535; for example 8081',
  ],
])('%s is one fault, in one line', (_what, env, line) => {
  expect(faultsOf(env as unknown as Record<string, string>)).toEqual([line])
})

test('all faults are reported at once, a line each', () => {
  const env = {
    USER_SERVICE_PORT: 'x',
    USER_SERVICE_LOG_LEVEL: 'y',
    USER_SERVICE_DB_POOL_SIZE: '0',
    USER_SERVICE_TYPO: 'z',
  }
  expect.assertions(2)
  try {
    parseConfig(userServiceConfig, env)
  } catch (error) {
    const { message, faults } = error as ConfigError
    expect(faults.map(({ variable }) => variable)).toEqual([
      'USER_SERVICE_PORT',
      'USER_SERVICE_LOG_LEVEL',
      'JWT_SECRET',
      'USER_SERVICE_DB_POOL_SIZE',
      'USER_SERVICE_TYPO',
    ])
    expect(message.split('\n')).toEqual([
      'The configuration has 5 faults:',
      ...faults.map(({ message }) => `  ${message}`),
    ])
  }
})

test.each([
  'USER_SERVICE_SERVICE_HOST',
  'USER_SERVICE_SERVICE_PORT',
  'USER_SERVICE_SERVICE_PORT_HTTP',
  'USER_SERVICE_PORT_8081_TCP',
  'USER_SERVICE_PORT_8081_TCP_ADDR',
  'USER_SERVICE_PORT_8081_TCP_PORT',
  'USER_SERVICE_PORT_8081_TCP_PROTO',
  'USER_SERVICE_HEADLESS_SERVICE_HOST',
  'USER_SERVICE_HEADLESS_PORT',
])('%s, which Kubernetes injects, is ignored', (name) => {
  expect(faultsOf({ [name]: 'tcp://10.0.0.1:8081' })).toEqual([])
})

test('a typo that only looks like such a name is a fault', () => {
  expect(
    faultsOf({ USER_SERVICE_PORT_NUMBER: '1', USER_SERVICE_PORTS: '2', USER_SERVICE_DB_PORTT: '3' }),
  ).toHaveLength(3)
})

test("others' variables and empty ones are no faults", () => {
  expect(
    faultsOf({ PATH: '/bin', ORDER_SERVICE_PROT: '1', USER_SERVICE_PROT: '', USER_SERVICE_PORT: '' }),
  ).toEqual([])
})

describe('secrets', () => {
  const config = parseConfig(userServiceConfig, {
    JWT_SECRET: 'a secret that nobody should ever see',
    USER_SERVICE_DB_PASSWORD: 'another secret',
  })

  test.each([
    ['console.log', inspect(config)],
    ['console.log of something around it', inspect({ deep: [config] })],
    ['JSON', JSON.stringify({ config })],
  ])('%s shows that there is one, not what it is', (_how, text) => {
    expect(text).not.toContain('secret that')
    expect(text).not.toContain('another')
    expect(text).toContain('[secret]')
    expect(text).toContain('8081')
  })

  test('stay hidden in a URL that should have none', () => {
    const definition = defineConfig({
      prefixes: [],
      variables: { url: variable('USERS_URL', httpUrl(), { description: '', default: 'http://localhost' }) },
    })
    const parse = () => parseConfig(definition, { USERS_URL: 'http://me:hunter2@host' })
    expect(parse).toThrow('USERS_URL: must be a URL')
    expect(parse).not.toThrow('hunter2')
  })

  test('are there for the code', () => {
    expect(config.dbPassword).toBe('another secret')
  })

  test('stay hidden when the schema quotes its input', () => {
    const quoting = defineConfig({
      prefixes: [],
      variables: {
        key: variable(
          'KEY',
          z
            .string()
            .refine((text) => text === 'right', { error: ({ input }) => `${String(input)} is no key` }),
          {
            secret: true,
            example: 'right',
            description: 'Key',
          },
        ),
      },
    })
    expect(() => parseConfig(quoting, { KEY: 'hunter2' })).toThrow('KEY: is not valid; for example right')
    expect(() => parseConfig(quoting, { KEY: 'hunter2' })).not.toThrow(/hunter2/)
  })
})

describe('a declaration that cannot be right is refused', () => {
  test.each([
    ['a default that its schema refuses', { default: 'x', description: '' }, 'its own schema refuses'],
    [
      'an example that its schema refuses',
      { default: '1', example: 'x', description: '' },
      'its own schema refuses',
    ],
    ['nothing to show as an example', { description: '' }, 'needs an example'],
    [
      'a secret with only a default to show',
      { secret: true, default: '1', description: '' },
      'needs an example',
    ],
  ])('%s', (_what, options, message) => {
    const key = variable('KEY', z.string().regex(/^\d$/), options as VariableOptions)
    expect(() => defineConfig({ prefixes: [], variables: { key } })).toThrow(message)
  })
})
