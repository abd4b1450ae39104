import type { Queryable } from '@ordinal/database'

/** What tells one run of a database server from another, and whether it was restored. */
export interface ServerState {
  startedAt: string
  /** `ordinal.restored` is on: whoever restored it said so, and nobody has said yet that it may go on. */
  restored: boolean
}

export async function readServerState(db: Queryable): Promise<ServerState> {
  const { rows } = await db.query<ServerState>({
    name: 'read_server_state',
    text: `SELECT pg_postmaster_start_time()::text AS "startedAt",
                  coalesce(nullif(current_setting('ordinal.restored', true), ''), 'off') NOT IN ('off', 'false', 'no', '0') AS restored`,
  })
  return rows[0]!
}
