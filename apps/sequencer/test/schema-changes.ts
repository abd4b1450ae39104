import type { Client } from 'pg'
import type { Tampering } from './tampering-kinds'

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
    change(
      'a table below',
      'CREATE TABLE more () INHERITS (ledger)',
      /table public.more under public.ledger was added/,
    ),
    change(
      'a table above',
      'CREATE TABLE more (prefix text COLLATE "C" NOT NULL); ALTER TABLE ledger INHERIT more',
      /table public.ledger under public.more was added/,
    ),
    change('a column added', `ALTER TABLE ledger ADD COLUMN extra text`, /column ledger.extra was added/),
    change(
      'a default altered',
      `ALTER TABLE counters ALTER COLUMN void SET DEFAULT 5`,
      /column counters.void was altered/,
    ),
    change('a table without a log', 'ALTER TABLE leases SET UNLOGGED', /table leases was altered/),
    ...disguises(service),
  ]
}

/** What leaves the ledger's own objects as they were, or looks as if it did. */
const disguises = (service: string): Tampering[] =>
  (
    [
      [
        'a trigger with a function of the same name in another schema',
        [
          'CREATE SCHEMA other',
          `CREATE FUNCTION other.refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'`,
          'DROP TRIGGER ledger_append_only ON ledger',
          `CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger FOR EACH STATEMENT EXECUTE FUNCTION other.refuse_change()`,
          'ALTER TABLE ledger ENABLE ALWAYS TRIGGER ledger_append_only',
        ],
        /trigger ledger_append_only on ledger was altered: other\.refuse_change/,
      ],
      [
        'a search path in which another catalog comes first',
        [
          'CREATE SCHEMA other',
          'CREATE VIEW other.pg_trigger AS SELECT * FROM pg_catalog.pg_trigger',
          'CREATE VIEW other.pg_proc AS SELECT * FROM pg_catalog.pg_proc',
          'GRANT USAGE ON SCHEMA other TO PUBLIC',
          'SET LOCAL search_path = other, pg_catalog, public',
        ],
        /setting search_path was altered: other, pg_catalog, public/,
      ],
      [
        'a search path of the database',
        [
          'CREATE SCHEMA other',
          `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = other, pg_catalog, public', current_database()); END $$`,
        ],
        /stored setting search_path was added/,
      ],
      [
        'triggers switched off for the role',
        [`ALTER ROLE "${service}" SET session_replication_role = replica`],
        /stored setting session_replication_role was added/,
      ],
      [
        'triggers switched off for all sessions',
        ['SET LOCAL session_replication_role = replica'],
        /setting session_replication_role was altered: replica/,
      ],
      [
        'an aggregate that fits better than that of PostgreSQL',
        ['CREATE AGGREGATE public.array_agg(bigint) (SFUNC = array_append, STYPE = bigint[])'],
        /function array_agg was added/,
      ],
      [
        'a function that fits better than that of PostgreSQL',
        [
          `CREATE FUNCTION public.concat_ws(text, text, text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT NULL::text'`,
        ],
        /function concat_ws was added/,
      ],
      [
        'one that an extension is said to have brought',
        [
          `CREATE FUNCTION public.concat_ws(text, text, text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT NULL::text'`,
          'ALTER EXTENSION plpgsql ADD FUNCTION public.concat_ws(text, text, text)',
        ],
        /function concat_ws was added/,
      ],
      [
        'a function of ours that an extension is said to have brought',
        ['ALTER EXTENSION plpgsql ADD FUNCTION public.issue_numbers'],
        /function issue_numbers is missing/,
      ],
      [
        'an operator that fits better than that of PostgreSQL',
        [
          `CREATE FUNCTION public.joined(text, bigint) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1'`,
          'CREATE OPERATOR public.|| (LEFTARG = text, RIGHTARG = bigint, FUNCTION = public.joined)',
        ],
        /operator public\.\|\|\(text,bigint\) was added/,
      ],
      [
        'a cast',
        ['CREATE CAST (bigint AS date) WITH INOUT AS ASSIGNMENT'],
        /cast of bigint to date was added/,
      ],
      [
        'an event trigger',
        [
          `CREATE FUNCTION public.on_change() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'`,
          'CREATE EVENT TRIGGER extra ON ddl_command_end EXECUTE FUNCTION public.on_change()',
        ],
        /event trigger extra was added/,
      ],
      [
        'a table above, by which rows are changed without the trigger',
        [
          'CREATE SCHEMA other',
          'CREATE TABLE other.above (LIKE ledger)',
          'ALTER TABLE ledger INHERIT other.above',
        ],
        /table public.ledger under other\.above was added/,
      ],
      [
        'a view in the place of a table',
        ['ALTER TABLE leases RENAME TO kept', 'CREATE VIEW leases AS SELECT * FROM kept'],
        /table leases was altered: v p/,
      ],
      [
        'another owner of a table',
        [`ALTER TABLE counters OWNER TO "${service}"`],
        /owner of table counters was added/,
      ],
      [
        'another owner of a function',
        [`ALTER FUNCTION link_hash OWNER TO "${service}"`],
        /owner of function link_hash was added/,
      ],
      [
        "the owner's role for the service",
        [
          `DO $$ BEGIN EXECUTE format('GRANT %s TO "${service}"', (SELECT relowner::regrole::text FROM pg_class WHERE relname = 'ledger' AND relnamespace = 'public'::regnamespace)); END $$`,
        ],
        /the role of the service may do all that the owner/,
      ],
      [
        'a role that may write everything',
        [`GRANT pg_write_all_data TO "${service}"`],
        /rights of the service on table ledger.*INSERT/,
      ],
      [
        'row security of the owner',
        ['ALTER TABLE ledger FORCE ROW LEVEL SECURITY'],
        /table ledger was altered/,
      ],
      ['a policy', ['CREATE POLICY extra ON ledger USING (false)'], /policy extra on ledger was added/],
      [
        'a constraint that does not look at what is there',
        [
          'ALTER TABLE ledger DROP CONSTRAINT ledger_state_check',
          `ALTER TABLE ledger ADD CONSTRAINT ledger_state_check CHECK (state IN ('reserved', 'issued', 'free', 'void')) NOT VALID`,
        ],
        /constraint ledger_state_check on ledger was altered/,
      ],
      [
        'a constraint that holds always',
        [
          'ALTER TABLE batches DROP CONSTRAINT batches_format_check',
          'ALTER TABLE batches ADD CONSTRAINT batches_format_check CHECK (true)',
        ],
        /constraint batches_format_check on batches was altered/,
      ],
      [
        'a column that may be missing',
        ['ALTER TABLE ledger ALTER COLUMN caller DROP NOT NULL'],
        /column ledger.caller was altered/,
      ],
      [
        'a column of another collation',
        ['ALTER TABLE register ALTER COLUMN name TYPE text COLLATE "default"'],
        /column register.name was altered/,
      ],
      [
        'a generated column',
        ['ALTER TABLE leases ADD COLUMN extra integer GENERATED ALWAYS AS (1) STORED'],
        /column leases.extra was added/,
      ],
      [
        'an invalid index',
        [
          'SET LOCAL allow_system_table_mods = on',
          `UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ledger_number_key'::regclass`,
        ],
        /unique index ledger_number_key on ledger was altered/,
      ],
      [
        'an index that is not unique any more',
        [
          'DROP INDEX ledger_number_key',
          'CREATE INDEX ledger_number_key ON ledger (number, prefix, revision)',
        ],
        /unique index ledger_number_key on ledger is missing/,
      ],
    ] as [string, string[], RegExp][]
  ).map(([what, sql, names]) => ({ what, sql, kinds: ['schema'], names }))
