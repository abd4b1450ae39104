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
} from '@ordinal/http'
import { keyRetentionVariables } from '@ordinal/idempotency'
import { tracingVariables } from '@ordinal/tracing'
import { z } from 'zod'

/** Every variable that the sample service reads. */
export const sampleServiceConfig = defineConfig({
  prefixes: ['SAMPLE_SERVICE_'],
  variables: {
    ...httpVariables('SAMPLE_SERVICE', { port: 8099, debugPort: 6099, rateLimit: 100 }),
    ...tokenVariables(),
    ...tracingVariables(),
    ...accessVariables('SAMPLE_SERVICE'),
    ...callTlsVariables('SAMPLE_SERVICE'),
    ...followedKeyVariables(),
    apiKey: variable('SAMPLE_SERVICE_API_KEY', z.string().regex(/^[\x21-\x7e]+$/, 'must be visible ASCII'), {
      description:
        'Sent as X-API-Key to the sequencer at API_KEYS_URL; it needs the scope api-keys:follow there',
      optional: true,
      secret: true,
      example: 'a-long-random-text',
    }),
    ...databaseVariables('SAMPLE_SERVICE', { name: 'sampledb' }),
    ...keyRetentionVariables(),
  },
  faultsOf: (config) => [
    ...faultsOfTokens(config),
    ...faultsOfTls('SAMPLE_SERVICE', config),
    ...faultsOfCallTls('SAMPLE_SERVICE', config, { API_KEYS_URL: config.apiKeysUrl }),
    ...faultsOfFollowing('SAMPLE_SERVICE', config),
    ...faultsOfAccess('SAMPLE_SERVICE', config),
  ],
})

export type SampleServiceConfig = Config<typeof sampleServiceConfig>
