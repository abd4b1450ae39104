/** Where the services are, as the sequencer's variables (or a file on another web server) say. */
export interface ConsoleConfig {
  users: string | undefined
  orders: string | undefined
  sequencer: string
  /** The identity provider at which people sign in; undefined: they paste a token or a key. */
  oidc: OidcConfig | undefined
  /** Where a token has its roles, and what they are called there; undefined: as usual. */
  roles: RoleConfig | undefined
  /** Where the trace of a request is, with `{request_id}` in its place; undefined: traces are nowhere. */
  traces: string | undefined
}

export interface OidcConfig {
  issuer: string
  client_id: string
  /** Separated by spaces. */
  scopes: string
  audience?: string
}

export interface RoleConfig {
  claim?: string
  map?: readonly { name: string; role: string }[]
}

export type ServiceName = 'users' | 'orders' | 'sequencer'
export const serviceNames: readonly ServiceName[] = ['sequencer', 'orders', 'users']

/** Where the console is: `https://example.com/numbers/dashboard/`. */
export const consoleUrl = new URL('./', document.baseURI)

/** @throws TypeError where nothing answers */
export async function loadConfig(): Promise<ConsoleConfig> {
  const response = await fetch(new URL('config.json', consoleUrl), { cache: 'no-cache' })
  if (!response.ok) throw new TypeError(`config.json: HTTP ${response.status}`)
  const config = (await response.json()) as Partial<ConsoleConfig>
  const { users, orders, sequencer = new URL('..', consoleUrl).href, oidc, roles, traces } = config
  return { users, orders, sequencer, oidc, roles, traces }
}
