import type { Pool } from 'pg'
import { v7 as uuidv7 } from 'uuid'
import { runAlone, type Queryable } from '@ordinal/database'
import { recordEventsFrom, type Outbox } from '@ordinal/events'
import { beginRequestsFrom, finishRequestsFrom, type IdempotencyKey } from '@ordinal/idempotency'
import type { Span } from '@ordinal/tracing'
import { anyWebhook } from '@ordinal/webhooks'
import type { Verification } from '../clients/users'
import { orderColumns, type NewOrder, type Order, type OrderJson } from '../domain/order'
import { statusesBefore, type OrderStatus } from '../domain/status'

/** An order that is to be placed. */
export interface Intent {
  request: NewOrder
  key: IdempotencyKey | undefined
  verification: Verification
}

/**
 * Commits orders without numbers, with their keys, in one statement. Numbering leaves them alone for the time of the
 * lease, as requests with the same keys do.
 *
 * @returns the order of each intent; undefined if its key is taken
 * @throws CommitUnknownError
 */
export async function commitIntents(
  pool: Pool,
  intents: readonly Intent[],
  { leaseMs, timeoutMs, span }: { leaseMs: number; timeoutMs: number; span?: Span | undefined },
): Promise<(Order | undefined)[]> {
  const references = intents.map(() => uuidv7())
  const statement = {
    name: 'commit_intents',
    text: `WITH asked AS MATERIALIZED (
       SELECT nextval(pg_get_serial_sequence('orders', 'id')) AS resource_id, now() + $10 * interval '1 ms' AS leased_until,
         intent.*
       FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::int[], $5::numeric[], $6::boolean[], $7::text[], $8::text[],
         $9::bytea[])
         AS intent(reference, user_id, product_id, quantity, total_price, user_from_memory, caller, key, fingerprint)),
     begun AS (${beginRequestsFrom('asked')})
     INSERT INTO orders (id, reference, user_id, product_id, quantity, total_price, user_from_memory, numbering_after)
     SELECT resource_id, reference, user_id, product_id, quantity, total_price, user_from_memory, leased_until
     FROM asked WHERE key IS NULL OR resource_id IN (SELECT resource_id FROM begun)
     RETURNING ${orderColumns}`,
    values: [
      references,
      intents.map(({ request }) => request.userId),
      intents.map(({ request }) => request.productId),
      intents.map(({ request }) => request.quantity),
      // As the decimal text that was sent, which numeric keeps exactly.
      intents.map(({ request }) => String(request.totalPrice)),
      intents.map(({ verification }) => verification === 'remembered'),
      intents.map(({ key }) => key?.caller ?? null),
      intents.map(({ key }) => key?.key ?? null),
      intents.map(({ key }) => key?.fingerprint ?? null),
      leaseMs,
    ],
  }
  const { rows } = await runAlone<Order>(pool, statement, { timeoutMs, span })
  const orders = new Map(rows.map((order) => [order.reference, order]))
  return references.map((reference) => orders.get(reference))
}

/** An order that gets its number, its event and its answer. */
export interface Conclusion {
  order: Order
  number: string
  key: IdempotencyKey | undefined
  /** Its JSON has `changeTime` in place of the time of the change, as `answer` has. */
  event: ReturnType<Outbox['rowOf']>
  answer: OrderJson
}

/**
 * Commits numbers with events and answers, in one statement: of each order all three or nothing. An order that is no longer
 * as the caller knows it, or that has its number, is left as it is.
 *
 * @param changeTime a text that occurs nowhere else in events and answers: the time of the change replaces it
 * @returns the answer that is kept of each order; undefined for one that was left as it is
 * @throws CommitUnknownError; the database's error if another order has one of the numbers
 */
export async function commitConclusions(
  pool: Pool,
  conclusions: readonly Conclusion[],
  { changeTime, timeoutMs, span }: { changeTime: string; timeoutMs: number; span?: Span | undefined },
): Promise<(OrderJson | undefined)[]> {
  const statement = {
    name: 'commit_conclusions',
    // `% 1`: taken for one row, each order is looked up by its index, however small the table was when it was planned.
    text: `WITH given AS MATERIALIZED (
       SELECT * FROM unnest($1::bigint[], $2::int[], $3::text[], $4::text[], $5::text[], $6::boolean[], $7::text[],
         $8::text[], $9::text[]) WITH ORDINALITY
         AS given(order_id, version, number, subject, event, wanted, caller, key, answer, nth)
       WHERE order_id % 1 = 0),
     locked AS MATERIALIZED (
       SELECT orders.id FROM given JOIN orders ON orders.id = given.order_id ORDER BY orders.id FOR UPDATE OF orders),
     numbered AS (
       UPDATE orders SET order_number = given.number, updated_at = now()
       FROM locked JOIN given ON given.order_id = locked.id
       WHERE orders.id = locked.id AND orders.order_number IS NULL AND orders.version = given.version
         AND orders.deleted_at IS NULL
       RETURNING given.*, to_char(orders.updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS changed_at),
     concluded AS MATERIALIZED (
       SELECT nth, subject, replace(event, $10, changed_at)::json AS event, wanted, caller, key,
         replace(answer, $10, changed_at)::json AS answer FROM numbered),
     recorded AS (${recordEventsFrom('concluded', anyWebhook)}),
     finished AS (${finishRequestsFrom('concluded')})
     SELECT nth, coalesce(finished.answer, concluded.answer) AS answer
     FROM concluded LEFT JOIN finished ON finished.caller = concluded.caller AND finished.key = concluded.key`,
    values: [
      conclusions.map(({ order }) => order.id),
      conclusions.map(({ order }) => order.version),
      conclusions.map(({ number }) => number),
      conclusions.map(({ event }) => event.subject),
      conclusions.map(({ event }) => event.event),
      conclusions.map(({ event }) => event.wanted),
      conclusions.map(({ key }) => key?.caller ?? null),
      conclusions.map(({ key }) => key?.key ?? null),
      conclusions.map(({ answer }) => JSON.stringify(answer)),
      changeTime,
    ],
  }
  const { rows } = await runAlone<{ nth: number; answer: OrderJson }>(pool, statement, {
    timeoutMs,
    span,
  })
  const answers = new Map(rows.map(({ nth, answer }) => [nth, answer]))
  return conclusions.map((_, index) => answers.get(index + 1))
}

/** An order, in the versions that the caller knows it in; any if undefined. */
export interface Edited {
  id: number
  versions: number[] | undefined
}

/** Undefined if the order is not there, not in a state from which it may become so, or not in one of the versions. */
export async function updateStatus(
  tx: Queryable,
  { id, versions }: Edited,
  status: OrderStatus,
): Promise<Order | undefined> {
  const { rows } = await tx.query<Order>(
    `UPDATE orders SET status = $2, version = version + 1, updated_at = now()
     WHERE id = $1 AND deleted_at IS NULL AND status = ANY($3::order_status[])
       AND ($4::int[] IS NULL OR version = ANY($4)) RETURNING ${orderColumns}`,
    [id, status, statusesBefore(status), versions],
  )
  return rows[0]
}

/** Undefined if the order is not there, or not in one of the versions. */
export async function markDeleted(tx: Queryable, { id, versions }: Edited): Promise<Order | undefined> {
  const { rows } = await tx.query<Order>(
    `UPDATE orders SET deleted_at = now(), updated_at = now()
     WHERE id = $1 AND deleted_at IS NULL AND ($2::int[] IS NULL OR version = ANY($2)) RETURNING ${orderColumns}`,
    [id, versions],
  )
  return rows[0]
}
