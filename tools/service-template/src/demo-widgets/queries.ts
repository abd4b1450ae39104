import type { Queryable } from '@ordinal/database'
import type { DemoWidget } from './repository'

/** The fields that a caller gives. */
export type NewDemoWidget = Pick<DemoWidget, 'name'>

/** A row, in the versions that the caller knows it in; any if undefined. */
export interface Edited {
  id: number
  versions: number[] | undefined
}

const columns = 'id, name, version, created_at AS "createdAt", updated_at AS "updatedAt"'

/** By SQL, since it shares a transaction with its idempotency key. */
export async function insertDemoWidget(db: Queryable, { name }: NewDemoWidget): Promise<DemoWidget> {
  const { rows } = await db.query<DemoWidget>(
    `INSERT INTO demo_widgets (name) VALUES ($1) RETURNING ${columns}`,
    [name],
  )
  return rows[0]!
}

/** Those after an id, or after so many, oldest first: at most `take` of them. */
export async function listDemoWidgets(
  db: Queryable,
  { after = 0, skip = 0, take }: { after?: number; skip?: number; take: number },
): Promise<DemoWidget[]> {
  const { rows } = await db.query<DemoWidget>(
    `SELECT ${columns} FROM demo_widgets WHERE id > $1 ORDER BY id LIMIT $2 OFFSET $3`,
    [after, take, skip],
  )
  return rows
}

export async function countDemoWidgets(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ total: number }>('SELECT count(*)::int8 AS total FROM demo_widgets')
  return rows[0]!.total
}

/** About how many there are, as PostgreSQL estimates it: that costs the same for any number. */
export async function estimateDemoWidgets(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ total: number }>(
    `SELECT greatest(reltuples, 0)::int8 AS total FROM pg_class WHERE oid = 'demo_widgets'::regclass`,
  )
  return rows[0]!.total
}

/** Undefined if there is none, or if it is in none of the versions. */
export async function updateDemoWidget(
  db: Queryable,
  { id, versions }: Edited,
  { name }: Partial<NewDemoWidget>,
): Promise<DemoWidget | undefined> {
  const { rows } = await db.query<DemoWidget>(
    `UPDATE demo_widgets SET name = coalesce($3, name), version = version + 1, updated_at = now()
     WHERE id = $1 AND ($2::int4[] IS NULL OR version = ANY($2)) RETURNING ${columns}`,
    [id, versions ?? null, name ?? null],
  )
  return rows[0]
}

/** False if there is none, or if it is in none of the versions. */
export async function deleteDemoWidget(db: Queryable, { id, versions }: Edited): Promise<boolean> {
  const { rowCount } = await db.query(
    'DELETE FROM demo_widgets WHERE id = $1 AND ($2::int4[] IS NULL OR version = ANY($2))',
    [id, versions ?? null],
  )
  return rowCount === 1
}
