import { createOrdinal, type Ordinal } from '@ordinal/client'
import type { ConsoleConfig } from './config'
import { freshSecret } from './renewal'
import { currentSession, subscribe } from './session'
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

/** The client, as whoever is signed in. A person waits, so it gives up sooner than a program would. */
export function ordinal(): Ordinal {
  const session = currentSession()
  return (client ??= createOrdinal({
    ...services(),
    fetch: fetchAsCaller,
    ...(session?.kind === 'token' && { token: freshSecret }),
    ...(session?.kind === 'key' && { apiKey: session.secret }),
    retries: 2,
    attemptTimeoutMs: 5_000,
    timeoutMs: 12_000,
  }))
}
