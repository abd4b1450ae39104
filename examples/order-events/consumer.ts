import type { Redis } from 'ioredis'
import type { Pool } from 'pg'

export const schema = `
  CREATE TABLE IF NOT EXISTS shipments (
    reference uuid PRIMARY KEY,
    order_number text,
    status text NOT NULL,
    last_sequence text NOT NULL
  );
  CREATE TABLE IF NOT EXISTS rejected_events (
    entry text PRIMARY KEY,
    event text,
    reason text NOT NULL
  )`

/** An event of an order: a CloudEvent. */
interface OrderEvent {
  type: string
  subject: string
  sequence: string
  data: { order_number: string | null; status: string }
}

type Entry = [id: string, fields: string[] | null]

export interface ConsumerOptions {
  /** To Redis, on a connection of its own: it blocks. */
  redis: Redis
  pool: Pool
  stream: string
  /** The name of what is done with the events; its members share the work. */
  group: string
  /** The name of this process, the same when it is started again. */
  member: string
  /** After how long the events of a member that says nothing are taken over. */
  claimAfterMs: number
  signal: AbortSignal
}

/**
 * Keeps a table of shipments as orders come and change.
 *
 * An event comes at least once: after a crash, again. It is acknowledged when its effect is committed and not before, and its
 * effect is that of once, since an order's row keeps the sequence of its last event. An event that cannot be understood
 * is put aside with the reason, else it would come for ever.
 */
export async function consumeOrderEvents(options: ConsumerOptions): Promise<void> {
  const { redis, stream, group, member, claimAfterMs, signal } = options
  await redis.xgroup('CREATE', stream, group, '0', 'MKSTREAM').catch((error: Error) => {
    if (!error.message.includes('BUSYGROUP')) throw error
  })
  while (!signal.aborted) {
    // What a member took and did not finish, this one before a crash included.
    const [, claimed] = (await redis.xautoclaim(stream, group, member, claimAfterMs, '0', 'COUNT', 100)) as [
      string,
      Entry[],
    ]
    for (const entry of claimed) await handle(options, entry)
    const read = await redis.xreadgroup(
      ...(['GROUP', group, member, 'COUNT', 100, 'BLOCK', 500, 'STREAMS', stream, '>'] as const),
    )
    for (const entry of read?.[0]?.[1] ?? []) await handle(options, entry)
  }
}

async function handle({ redis, pool, stream, group }: ConsumerOptions, [id, fields]: Entry): Promise<void> {
  // Entries that were trimmed meanwhile have no fields.
  const text = fields?.[fields.indexOf('event') + 1]
  const event = readEvent(text)
  if ('reason' in event)
    await pool.query(
      'INSERT INTO rejected_events (entry, event, reason) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
      [id, text, event.reason],
    )
  else await applyEvent(pool, event)
  await redis.xack(stream, group, id)
}

/** One statement, so that the effect and the sequence are there together, or not at all. */
const applyEvent = (pool: Pool, { type, subject, sequence, data }: OrderEvent) =>
  pool.query(
    `INSERT INTO shipments (reference, order_number, status, last_sequence) VALUES ($1, $2, $3, $4)
     ON CONFLICT (reference) DO UPDATE
       SET order_number = excluded.order_number, status = excluded.status, last_sequence = excluded.last_sequence
       WHERE excluded.last_sequence > shipments.last_sequence`,
    [subject, data.order_number, type === 'order.deleted' ? 'deleted' : data.status, sequence],
  )

function readEvent(text: string | undefined): OrderEvent | { reason: string } {
  if (text === undefined) return { reason: 'the entry has no event' }
  try {
    const event = JSON.parse(text) as OrderEvent
    const isWhole = event.type && event.subject && event.sequence && event.data?.status
    return isWhole ? event : { reason: 'the event lacks a field' }
  } catch {
    return { reason: 'the event is no JSON' }
  }
}
