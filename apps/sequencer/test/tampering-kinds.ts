import { chainHash, type ChainedBatch, type ChainedRow } from '@ordinal/testing'
import type { Client } from 'pg'

/** Something that was done to a ledger, and as what it has to be found. */
export interface Tampering {
  what: string
  /** As the superuser, with all triggers off. */
  sql: readonly string[]
  /** With all hashes of the sequence `SG` computed again, and those of its counter. */
  rechain?: boolean
  /** The finding: its kind, or one of some. */
  kinds: readonly string[]
  /** What the finding has to name: in its detail or its object. */
  names: RegExp
}

// Another value of each column; the row is one in the middle.
const otherOf: Record<string, string> = {
  text: `coalesce($, '') || 'x'`,
  integer: 'coalesce($, 0) + 1',
  bigint: '$ + 1',
  smallint: '$ + 1',
  boolean: 'NOT $',
  bytea: 'sha256($)',
  date: `coalesce($, '2026-01-01') + 1`,
  'timestamp with time zone': `$ + interval '1 second'`,
  ARRAY: `$ || 'x'::text`,
  jsonb: `$ || '{"created_by": "x"}'`,
}
const otherOfColumn: Record<string, string> = {
  'ledger.event': `'import'`,
  'ledger.state': `'void'`,
  'batches.feed': '1',
  'batches.batch': '$ + 1000',
  'ledger.batch': '$ + 1000',
  'ledger.value': '$ + 1000',
  'leases.value': '$ + 1000',
  'free_values.value': '$ + 1000',
  'register.entry': '$ + 1000',
  'batches.gap_policy': `'strict'`,
  'sequences.gap_policy': `CASE $ WHEN 'strict' THEN 'recycle' ELSE 'strict' END`,
  'sequences.reset': `CASE $ WHEN 'daily' THEN 'yearly' ELSE 'daily' END`,
  'ledger.hold_seconds': 'hold_seconds + 1',
}
const rowOfColumn: Record<string, string> = { 'ledger.hold_seconds': `hold_seconds IS NOT NULL` }
const rowOf: Record<string, string> = {
  ledger: `prefix = 'SG' AND client_id = 'client-2'`,
  batches: `prefix = 'SG' AND batch = (SELECT min(batch) FROM ledger WHERE client_id = 'client-2')`,
  counters: `prefix = 'SG'`,
  sequences: `prefix = 'SG'`,
  sites: `site_id = 'site-1'`,
  register: `kind = 'rules' AND name = 'SG'`,
  leases: 'true',
  free_values: 'true',
  site_usage: `site_id = 'site-1'`,
}
const kindsOf: Record<string, readonly string[]> = {
  ledger: ['altered', 'missing', 'added', 'illegal_step'],
  batches: ['altered', 'missing', 'added'],
  counters: ['counter_behind', 'tail_cut', 'rewritten', 'derived', 'altered', 'missing'],
  sequences: ['altered', 'added', 'missing'],
  sites: ['altered', 'added', 'missing'],
  register: ['altered', 'added', 'missing'],
  leases: ['derived'],
  free_values: ['derived'],
  site_usage: ['derived'],
}
const namesOf: Record<string, RegExp> = {
  ledger: /SG|batch \d+|value \d+/,
  batches: /batch(es)? \d+/,
  counters: /counter|SG/,
  sequences: /rules SG/,
  sites: /site site-1/,
  register: /register|rules SG/,
  leases: /leases/,
  free_values: /free_values/,
  site_usage: /site_usage/,
}

/** Each column of each table, one row altered; and of each table a row removed, and one added. */
export async function alterations(db: Client): Promise<Tampering[]> {
  const { rows } = await db.query<{ table: string; column: string; type: string }>(
    `SELECT table_name AS table, column_name AS column, data_type AS type FROM information_schema.columns
     WHERE table_schema = 'public' AND table_name = ANY ($1) ORDER BY 1, ordinal_position`,
    [Object.keys(rowOf)],
  )
  const one = (table: string, column = '') =>
    `ctid = (SELECT max(ctid) FROM ${table} WHERE ${rowOfColumn[`${table}.${column}`] ?? rowOf[table]})`
  const updates = rows.map(({ table, column, type }) => ({
    what: `${table}.${column} altered`,
    sql: [
      `UPDATE ${table} SET "${column}" = ${(otherOfColumn[`${table}.${column}`] ?? otherOf[type]!).replaceAll('$', `"${column}"`)}
       WHERE ${one(table, column)}`,
    ],
    kinds: kindsOf[table]!,
    names: namesOf[table]!,
  }))
  const deletes = Object.keys(rowOf).map((table) => ({
    what: `a row of ${table} removed`,
    sql: [`DELETE FROM ${table} WHERE ${one(table)}`],
    kinds: [...kindsOf[table]!, 'missing', 'counter_behind'],
    names: table === 'sequences' ? /rules SG/ : namesOf[table]!,
  }))
  return [...updates, ...deletes]
}

const forgedRow = (change: string) => `
  INSERT INTO ledger SELECT (jsonb_populate_record(l, '{"idempotency_key": "forged", "value": 777, "number": "SG000777"}'::jsonb || ${change})).*
  FROM ledger l WHERE ${rowOf.ledger}`
const forgedBatch = (change: string) => `
  INSERT INTO batches SELECT (jsonb_populate_record(b, ${change})).* FROM batches b WHERE ${rowOf.batches}`

/** What was put in, moved, or dated otherwise. */
export const forgeries: readonly Tampering[] = [
  ...[0, -5, 1_000_000].map((batch) => ({
    what: `a row in batch ${batch}, which there is not`,
    sql: [forgedRow(`'{"batch": ${batch}}'`)],
    kinds: ['added'],
    names: /value 777 .*batch (0|-5|1000000)/,
  })),
  {
    what: 'a void row of a value that was never given, in batch 0',
    sql: [forgedRow(`'{"batch": 0, "event": "skip", "state": "void", "value": 2222}'`)],
    kinds: ['added'],
    names: /value 2222/,
  },
  {
    what: 'a row in the batch that comes next',
    sql: [forgedRow(`jsonb_build_object('batch', (SELECT batch + 1 FROM counters WHERE prefix = 'SG'))`)],
    kinds: ['added'],
    names: /value 777/,
  },
  {
    what: 'a row more in a batch',
    sql: [forgedRow(`'{"position": 2}'`)],
    kinds: ['added'],
    names: /value 777/,
  },
  {
    what: 'a row more in a batch, which says so',
    sql: [forgedRow(`'{"position": 2}'`), `UPDATE batches SET rows = 2 WHERE ${rowOf.batches}`],
    kinds: ['altered', 'missing'],
    names: /value/,
  },
  {
    what: 'a second revision that nothing made',
    sql: [
      forgedRow(
        `jsonb_build_object('value', l.value, 'revision', 3, 'number', l.number, 'position', 2, 'event', 'void', 'state', 'void')`,
      ),
      `UPDATE batches SET rows = 2 WHERE ${rowOf.batches}`,
    ],
    kinds: ['altered', 'missing'],
    names: /revision|value/,
  },
  {
    what: 'a row of a counter that there is not',
    sql: [forgedRow(`'{"period": "2023", "batch": 1}'`)],
    kinds: ['added', 'counter_behind'],
    names: /2023|batch 1/,
  },
  {
    what: 'a row of a sequence that there is not',
    sql: [forgedRow(`'{"prefix": "GHOST", "batch": 1}'`)],
    kinds: ['added', 'counter_behind'],
    names: /GHOST|batch 1/,
  },
  { what: 'a batch 0', sql: [forgedBatch(`'{"batch": 0}'`)], kinds: ['added'], names: /batch 0/ },
  {
    what: 'a batch behind the last',
    sql: [forgedBatch(`jsonb_build_object('batch', (SELECT batch + 1 FROM counters WHERE prefix = 'SG'))`)],
    kinds: ['counter_behind'],
    names: /counter is at batch/,
  },
  {
    what: 'a batch of a counter that there is not',
    sql: [forgedBatch(`'{"period": "2023", "batch": 1}'`)],
    kinds: ['counter_behind', 'missing', 'tail_cut'],
    names: /2023|batch 1/,
  },
  {
    what: 'a counter of nothing, from another value',
    sql: [`INSERT INTO counters (prefix, period, first_value, last_value) VALUES ('SG', '2023', 500, 499)`],
    kinds: ['added'],
    names: /SG in 2023/,
  },
  {
    what: 'a batch moved to another counter, with its rows',
    sql: [
      `UPDATE ledger SET period = '2023' WHERE ${rowOf.ledger}`,
      `UPDATE batches SET period = '2023' WHERE prefix = 'SG' AND batch = (SELECT min(batch) FROM ledger WHERE period = '2023')`,
    ],
    kinds: ['missing'],
    names: /batch \d+/,
  },
  {
    what: 'whom two numbers were for, exchanged',
    sql: [
      `UPDATE ledger SET client_id = CASE client_id WHEN 'client-2' THEN 'client-4' ELSE 'client-2' END
       WHERE client_id IN ('client-2', 'client-4')`,
    ],
    kinds: ['swapped'],
    names: /swapped/,
  },
  {
    what: 'rules that nobody made',
    sql: [
      'ALTER TABLE sequences DISABLE TRIGGER ALL',
      `INSERT INTO sequences (prefix, version, template, reset, created_by) VALUES ('SG', 2, 'X{seq}', 'never', 'x')`,
    ],
    kinds: ['added'],
    names: /rules SG version 2/,
  },
  {
    what: 'a site that nobody made',
    sql: [
      'ALTER TABLE sites DISABLE TRIGGER ALL',
      `INSERT INTO sites (site_id, version, partitions, created_by) VALUES ('ghost', 1, '{a}', 'x')`,
    ],
    kinds: ['added'],
    names: /site ghost version 1/,
  },
  {
    what: 'rules altered, and written into the register again',
    sql: [`UPDATE sequences SET template = 'X{seq}' WHERE prefix = 'SG'`, 'SELECT register_rows()'],
    kinds: ['altered'],
    names: /rules SG version 1 .*template/,
  },
  {
    what: 'the end of the register cut off',
    sql: ['DELETE FROM register WHERE entry >= 9'],
    kinds: ['added'],
    names: /site site-|rules /,
  },
]

/** The whole chain of SG written anew: what fits itself then, a checkpoint tells. */
export const rewritings: readonly Tampering[] = [
  ...(['client_id', 'generated_by', 'reason', 'request_id', 'caller', 'idempotency_key'] as const).map(
    (column) => ({
      what: `ledger.${column} altered, and all hashes`,
      sql: [`UPDATE ledger SET ${column} = 'forged' WHERE ${rowOf.ledger}`],
      rechain: true,
      kinds: ['rewritten'],
      names: /SG/,
    }),
  ),
  {
    what: 'a state that does not follow, and all hashes',
    sql: [`UPDATE ledger SET state = 'void' WHERE ${rowOf.ledger}`],
    rechain: true,
    kinds: ['altered'],
    names: /state/,
  },
  {
    what: 'a number of another frame, and all hashes',
    sql: [`UPDATE ledger SET number = 'SG-2' WHERE ${rowOf.ledger}`],
    rechain: true,
    kinds: ['altered'],
    names: /number/,
  },
  {
    what: 'a revision below the first, and all hashes',
    sql: [`UPDATE ledger SET revision = 0 WHERE ${rowOf.ledger}`],
    rechain: true,
    kinds: ['altered', 'missing'],
    names: /value|revision/,
  },
  {
    what: 'a step that was not allowed, and all hashes',
    sql: [`UPDATE ledger SET event = 'confirm' WHERE ${rowOf.ledger}`],
    rechain: true,
    kinds: ['illegal_step'],
    names: /confirm/,
  },
  ...[`- interval '10 months'`, `+ interval '1 day'`].map((by) => ({
    what: `one batch dated ${by}, and all hashes`,
    sql: [
      `UPDATE ledger SET at = at ${by} WHERE prefix = 'SG' AND batch = (SELECT max(batch) FROM batches WHERE prefix = 'SG')`,
      `UPDATE batches SET at = at ${by} WHERE prefix = 'SG' AND batch = (SELECT max(batch) FROM batches WHERE prefix = 'SG')`,
    ],
    rechain: true,
    kinds: ['backdated', 'altered'],
    names: /dated/,
  })),
  ...[`- interval '10 months'`, `- interval '2 seconds'`].map((by) => ({
    what: `all batches dated ${by}, and all hashes`,
    sql: [
      `UPDATE ledger SET at = at ${by} WHERE prefix = 'SG'`,
      `UPDATE batches SET at = at ${by} WHERE prefix = 'SG'`,
    ],
    rechain: true,
    kinds: ['backdated', 'rewritten', 'derived'],
    names: /dated|SG|site_usage|leases/,
  })),
  {
    what: 'rules of a version that there is not, and all hashes',
    sql: [`UPDATE batches SET rules_version = 7 WHERE ${rowOf.batches}`],
    rechain: true,
    kinds: ['altered'],
    names: /version 7 of the rules/,
  },
  {
    what: 'a gap policy that is not that of the rules, and all hashes',
    sql: [`UPDATE batches SET gap_policy = 'strict' WHERE ${rowOf.batches}`],
    rechain: true,
    kinds: ['altered'],
    names: /gap_policy|strict/,
  },
  {
    what: 'the end cut off, with the counter',
    sql: [
      `DELETE FROM ledger WHERE client_id = 'client-5'`,
      `DELETE FROM batches WHERE prefix = 'SG' AND batch = (SELECT batch FROM counters WHERE prefix = 'SG')`,
      `UPDATE counters SET batch = batch - 1, last_value = last_value - 1 WHERE prefix = 'SG'`,
    ],
    rechain: true,
    kinds: ['tail_cut'],
    names: /SG had a batch/,
  },
  {
    what: 'a counter added for a year before, with its batch and all hashes',
    sql: [
      `INSERT INTO ledger SELECT (jsonb_populate_record(l, jsonb_build_object('period', '2023', 'batch', 1, 'value', 1,
         'number', 'INV2023-0001', 'idempotency_key', 'forged', 'at', '2023-05-05T10:00:00Z'))).*
       FROM ledger l WHERE prefix = 'INV' AND period = '2019'`,
      `INSERT INTO batches SELECT (jsonb_populate_record(b, jsonb_build_object('period', '2023', 'number_head', 'INV2023-',
         'at', '2023-05-05T10:00:00Z'))).* FROM batches b WHERE prefix = 'INV' AND period = '2019'`,
      `INSERT INTO counters SELECT (jsonb_populate_record(c, '{"period": "2023"}')).* FROM counters c
       WHERE prefix = 'INV' AND period = '2019'`,
    ],
    rechain: true,
    kinds: ['backdated'],
    names: /INV in 2023/,
  },
]

/** What the schema can be made into. */
export async function schemaChanges(db: Client, service: string): Promise<Tampering[]> {
  const { rows: triggers } = await db.query<{ name: string; table: string }>(
    `SELECT tgname AS name, tgrelid::regclass::text AS table FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1`,
  )
  const { rows: functions } = await db.query<{ name: string; definition: string }>(
    `SELECT proname AS name, pg_get_functiondef(oid) AS definition FROM pg_proc
     WHERE pronamespace = 'public'::regnamespace ORDER BY 1`,
  )
  const { rows: checks } = await db.query<{ name: string; table: string }>(
    `SELECT conname AS name, conrelid::regclass::text AS table FROM pg_constraint
     WHERE connamespace = 'public'::regnamespace AND contype IN ('c', 'p') AND conrelid <> '_prisma_migrations'::regclass ORDER BY 1`,
  )
  const change = (what: string, sql: string, names: RegExp): Tampering => ({
    what,
    sql: [sql],
    kinds: ['schema'],
    names,
  })
  return [
    ...triggers.flatMap(({ name, table }) => [
      change(
        `trigger ${name} disabled`,
        `ALTER TABLE ${table} DISABLE TRIGGER ${name}`,
        new RegExp(`trigger ${name} on ${table} is disabled`),
      ),
      change(
        `trigger ${name} off for replication`,
        `ALTER TABLE ${table} ENABLE TRIGGER ${name}`,
        new RegExp(`trigger ${name} on ${table} is on, but not`),
      ),
      change(
        `trigger ${name} dropped`,
        `DROP TRIGGER ${name} ON ${table}`,
        new RegExp(`trigger ${name} on ${table} is missing`),
      ),
    ]),
    ...functions.map(({ name, definition }) =>
      change(
        `function ${name} replaced`,
        definition.replace('AS $function$', 'AS $function$ /* as it suits */ '),
        new RegExp(`function ${name} was replaced`),
      ),
    ),
    ...checks.map(({ name, table }) =>
      change(
        `constraint ${name} dropped`,
        `ALTER TABLE ${table} DROP CONSTRAINT ${name} CASCADE`,
        new RegExp(`${name} on ${table} is missing`),
      ),
    ),
    change(
      'an index dropped',
      'DROP INDEX ledger_idempotency_key_key',
      /ledger_idempotency_key_key on ledger is missing/,
    ),
    change(
      'a function without its search path',
      'ALTER FUNCTION issue_numbers RESET search_path',
      /function issue_numbers was replaced/,
    ),
    change(
      'a function that runs as its caller',
      'ALTER FUNCTION change_numbers SECURITY INVOKER',
      /function change_numbers was replaced/,
    ),
    change(
      'a function of the same name added',
      `CREATE FUNCTION next_state(varchar, varchar, varchar) RETURNS text LANGUAGE sql AS 'SELECT NULL'`,
      /function next_state was replaced/,
    ),
    change(
      'a right to write',
      `GRANT INSERT ON ledger TO "${service}"`,
      /rights of the service on table ledger/,
    ),
    change(
      'a right to one column',
      `GRANT UPDATE (client_id) ON ledger TO "${service}"`,
      /rights of the service on table ledger.*client_id/,
    ),
    change(
      'a right for everyone',
      'GRANT DELETE ON batches TO PUBLIC',
      /rights of everyone on table batches/,
    ),
    change(
      'a function for everyone',
      'GRANT EXECUTE ON FUNCTION add_to_register TO PUBLIC',
      /rights of everyone on function add_to_register/,
    ),
    change(
      'a right of another role',
      'GRANT INSERT ON ledger TO pg_monitor',
      /rights of the role pg_monitor on table ledger/,
    ),
    change(
      'a trigger added',
      `CREATE TRIGGER extra BEFORE INSERT ON ledger FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()`,
      /trigger extra on ledger was added/,
    ),
    change(
      'a rule added',
      'CREATE RULE extra AS ON INSERT TO sites DO INSTEAD NOTHING',
      /rule extra on sites was added/,
    ),
    change('row security', 'ALTER TABLE ledger ENABLE ROW LEVEL SECURITY', /table ledger was altered/),
    change('a table below', 'CREATE TABLE more () INHERITS (ledger)', /table more under ledger was added/),
    change('a column added', `ALTER TABLE ledger ADD COLUMN extra text`, /column ledger.extra was added/),
    change(
      'a default altered',
      `ALTER TABLE counters ALTER COLUMN void SET DEFAULT 5`,
      /column counters.void was altered/,
    ),
    change('a table without a log', 'ALTER TABLE leases SET UNLOGGED', /table leases was altered/),
  ]
}

/** Computes the hashes of SG and of INV in 2023 again, as the description of the chain says. */
export async function rechain(db: Client): Promise<void> {
  const { rows: batches } = await db.query<ChainedBatch & { batch: string }>(
    `SELECT *, (extract(epoch FROM at) * 1000000)::bigint AS at_us FROM batches
     WHERE prefix = 'SG' OR (prefix, period) = ('INV', '2023') ORDER BY prefix, period, batch`,
  )
  let head = Buffer.alloc(32)
  for (const batch of batches) {
    if (batch.batch === '1') head = Buffer.alloc(32)
    const key = [batch.prefix, batch.period, batch.batch]
    const { rows } = await db.query<ChainedRow>(
      `SELECT *, business_date::text FROM ledger WHERE (prefix, period, batch) = ($1, $2, $3) ORDER BY position`,
      key,
    )
    head = Buffer.from(chainHash(head, batch, rows))
    await db.query('UPDATE batches SET hash = $4 WHERE (prefix, period, batch) = ($1, $2, $3)', [
      ...key,
      head,
    ])
    await db.query('UPDATE counters SET head = $4 WHERE (prefix, period, batch) = ($1, $2, $3)', [
      ...key,
      head,
    ])
  }
}
