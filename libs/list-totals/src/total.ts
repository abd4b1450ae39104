import type { Queryable } from '@ordinal/database'

/**
 * How many rows the list has, exactly as many as a count in the same snapshot would give: each statement that changes it
 * has written the difference that it makes, in its own transaction, to `list_counts`.
 *
 * @param key of the rows that are meant: the app's triggers say what it is; all if not given
 */
export async function totalOf(db: Queryable, key?: string): Promise<number> {
  const { rows } = await db.query<{ total: number }>(
    `SELECT coalesce(sum(change), 0)::int8 AS total FROM list_counts WHERE $1::text IS NULL OR key = $1`,
    [key],
  )
  return rows[0]!.total
}
