import { faultsOfFollowing, followedKeyVariables } from '@ordinal/api-keys'
import { databaseVariables, defineConfig, variable, type Config } from '@ordinal/config'
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
import { tracingVariables } from '@ordinal/tracing'
import { keyRetentionVariables } from '@ordinal/idempotency'
import { z } from 'zod'
import { userRetentionVariables } from './erasure'

type CallSettings = CallTlsSettings & { apiKeysUrl: string | undefined; nodeEnv: string | undefined }

const faultsOfCalls = (config: CallSettings) =>
  faultsOfCallTls('USER_SERVICE', config, { API_KEYS_URL: config.apiKeysUrl })

/** Every variable that the user service reads. */
export const userServiceConfig = defineConfig({
  prefixes: ['USER_SERVICE_'],
  variables: {
    ...httpVariables('USER_SERVICE', { port: 8081, debugPort: 6061, rateLimit: 100 }),
    ...tokenVariables(),
    ...tracingVariables(),
    ...accessVariables('USER_SERVICE'),
    ...callTlsVariables('USER_SERVICE'),
    ...followedKeyVariables(),
    apiKey: variable('USER_SERVICE_API_KEY', z.string().regex(/^[\x21-\x7e]+$/, 'must be visible ASCII'), {
      description:
        'Sent as X-API-Key to the sequencer at API_KEYS_URL; it needs the scope api-keys:follow there',
      optional: true,
      secret: true,
      example: 'a-long-random-text',
    }),
    ...databaseVariables('USER_SERVICE', { name: 'userdb' }),
    ...keyRetentionVariables(),
    ...userRetentionVariables(),
  },
  faultsOf: (config) => [
    ...faultsOfTokens(config),
    ...faultsOfTls('USER_SERVICE', config),
    ...faultsOfCalls(config),
    ...faultsOfFollowing('USER_SERVICE', config),
    ...faultsOfAccess('USER_SERVICE', config),
  ],
})

export type UserServiceConfig = Config<typeof userServiceConfig>
