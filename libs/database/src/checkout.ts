import type { Pool, PoolClient } from 'pg'
import { deadlineIn, noDeadline } from '@ordinal/deadline'
import { CommitUnknownError, QueryTimeoutError, endsSession } from './errors'

const timeouts = new WeakMap<Pool, number>()

/** Gives a pool a timeout for every use of its clients by `withClient` that has no signal of its own. */
export function setTimeoutOf(pool: Pool, timeoutMs: number): void {
  timeouts.set(pool, timeoutMs)
}

/** Infinity if it has none. */
export const timeoutOf = (pool: Pool): number => timeouts.get(pool) ?? Infinity

/**
 * Lends `use` one client of the pool, and takes it back after an ordinary error of SQL as after success.
 * The connection is destroyed if it broke, if a transaction was left open on it, or if `signal` aborted:
 * a statement that still runs never returns to the pool with its connection.
 *
 * @param signal without one, the pool's own timeout holds
 * @throws whatever `use` throws; the signal's reason as soon as it aborts, be it while waiting for a client;
 *   QueryTimeoutError; CommitUnknownError if PostgreSQL gave up waiting for a synchronous standby.
 */
export function withClient<T>(
  pool: Pool,
  use: (client: PoolClient) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  if (signal) return lend(pool, use, signal)
  return withinTimeout(timeoutOf(pool), (limit) => lend(pool, use, limit))
}

/**
 * Does some work with a signal that aborts with a QueryTimeoutError after so many milliseconds, or with the error of the
 * deadline when that passes first. It does not abort when the caller disconnects: to end a connection of the pool costs
 * more than to end the statement.
 */
export async function withinTimeout<T>(
  timeoutMs: number,
  work: (limit: AbortSignal) => Promise<T>,
  deadline = noDeadline,
): Promise<T> {
  const tooSlow = () => new QueryTimeoutError(`The database did not answer within ${timeoutMs} ms`)
  const limit = deadlineIn(deadline.remainingMs()).within(timeoutMs, tooSlow)
  try {
    return await work(limit.signal())
  } finally {
    limit.dispose()
  }
}

async function lend<T>(
  pool: Pool,
  use: (client: PoolClient) => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  const client = await checkout(pool, signal)
  let unreplicated = false
  const onNotice = ({ routine }: { routine?: string }) => {
    unreplicated ||= routine === 'SyncRepWaitForLSN'
  }
  client.on('notice', onNotice)
  let broken = false
  try {
    const result = await orAborted(use(client), signal)
    if (unreplicated) throw new CommitUnknownError('Committed, but no synchronous standby has confirmed it')
    return result
  } catch (error) {
    broken = signal?.aborted || endsSession(error)
    throw error
  } finally {
    client.off('notice', onNotice)
    client.release(broken || client.getTransactionStatus() !== 'I')
  }
}

async function checkout(pool: Pool, signal?: AbortSignal): Promise<PoolClient> {
  signal?.throwIfAborted()
  const connecting = pool.connect()
  return orAborted(connecting, signal).catch((error: unknown) => {
    if (signal?.aborted) connecting.then((client) => client.release(), ignore)
    throw error
  })
}

/** As the promise, or rejected with the signal's reason as soon as it aborts: what comes later is dropped. */
function orAborted<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (!signal) return promise
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(signal.reason as Error)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    const settled = () => signal.removeEventListener('abort', abort)
    promise.finally(settled).then(resolve, reject)
  })
}

function ignore() {}
