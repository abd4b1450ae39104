import type { ClientBase, QueryConfig } from 'pg'

/**
 * The kind of pooler in front of PostgreSQL. `transaction`: it may run each transaction in another session. `session`: it
 * keeps a session for each connection. `auto`: each new connection checks whether there is a pooler, and treats it as one in
 * transaction mode, since the two cannot be told apart.
 */
export type PoolerMode = 'auto' | 'session' | 'transaction'

/** Limits of a session, by their names in PostgreSQL, in milliseconds. */
type SessionLimits = Readonly<Record<string, number>>

const limitsOfTransactions = new WeakMap<ClientBase, string>()

/**
 * Gives a new connection its limits. Where its session may change, nothing is set or named in the session: statements have
 * no names, and limits are set in each transaction; single statements have those of the role.
 *
 * @returns whether the session may change
 */
export async function prepareSession(
  client: ClientBase,
  mode: PoolerMode,
  limits: SessionLimits,
  timeoutMs: number,
): Promise<boolean> {
  const kept = mode !== 'transaction' && (await limitSession(client, mode, limits, timeoutMs))
  if (kept) return false
  limitsOfTransactions.set(
    client,
    Object.entries(limits)
      .map(([name, value]) => `; SET LOCAL ${name} = ${value}`)
      .join(''),
  )
  leaveOutNames(client)
  return true
}

/** The statements that begin a transaction, in one message. */
export function beginOn(client: ClientBase, isolation?: string): string {
  const begin = isolation ? `BEGIN ISOLATION LEVEL ${isolation}` : 'BEGIN'
  return begin + (limitsOfTransactions.get(client) ?? '')
}

/** Whether no pooler is between the client and its session: a pooler gives its clients an invented process id. */
export async function hasOwnSession(client: ClientBase, timeoutMs: number): Promise<boolean> {
  const query: LimitedQuery = { text: 'SELECT pg_backend_pid() AS pid', query_timeout: timeoutMs }
  const { rows } = await client.query<{ pid: number }>(query)
  return rows[0]?.pid === toldProcessId(client)
}

/** With pg's `query_timeout` the query stays on its connection: for connections that are closed then. */
interface LimitedQuery extends QueryConfig {
  query_timeout: number
}

const toldProcessId = (client: ClientBase) => Reflect.get(client, 'processID') as number

/** Sets the limits in one round trip; sets nothing and returns false if the session may change. */
async function limitSession(
  client: ClientBase,
  mode: 'auto' | 'session',
  limits: SessionLimits,
  timeoutMs: number,
): Promise<boolean> {
  const entries = Object.entries(limits)
  const settings = entries.map(([name], index) => `set_config('${name}', $${index + 3}, false)`)
  const query: LimitedQuery = {
    text: `SELECT ${settings.join(', ')} WHERE $1 = 'session' OR pg_backend_pid() = $2::integer`,
    values: [mode, toldProcessId(client), ...entries.map(([, value]) => String(value))],
    query_timeout: timeoutMs,
  }
  return (await client.query(query)).rowCount === 1
}

function leaveOutNames(client: ClientBase): void {
  const send = client.query.bind(client) as (...args: unknown[]) => unknown
  const query = (first: unknown, ...others: unknown[]) => send(withoutName(first), ...others)
  client.query = query as typeof client.query
}

/** A `Submittable`, such as a cursor, is left as it is: it has no name of ours. */
function withoutName(query: unknown): unknown {
  const isConfig = typeof query === 'object' && query !== null && 'name' in query && !('submit' in query)
  return isConfig ? { ...query, name: undefined } : query
}
