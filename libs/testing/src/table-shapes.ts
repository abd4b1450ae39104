type Query = (sql: string, values?: unknown[]) => Promise<unknown>
interface Shape {
  columns: string[]
  /** Indexes, and constraints without their names. */
  rules: string[]
}

/**
 * The shapes of tables that a library has in the databases of services: as its `schema.sql` makes them, and as the migrations of
 * a service have made them in the schema `public`. A service may have more rules.
 */
export async function tableShapes(query: Query, schemaSql: string): Promise<{ wanted: Shape; found: Shape }> {
  const tables = [...schemaSql.matchAll(/^CREATE TABLE "(\w+)"/gm)].map(([, name]) => name!)
  await query(`BEGIN; CREATE SCHEMA shape; SET LOCAL search_path TO shape; ${schemaSql}; COMMIT`)
  const wanted = await shapeOf(query, 'shape', tables)
  await query('DROP SCHEMA shape CASCADE')
  return { wanted, found: await shapeOf(query, 'public', tables) }
}

async function shapeOf(query: Query, schema: string, tables: readonly string[]): Promise<Shape> {
  const read = async (sql: string) => {
    const answer = (await query(sql, [schema, tables])) as { line: string }[] | { rows: { line: string }[] }
    const rows = Array.isArray(answer) ? answer : answer.rows
    return rows.map(({ line }) => line.replaceAll(`${schema}.`, '')).sort()
  }
  return {
    columns: await read(
      `SELECT concat_ws(' ', table_name, column_name, udt_name, datetime_precision, is_nullable, column_default) AS line
       FROM information_schema.columns WHERE table_schema = $1 AND table_name = ANY($2)`,
    ),
    rules: await read(
      `SELECT regexp_replace(indexdef, 'INDEX \\S+', 'INDEX') AS line FROM pg_indexes
       WHERE schemaname = $1 AND tablename = ANY($2)
       UNION ALL
       SELECT conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
       WHERE connamespace = $1::regnamespace AND contype <> 'n' AND conrelid IN (
         SELECT format('%I.%I', $1::text, name)::regclass FROM unnest($2::text[]) AS name)`,
    ),
  }
}
