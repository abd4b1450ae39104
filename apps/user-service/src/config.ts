import { databaseVariables, defineConfig, type Config } from '@ordinal/config'
import {
  accessVariables,
  faultsOfAccess,
  faultsOfTls,
  faultsOfTokens,
  httpVariables,
  tokenVariables,
} from '@ordinal/http'
import { tracingVariables } from '@ordinal/tracing'
import { keyRetentionVariables } from '@ordinal/idempotency'
import { userRetentionVariables } from './erasure'

/** Every variable that the user service reads. */
export const userServiceConfig = defineConfig({
  prefixes: ['USER_SERVICE_'],
  variables: {
    ...httpVariables('USER_SERVICE', { port: 8081, debugPort: 6061, rateLimit: 100 }),
    ...tokenVariables(),
    ...tracingVariables(),
    ...accessVariables('USER_SERVICE'),
    ...databaseVariables('USER_SERVICE', { name: 'userdb' }),
    ...keyRetentionVariables(),
    ...userRetentionVariables(),
  },
  faultsOf: (config) => [
    ...faultsOfTokens(config),
    ...faultsOfTls('USER_SERVICE', config),
    ...faultsOfAccess('USER_SERVICE', config),
  ],
})

export type UserServiceConfig = Config<typeof userServiceConfig>
