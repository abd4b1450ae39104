import type { Queryable } from '@ordinal/database'
import type { IdempotencyKey } from './idempotency-key'
import { beginRequest, findRequest, finishRequests } from './requests'

const mostRounds = 5

/**
 * Handles a request that is begun and finished in one transaction, once for each key. Of two at the same time the second
 * waits for the first, and does the work if that was rolled back.
 *
 * @param work returns the answer, which is stored as JSON
 * @throws AppError `idempotency_key_reused`, `idempotency_key_erased`
 * @throws Error if the key is deleted each time that it is found
 */
export async function once<Answer extends object>(
  tx: Queryable,
  key: IdempotencyKey,
  work: () => Promise<Answer>,
): Promise<{ answer: Answer; replayed: boolean }> {
  for (let round = 0; round < mostRounds; round++) {
    const begun = await beginRequest(tx, key)
    const known = begun ? undefined : await findRequest<Answer>(tx, key, 0)
    if (known?.answer) return { answer: known.answer, replayed: true }
    if (begun || known) {
      const [answer] = await finishRequests(tx, [{ key, answer: await work() }])
      return { answer: answer!, replayed: false }
    }
    // The key was taken, and has been deleted since.
  }
  throw new Error(`The key "${key.key}" was deleted ${mostRounds} times while it was read`)
}
