import { databaseVariables, defineConfig, type Config } from '@ordinal/config'
import { httpVariables } from '@ordinal/http'
import { keyRetentionVariables } from '@ordinal/idempotency'

/** Every variable that the user service reads. */
export const userServiceConfig = defineConfig({
  prefixes: ['USER_SERVICE_'],
  variables: {
    ...httpVariables('USER_SERVICE', { port: 8081, debugPort: 6061, rateLimit: 100 }),
    ...databaseVariables('USER_SERVICE', { name: 'userdb' }),
    ...keyRetentionVariables(),
  },
})

export type UserServiceConfig = Config<typeof userServiceConfig>
