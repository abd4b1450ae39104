/** What a transaction, a pool and a client have in common, for statements of tests. */
interface Db {
  query(sql: string, values: unknown[]): Promise<{ rows: { changes: number }[] }>
}

/** An event of a change, as a consumer or a receiver gets it. */
export interface ChangeSeen {
  id: string
  subject: string
  data: unknown
}

/** The table of things that change, each change with an event. */
export const subjectsTable =
  'CREATE TABLE subjects (name TEXT PRIMARY KEY, changes INTEGER NOT NULL DEFAULT 0)'

/** Changes a subject, as a service would. Returns what its event has as `data`: `n` counts the changes of that subject. */
export async function changeSubject(db: Db, subject: string): Promise<{ n: number }> {
  const { rows } = await db.query(
    `INSERT INTO subjects (name, changes) VALUES ($1, 1)
     ON CONFLICT (name) DO UPDATE SET changes = subjects.changes + 1 RETURNING changes`,
    [subject],
  )
  return { n: rows[0]!.changes }
}

export const nthChange = ({ data }: Pick<ChangeSeen, 'data'>): number => (data as { n: number }).n

/** The changes of each subject as they were seen for the first time: those that come again are left out. */
export function changesSeen(events: readonly ChangeSeen[]): Record<string, number[]> {
  const known = new Set<string>()
  const order: Record<string, number[]> = {}
  for (const event of events) {
    if (known.has(event.id)) continue
    known.add(event.id)
    ;(order[event.subject] ??= []).push(nthChange(event))
  }
  return order
}
