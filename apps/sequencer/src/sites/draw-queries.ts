import type { NumberState } from '@ordinal/audit'
import type { Queryable } from '@ordinal/database'
import type { FoundNumber } from '../ledger/queries'

/** A value in one period: the number that it has now, its state, and the site that has drawn it. */
export interface DrawnValue extends FoundNumber {
  number: string
  state: NumberState
  site_id: string | null
  partition_id: string | null
}

/** A value in every period in which it was drawn, the latest first. */
export async function valueInPeriods(db: Queryable, prefix: string, value: number): Promise<DrawnValue[]> {
  const { rows } = await db.query<DrawnValue>({
    name: 'value_in_periods',
    text: `SELECT c.prefix, c.period, last.value, last.number, last.state,
                  drawn.site_id, drawn.partition_id
           FROM public.counters c
           CROSS JOIN LATERAL (
             SELECT l.value, l.number, l.state FROM public.ledger l
             WHERE l.prefix = c.prefix AND l.period = c.period AND l.value = $2 ORDER BY l.revision DESC LIMIT 1
           ) last
           LEFT JOIN LATERAL (
             SELECT l.site_id, l.partition_id FROM public.ledger l
             WHERE l.prefix = c.prefix AND l.period = c.period AND l.value = $2
               AND l.event IN ('issue', 'reserve', 'suppress', 'import')
             ORDER BY l.revision DESC LIMIT 1
           ) drawn ON true
           WHERE c.prefix = $1 ORDER BY c.period DESC`,
    values: [prefix, value],
  })
  return rows
}

/** The value that a step with this key was about, with the number that it had then; undefined if there is none. */
export async function valueOfStep(
  db: Queryable,
  { prefix, caller, key }: { prefix: string; caller: string; key: string },
): Promise<(FoundNumber & { number: string }) | undefined> {
  const { rows } = await db.query<FoundNumber & { number: string }>({
    name: 'value_of_step',
    text: `SELECT prefix, period, value, number FROM public.ledger
           WHERE idempotency_key = $1 AND caller = $2 AND prefix = $3 AND item = 0`,
    values: [key, caller, prefix],
  })
  return rows[0]
}
