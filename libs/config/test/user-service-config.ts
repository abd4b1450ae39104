import { z } from 'zod'
import { databaseVariables, defineConfig, list, port, seconds, variable } from '../src'

/** A definition with a variable of every kind, as a service would write it. */
export const userServiceConfig = defineConfig({
  prefixes: ['USER_SERVICE_', 'CIRCUIT_BREAKER_'],
  variables: {
    port: variable('USER_SERVICE_PORT', port(), { default: 8081, description: 'HTTP port' }),
    logLevel: variable('USER_SERVICE_LOG_LEVEL', z.enum(['debug', 'info', 'warn', 'error']), {
      default: 'info',
      description: 'Log level (debug | info | warn | error)',
    }),
    breakerIntervalMs: variable('CIRCUIT_BREAKER_INTERVAL', seconds({ unit: 'ms' }), {
      default: 60,
      description: 'Failure counting interval (seconds)',
    }),
    redisUrl: variable('REDIS_URL', z.url({ protocol: /^rediss?$/ }), {
      optional: true,
      example: 'redis://localhost:6379',
      description: 'Redis for limits shared by instances',
    }),
    jwtSecret: variable('JWT_SECRET', z.string().min(32), {
      secret: true,
      example: '0123456789abcdef0123456789abcdef',
      description: 'Secret of the tokens, 32 characters or more',
    }),
    origins: variable('CORS_ORIGINS', list(z.string()), {
      default: '',
      description: "Origins of the console's users",
    }),
    ...databaseVariables('USER_SERVICE', { name: 'userdb' }),
  },
})

/** The least that makes it parse. */
export const leastEnvironment = { JWT_SECRET: 'a secret that is long enough for HS256' }
