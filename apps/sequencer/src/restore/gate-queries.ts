import type { Queryable } from '@ordinal/database'
import { onServer, OtherServerError, serverStart } from '../ledger/other-server'

/** What tells one run of a database server from another, and whether it was restored. */
export interface ServerState {
  /** When it started, in seconds since 1970. */
  startedAt: string
  /** `ordinal.restored` is on: whoever restored it said so, and nobody has said yet that it may go on. */
  restored: boolean
}

/**
 * Where a connection leads.
 *
 * @param toPrimary the server has to take writes: of a standby it is not known what it will have when it is promoted
 * @throws the server's refusal to write, if it is a standby and must not be
 */
export async function readServerState(db: Queryable, toPrimary: boolean): Promise<ServerState> {
  const { rows } = await db.query<ServerState>({
    name: 'read_server_state',
    text: `SELECT ${serverStart}::text AS "startedAt",
                  coalesce(nullif(current_setting('ordinal.restored', true), ''), 'off') NOT IN ('off', 'false', 'no', '0') AS restored,
                  CASE WHEN $1 AND pg_is_in_recovery() THEN pg_current_xact_id() END AS "refusedByStandby"`,
    values: [toPrimary],
  })
  return rows[0]!
}

/**
 * A check that throws OtherServerError, which ends the connection, if it does not lead to the server that started then.
 *
 * @param startedAt undefined: any server will do
 */
export const requireServer =
  (startedAt: string | undefined) =>
  async (db: Queryable): Promise<void> => {
    if (startedAt === undefined) return
    const found = await readServerState(db, false)
    if (found.startedAt !== startedAt) throw new OtherServerError()
  }

/**
 * Puts keys into the register, by the names of their callers; what is there already makes no entry.
 *
 * @param server the one that may issue, by its start time; undefined: any will do
 * @throws OtherServerError, and nothing was written
 */
export async function registerKeys(
  db: Queryable,
  digests: Readonly<Record<string, string[]>>,
  server: string | undefined,
): Promise<void> {
  const { rows } = await db.query(
    `SELECT true AS written FROM public.register_keys($1) WHERE ${onServer('$2')}`,
    [JSON.stringify(digests), server ?? null],
  )
  if (!rows[0]) throw new OtherServerError()
}
