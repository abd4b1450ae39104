import { Client } from 'pg'

/** What a test sees and does of the service's connections to a database, from the side of the server. */
export async function watchBackends(database: { adminUrl: string }) {
  const admin = new Client(database.adminUrl)
  // In a transaction pg_stat_activity would not change.
  const holder = new Client(database.adminUrl)
  await Promise.all([admin.connect(), holder.connect()])
  const own = `datname = current_database() AND application_name = 'user-service'`
  return {
    /** The process ids of all of them. */
    async pids(): Promise<number[]> {
      const { rows } = await admin.query<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity WHERE ${own} ORDER BY pid`,
      )
      return rows.map(({ pid }) => pid)
    },
    /** Makes every statement on the table of users wait until `release`. */
    async holdUsers() {
      await holder.query('BEGIN')
      await holder.query('LOCK TABLE users IN ACCESS EXCLUSIVE MODE')
    },
    release: () => holder.query('ROLLBACK'),
    /** How many of them wait for a lock. */
    async waiting(): Promise<number> {
      const sql = `SELECT FROM pg_stat_activity WHERE ${own} AND wait_event_type = 'Lock'`
      return (await admin.query(sql)).rowCount ?? 0
    },
    /** Ends all of them, and says how many there were. */
    async kill(): Promise<number> {
      return (
        (await admin.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${own}`)).rowCount ??
        0
      )
    },
    end: () => Promise.all([admin.end(), holder.end()]),
  }
}
