import type { Queryable } from '@ordinal/database'
import { AppError } from '@ordinal/errors'
import type { IdempotencyKey } from '@ordinal/service'

/**
 * Does something once for each key, in the transaction that records the key: what was answered the first time is
 * answered again. Of two at once the second waits for the first, and does the work if that was rolled back.
 *
 * @param work gives the answer, which is kept as JSON
 * @throws AppError `idempotency_key_reused`
 */
export async function once<Answer extends object>(
  tx: Queryable,
  { caller, key, fingerprint }: IdempotencyKey,
  work: () => Promise<Answer>,
): Promise<{ answer: Answer; replayed: boolean }> {
  const { rowCount } = await tx.query(
    'INSERT INTO idempotency_records (caller, key, fingerprint) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
    [caller, key, fingerprint],
  )
  if (rowCount === 1) {
    const answer = await work()
    await tx.query('UPDATE idempotency_records SET answer = $3 WHERE caller = $1 AND key = $2', [
      caller,
      key,
      JSON.stringify(answer),
    ])
    return { answer, replayed: false }
  }
  const { rows } = await tx.query<{ fingerprint: Buffer; answer: Answer }>(
    'SELECT fingerprint, answer FROM idempotency_records WHERE caller = $1 AND key = $2',
    [caller, key],
  )
  const first = rows[0]
  // Swept since it was in the way: the key is free.
  if (!first) return once(tx, { caller, key, fingerprint }, work)
  if (!first.fingerprint.equals(fingerprint)) {
    throw new AppError('idempotency_key_reused', `The key "${key}" belongs to another request`)
  }
  return { answer: first.answer, replayed: true }
}
