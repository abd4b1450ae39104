import { seconds, variable } from '@ordinal/config'

/** The variable of how long managed keys count as they were last read; the same for all services. */
export const managedKeyVariables = () => ({
  apiKeysMaxAgeMs: variable('API_KEYS_MAX_AGE', seconds({ unit: 'ms' }), {
    description:
      'Seconds for which the API keys that administrators make count as they were last read, while they cannot be read again; a key that is revoked meanwhile goes on for so long at most',
    default: 3600,
  }),
})
