import { Client, escapeIdentifier as id } from 'pg'

/**
 * All that can be read of a database, as text: each row of each table, those of the system included, among them the planner's
 * samples. Row by row, with the name of the table before it.
 */
export async function everythingIn(adminUrl: string): Promise<string> {
  const client = new Client(adminUrl)
  await client.connect()
  try {
    const { rows } = await client.query<{ schema: string; name: string }>(
      `SELECT nspname AS schema, relname AS name FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
       WHERE relkind IN ('r', 'm') AND nspname <> 'pg_toast' AND has_table_privilege(pg_class.oid, 'SELECT')`,
    )
    const texts: string[] = []
    for (const { schema, name } of rows) {
      const table = `${id(schema)}.${id(name)}`
      const read = await client.query<{ row: string }>(`SELECT t::text AS row FROM ${table} t`)
      texts.push(...read.rows.map(({ row }) => `${table} ${row}`))
    }
    return texts.join('\n')
  } finally {
    await client.end()
  }
}
