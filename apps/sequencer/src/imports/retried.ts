import { setTimeout as sleep } from 'node:timers/promises'
import { remedyFor } from '../ledger/failures'

// Long enough for a standby to take over.
const maxOutageMs = 30_000

/**
 * Tries again while the database is away, for `maxOutageMs` at most.
 *
 * @param work gets whether an earlier attempt was lost, and so may have been carried out
 */
export async function retried<T>(work: (lost: boolean) => Promise<T>): Promise<T> {
  const deadline = performance.now() + maxOutageMs
  let lost = false
  for (let waits = 1; ; waits += 1) {
    try {
      return await work(lost)
    } catch (error) {
      const remedy = remedyFor(error)
      const away = remedy === 'wait' || remedy === 'wait_and_look_up'
      if (!away || performance.now() > deadline) throw error
      lost ||= remedy === 'wait_and_look_up'
      await sleep(Math.min(1_000, 25 * 2 ** waits))
    }
  }
}
