import { inspectLedger, until } from '@ordinal/testing'
import type { createInstance } from './instance'
import { queryAsAdmin, upTo } from './sequencer'

/** Beside others that use the disk, a server needs minutes to recover from a crash. */
const answeredWithinMs = 180_000

/**
 * Clients that ask for one number of `SG` after the other, and for each with the same key until there is an answer.
 * They ask for several at once now and then, so that the tables grow.
 */
export function startRetryingClients(
  { issue }: Pick<ReturnType<typeof createInstance>, 'issue'>,
  count = 16,
) {
  const answered = new Map<string, number[]>()
  const refusals = new Map<string, number>()
  let stopping = false

  async function client(id: number): Promise<void> {
    for (let n = 0; !stopping; n += 1) answered.set(`${id}-${n}`, await ask(`${id}-${n}`, n % 5 ? 1 : 20))
  }

  async function ask(key: string, count: number): Promise<number[]> {
    for (;;) {
      try {
        return (await issue({ key, count })).numbers.map(({ value }) => value)
      } catch (error) {
        const { code } = error as { code: string }
        refusals.set(code, (refusals.get(code) ?? 0) + 1)
        if (code !== 'outcome_unknown' && code !== 'database_unavailable') throw error
      }
    }
  }

  const clients = Promise.all(upTo(count).map(client))
  // Thrown by `untilAnswered` and `stop`; until then a failure must not end the process.
  clients.catch(() => {})
  return {
    answered,
    /** How often there was which refusal. */
    refusals,
    /**
     * Waits until `more` further requests have answers. If `more` exceeds the number of clients, at least one of these requests was
     * sent after this call.
     *
     * @throws an error that clients do not retry
     */
    async untilAnswered(more: number): Promise<void> {
      const before = answered.size
      await Promise.race([until(() => answered.size >= before + more, answeredWithinMs), clients])
    },
    /** Lets each client finish the request that it is at. */
    async stop(): Promise<void> {
      stopping = true
      await clients
    },
  }
}

/** Each key has the values in the ledger that it was answered, and no other has any. */
export async function expectAnswersInLedger(
  database: { adminUrl: string },
  answered: ReadonlyMap<string, number[]>,
): Promise<void> {
  expect((await inspectLedger(database)).faults).toEqual([])
  const rows = await queryAsAdmin<{ idempotency_key: string; value: string }>(
    database,
    `SELECT idempotency_key, value FROM ledger WHERE prefix = 'SG' ORDER BY value`,
  )
  expect(rows.map(({ value }) => Number(value))).toEqual(upTo(rows.length))
  const ledger = new Map<string, number[]>()
  for (const { idempotency_key, value } of rows)
    ledger.set(idempotency_key, [...(ledger.get(idempotency_key) ?? []), Number(value)])
  expect([...ledger].sort()).toEqual([...answered].sort())
}
