import fc from 'fast-check'
import { Client } from 'pg'
import type { TestDatabase } from '@ordinal/testing'
import { callsOf, sessionCalls, valuesOfType, type Call } from './hostile-calls'
import { createInstance } from './instance'
import { createLedgerDatabase, queryAsAdmin, startSequencer } from './sequencer'
import { bearer, secret } from './tokens'

let database: TestDatabase & { runtimeUrl: string }
let role: Client
let holder: Client

beforeAll(async () => {
  database = await createLedgerDatabase({ roleOfItsOwn: true })
  role = new Client(database.runtimeUrl)
  role.on('notification', () => {})
  await role.connect()
  holder = new Client(database.runtimeUrl)
  await holder.connect()
})
afterAll(async () => {
  await holder.end()
  await role.end()
  await database.drop()
})

interface Callable {
  name: string
  arguments: string[]
  writes: boolean
}

/** All functions of the schema that the role may call. */
const callables = async () =>
  (
    await role.query<Callable>(
      `SELECT proname AS name, provolatile = 'v' AS writes,
              ARRAY(SELECT format_type(t, NULL) FROM unnest(proargtypes) WITH ORDINALITY a(t, n) ORDER BY n) AS arguments
       FROM pg_proc
       WHERE pronamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
         AND prorettype <> 'trigger'::regtype AND has_function_privilege(oid, 'EXECUTE')
       ORDER BY proname`,
    )
  ).rows

test('the role may write by the functions that have a generator here, and to no table', async () => {
  const writing = (await callables()).filter(({ writes }) => writes).map(({ name }) => name)
  expect(writing).toEqual(Object.keys(callsOf).sort())
  const { rows } = await role.query(
    `SELECT relname FROM pg_class
     WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
       AND (has_table_privilege(oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
            OR relkind <> 'S' AND has_any_column_privilege(oid, 'INSERT, UPDATE, REFERENCES'))
     UNION ALL
     SELECT datname FROM pg_database WHERE datname = current_database() AND has_database_privilege(oid, 'CREATE, TEMPORARY')
     UNION ALL
     SELECT nspname FROM pg_namespace WHERE has_schema_privilege(oid, 'CREATE')`,
  )
  expect(rows).toEqual([])
})

/** The keys of locks that functions of the ledger took, or could take. */
const lockNames = [
  'rules of all sequences',
  'register',
  ...['DEFAULT', 'ORD', 'PO', 'SG', 'INV', 'X', 'Y', 'GLOBAL'].map((prefix) => `rules of ${prefix}`),
]

test('whatever the role of the service calls, the ledger verifies, is dense, and is of use to the service', async () => {
  // Locks that anybody may take, held for as long as the test lasts.
  for (const name of lockNames) await holder.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [name])

  const reading = (await callables()).filter(({ writes }) => !writes)
  const readingCalls = reading.map(({ name, arguments: types }) =>
    fc
      .tuple(...types.map((type) => valuesOfType[type] ?? fc.constant(expect(type).toBe('a known type'))))
      .map((values): Call => {
        const given = types.map((type, nth) => `$${nth + 1}::${type}`).join(', ')
        return { sql: `SELECT public.${name}(${given})`, values }
      }),
  )
  const call = fc.oneof(
    ...Object.entries(callsOf).map(([name, arbitrary]) => ({
      weight: name === 'issue_numbers' ? 20 : 6,
      arbitrary: arbitrary.map((made) => ({ name, ...made })),
    })),
    { weight: 12, arbitrary: sessionCalls.map((made) => ({ name: 'session', ...made })) },
    { weight: 3, arbitrary: fc.oneof(...readingCalls).map((made) => ({ name: 'reading', ...made })) },
  )
  const done: Record<string, number> = {}
  await fc.assert(
    fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 8 }), async (all) => {
      // Nothing that waits for a lock waits for ever.
      await role.query("RESET ALL; SET statement_timeout = '30s'")
      for (const { name, sql, values } of all) {
        const failure = await role.query(sql, values).then(
          () => undefined,
          (error: { code?: string }) => error.code ?? 'none',
        )
        expect([sql, values, failure]).not.toEqual([sql, values, '57014'])
        if (!failure) done[name] = (done[name] ?? 0) + 1
      }
      await role.query('COMMIT')
    }),
    { numRuns: Number(process.env.HOSTILE_RUNS ?? 900) },
  )
  expect(Object.keys(done).sort()).toEqual([...Object.keys(callsOf), 'reading', 'session'].sort())
  expect(done['issue_numbers']).toBeGreaterThan(20)
  await role.query('DISCARD ALL')

  const holes = await queryAsAdmin(
    database,
    `SELECT c.prefix, c.period FROM counters c
     WHERE c.last_value - c.first_value + 1 <> (
             SELECT count(DISTINCT value) FROM ledger l WHERE l.prefix = c.prefix AND l.period = c.period)
        OR c.first_value NOT IN (SELECT s.start FROM sequences s WHERE s.prefix = c.prefix)`,
  )
  expect(holes).toEqual([])
  const twice = await queryAsAdmin(
    database,
    `SELECT l.number, array_agg(DISTINCT l.prefix) AS prefixes
     FROM ledger l JOIN batches b USING (prefix, period, batch) JOIN sequences s ON s.prefix = b.prefix AND s.version = b.rules_version
     WHERE b.number_head IS NOT NULL AND NOT s.allow_overlap GROUP BY l.number HAVING count(DISTINCT l.prefix) > 1`,
  )
  expect(twice).toEqual([])

  // In the periods that there are, and in one that begins.
  const instance = createInstance(database.runtimeUrl)
  expect((await instance.issue({ prefix: 'SG' })).numbers[0]!.number).toBe('SG000001')
  for (const business_date of ['2024-05-01', '2024-05-02', '2023-05-01'])
    expect((await instance.issue({ prefix: 'INV', business_date })).numbers).toHaveLength(1)
  for (const prefix of ['DEFAULT', 'ORD', 'PO']) {
    const outcome = await instance.issue({ prefix }).then(
      () => 'issued',
      (error: { code: string }) => error.code,
    )
    // What rules say that an administrator could have made.
    expect([
      'issued',
      'sequence_sealed',
      'sequence_not_found',
      'sequence_exhausted',
      'out_of_order_date',
      'rules_overlap',
    ]).toContain(outcome)
  }
  await instance.close()
  const sequencer = await startSequencer(database, { JWT_SECRET: secret })
  const { body } = await sequencer.api.get('/api/v1/audit/verify', { headers: await bearer('admin') })
  expect(body).toMatchObject({ fits: true, findings: [] })
  await sequencer.stop()
}, 300_000)
