import { Client } from 'pg'
import { query } from '../src/databases'

const lock = 4_711

/**
 * Holds an import up when it writes a value, by a lock: it is in the middle then, however fast it is.
 *
 * @param database of the sequencer
 */
export async function holdImport(database: { adminUrl: string }, prefix: string, value: number) {
  const holder = new Client(database.adminUrl)
  await holder.connect()
  await holder.query(
    `SELECT pg_advisory_lock(${lock});
     CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql
       AS 'BEGIN PERFORM pg_advisory_xact_lock(${lock}); RETURN NEW; END';
     CREATE TRIGGER hold BEFORE INSERT ON ledger FOR EACH ROW
       WHEN (NEW.prefix = '${prefix}' AND NEW.value = ${value}) EXECUTE FUNCTION hold()`,
  )
  return {
    /** Whether it waits there. */
    async isReached(): Promise<boolean> {
      const sql = `SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = ${lock} AND NOT granted`
      return (await query(database, sql)).length > 0
    },
    async letGo(): Promise<void> {
      await holder.query(`SELECT pg_advisory_unlock(${lock})`)
      await holder.query('DROP FUNCTION hold() CASCADE')
      await holder.end()
    },
  }
}
