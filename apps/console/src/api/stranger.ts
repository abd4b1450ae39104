import { serviceNames, type ConsoleConfig, type ServiceName } from './config'

// How long a service may take to say whether it is closed.
const patienceMs = 2_500

export type Fetch = (input: RequestInfo | URL, init?: RequestInit) => Promise<Response>

/**
 * fetch for a page on which nobody is signed in. A service that is closed to strangers is not sent what it would only refuse,
 * and log: it is answered here, as the service would. Where a service does not answer,
 * fetch fails; where it does not say whether it is closed, the request shows it.
 */
export function strangerFetch(where: ConsoleConfig): Fetch {
  const closed = new Map<ServiceName, Promise<boolean | undefined>>()

  /** Asked until the service has said it: that holds until it is started anew. */
  function isClosed(name: ServiceName): Promise<boolean | undefined> {
    const asked = closed.get(name) ?? asksForCallers(baseOf(where, name))
    closed.set(name, asked)
    const forget = () => closed.delete(name)
    asked.then((said) => said === undefined && forget(), forget)
    return asked
  }

  return async (input, init) => {
    const name = serviceAt(where, input instanceof Request ? input.url : String(input))
    return name && (await isClosed(name)) ? refusal() : fetch(input, init)
  }
}

const baseOf = (where: ConsoleConfig, name: ServiceName) => `${(where[name] ?? '').replace(/\/$/, '')}/`

/** The service at an address. One may be below the path of another. */
function serviceAt(where: ConsoleConfig, url: string): ServiceName | undefined {
  const [nearest] = serviceNames
    .filter((name) => where[name] !== undefined && url.startsWith(baseOf(where, name)))
    .sort((one, other) => baseOf(where, other).length - baseOf(where, one).length)
  return nearest
}

/** @returns undefined where something else answers in its place, or an earlier version */
async function asksForCallers(base: string): Promise<boolean | undefined> {
  const response = await fetch(`${base}health`, {
    cache: 'no-store',
    credentials: 'omit',
    signal: AbortSignal.timeout(patienceMs),
  })
  const health = (await response.json().catch(() => ({}))) as { authentication_required?: boolean }
  return health.authentication_required
}

const refusal = () =>
  Response.json({ code: 'authentication_required', detail: 'Nobody is signed in' }, { status: 401 })
