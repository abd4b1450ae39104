import type { Pool, PoolClient } from 'pg'
import { CommitUnknownError, DeadlineError, endsSession } from './errors'

const limitsMs = new WeakMap<Pool, number>()

/** Limits every use of the pool's clients by `withClient` that has no signal of its own. */
export function limitUse(pool: Pool, limitMs: number): void {
  limitsMs.set(pool, limitMs)
}

/**
 * Lends `use` one client of the pool, and takes it back after an ordinary error of SQL as after success.
 * The connection is destroyed if it broke, if a transaction was left open on it, or if `signal` aborted:
 * a statement that still runs never returns to the pool with its connection.
 *
 * @param signal without one, the pool's own limit holds
 * @throws whatever `use` throws; the signal's reason as soon as it aborts, be it while waiting for a client;
 *   DeadlineError; CommitUnknownError if PostgreSQL gave up waiting for a synchronous standby.
 */
export function withClient<T>(
  pool: Pool,
  use: (client: PoolClient) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const limitMs = limitsMs.get(pool)
  if (signal || limitMs === undefined) return lend(pool, use, signal)
  return withinLimit(limitMs, (limit) => lend(pool, use, limit))
}

/** Does some work with a signal that aborts after so many milliseconds, with a DeadlineError. */
export async function withinLimit<T>(limitMs: number, work: (limit: AbortSignal) => Promise<T>): Promise<T> {
  const deadline = new AbortController()
  const timer = setTimeout(
    () => deadline.abort(new DeadlineError(`The database did not answer within ${limitMs} ms`)),
    limitMs,
  )
  try {
    return await work(deadline.signal)
  } finally {
    clearTimeout(timer)
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
export function orAborted<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T> {
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
