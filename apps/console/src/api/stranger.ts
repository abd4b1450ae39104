import { serviceNames, type ConsoleConfig, type ServiceName } from './config'

// How long a service may take to say whether it is closed.
const patienceMs = 2_500

export type Fetch = (input: RequestInfo | URL, init?: RequestInit) => Promise<Response>

/**
 * fetch for a page on which nobody is signed in. A service that is closed to strangers is not sent what it would only refuse,
 * and log: it is answered here, as the service would. Where a service does not say whether it is closed, fetch fails.
 */
export function strangerFetch(where: ConsoleConfig): Fetch {
  const closed = new Map<ServiceName, Promise<boolean>>()

  /** Asked once: it holds until the service is started anew. */
  function isClosed(name: ServiceName): Promise<boolean> {
    const asked = closed.get(name) ?? asksForCallers(baseOf(where, name))
    closed.set(name, asked)
    asked.catch(() => closed.delete(name))
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

async function asksForCallers(base: string): Promise<boolean> {
  const response = await fetch(`${base}health`, {
    cache: 'no-store',
    credentials: 'omit',
    signal: AbortSignal.timeout(patienceMs),
  })
  // Where something else answers in its place, the request itself shows that.
  const health = (await response.json().catch(() => ({}))) as { authentication_required?: boolean }
  return health.authentication_required === true
}

const refusal = () =>
  Response.json({ code: 'authentication_required', detail: 'Nobody is signed in' }, { status: 401 })
