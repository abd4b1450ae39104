import { Client } from 'pg'

/** Runs one statement on a connection of its own, and gives its rows. */
export async function query(
  url: string,
  sql: string,
  parameters: unknown[] = [],
): Promise<Record<string, unknown>[]> {
  const client = new Client(url)
  client.on('error', () => {})
  await client.connect()
  const { rows } = await client.query<Record<string, unknown>>(sql, parameters).finally(() => client.end())
  return rows
}
