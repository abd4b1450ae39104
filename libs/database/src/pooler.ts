import type { ClientBase, QueryConfig } from 'pg'

/**
 * What is between us and PostgreSQL. `transaction`: a pooler that may run each transaction in another session. `session`:
 * one that keeps a session for each connection. `auto`: each new connection is asked; a pooler that is found is taken for
 * one that keeps none, since the kinds cannot be told apart.
 */
export type PoolerMode = 'auto' | 'session' | 'transaction'

/** Limits of a session, by their names in PostgreSQL, in milliseconds. */
export type SessionLimits = Readonly<Record<string, number>>

const limitsOfTransactions = new WeakMap<ClientBase, string>()

/**
 * Gives a new connection its limits. Where its session may change, nothing that would be somebody else's is set or named:
 * statements go without names, and limits are those of the role, and of each transaction.
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

/** Whether nothing is between the client and its session: a pooler tells its clients a process id that it invents. */
export async function hasOwnSession(client: ClientBase, timeoutMs: number): Promise<boolean> {
  const query: LimitedQuery = { text: 'SELECT pg_backend_pid() AS pid', query_timeout: timeoutMs }
  const { rows } = await client.query<{ pid: number }>(query)
  return rows[0]?.pid === toldProcessId(client)
}

/** Its `query_timeout`, which leaves the query on its connection, is for one that is ended then. */
interface LimitedQuery extends QueryConfig {
  query_timeout: number
}

const toldProcessId = (client: ClientBase) => Reflect.get(client, 'processID') as number

/** In one round trip; false, and nothing is set, if the session is not known to be kept. */
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
