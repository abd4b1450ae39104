import { createOrdinal, ProblemError, type Ordinal, type OrdinalOptions } from '@ordinal/client'
import type { ConsoleConfig } from './config'
import { freshSecret } from './renewal'
import { currentSession, subscribe, type Session } from './session'
import { strangerFetch, type Fetch } from './stranger'

let config: ConsoleConfig | undefined
let asStranger: Fetch = fetch
let client: Ordinal | undefined
subscribe(() => (client = undefined))

export function setServices(where: ConsoleConfig): void {
  config = where
  asStranger = strangerFetch(where)
  client = undefined
}

/** Where the services are. */
export function services(): ConsoleConfig {
  if (!config) throw new Error('config.json is not read yet')
  return config
}

/** fetch, as whoever is signed in; a stranger is heard only by services that are open to strangers. */
export const fetchAsCaller: Fetch = (input, init) =>
  currentSession() ? fetch(input, init) : asStranger(input, init)

// A person waits, so that a call ends sooner than that of a program would. What a service says will take longer is shown at once.
const limits = { retries: 2, attemptTimeoutMs: 5_000, timeoutMs: 12_000, longestRetryAfterMs: 2_000 }

/** Where the services are, and whoever is signed in. */
function asCaller(): OrdinalOptions {
  const session = currentSession()
  return {
    ...services(),
    fetch: fetchAsCaller,
    ...(session?.kind === 'token' && { token: freshSecret }),
    ...(session?.kind === 'key' && { apiKey: session.secret }),
  }
}

/** The client, as whoever is signed in. */
export const ordinal = (): Ordinal => (client ??= createOrdinal({ ...asCaller(), ...limits }))

/** What happens to numbers. Nobody waits for it: it comes back after however long the service asks to wait. */
export const liveStream = (signal: AbortSignal) =>
  createOrdinal({ ...asCaller(), longestRetryAfterMs: Infinity }).stream({ signal })

/**
 * Asks the sequencer whether it takes the token or key of a session. That it does not answer, or wants another role, is for
 * the pages to show.
 *
 * @throws ProblemError with status 401
 */
export async function requireTaken({ kind, secret }: Session): Promise<void> {
  const asThem = createOrdinal({
    ...services(),
    ...(kind === 'key' ? { apiKey: secret } : { token: secret }),
    ...limits,
  })
  const { error } = await asThem.sequences.page({ page_size: 1 }).then(
    () => ({ error: undefined }),
    (error: unknown) => ({ error }),
  )
  if (error instanceof ProblemError && error.status === 401) throw error
}
