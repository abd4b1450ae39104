import type { Pool } from 'pg'
import { transaction, type Queryable } from '@ordinal/database'
import { fingerprintOf, once } from '@ordinal/idempotency'

/** Who asks for something, and by which Idempotency-Key, if any. */
export interface Asking {
  caller: string
  key: string | undefined
}

/**
 * Does in a transaction what somebody asks for; with a key once, however often the request comes.
 *
 * @param request what is asked for, by which a request under the same key is known as the same
 * @param work returns what is kept of the answer
 * @throws AppError `idempotency_key_reused`; CommitUnknownError
 */
export function onceFor<Answer extends object>(
  pool: Pool,
  { caller, key }: Asking,
  request: object,
  work: (tx: Queryable) => Promise<Answer>,
  options: { timeoutMs?: number } = {},
): Promise<{ answer: Answer; replayed: boolean }> {
  const each = async (tx: Queryable) =>
    key === undefined
      ? { answer: await work(tx), replayed: false }
      : once(tx, { caller, key, fingerprint: fingerprintOf(request) }, () => work(tx))
  return transaction(pool, each, options)
}
