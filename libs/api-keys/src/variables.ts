import { httpUrl, seconds, variable, type Fault } from '@ordinal/config'

/** The variable of how long managed keys count as they were last read; the same for all services. */
export const managedKeyVariables = () => ({
  apiKeysMaxAgeMs: variable('API_KEYS_MAX_AGE', seconds({ unit: 'ms' }), {
    description:
      'Seconds for which the API keys that administrators make count as they were last read, while they cannot be read again; a key that is revoked meanwhile goes on for so long at most',
    default: 3600,
  }),
})

/** The variables of a service that follows the managed keys of another. */
export const followedKeyVariables = () => ({
  ...managedKeyVariables(),
  apiKeysUrl: variable('API_KEYS_URL', httpUrl(), {
    description:
      'Where the sequencer is, whose API keys the other services follow; without it they know those of API_KEYS alone',
    optional: true,
    example: 'http://localhost:8083',
  }),
})

/** The fault of a service that has no key by which the owner of the managed keys knows it. */
export function faultsOfFollowing(
  service: string,
  { apiKeysUrl, apiKey }: { apiKeysUrl: string | undefined; apiKey: string | undefined },
): Fault[] {
  if (apiKeysUrl === undefined || apiKey !== undefined) return []
  const name = `${service}_API_KEY`
  const message = `API_KEYS_URL is set and ${name} is not: set it to a key that has the scope api-keys:follow at the sequencer`
  return [{ variable: name, message }]
}
