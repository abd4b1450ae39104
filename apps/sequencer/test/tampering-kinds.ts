import type { Client } from 'pg'

/** Something that was done to a ledger, and as what it has to be found. */
export interface Tampering {
  what: string
  /** As the superuser, with all triggers off. */
  sql: readonly string[]
  /** With all hashes computed again, and those of the counters. */
  rechain?: boolean
  /** With the entries of the register numbered again, and all of its hashes. */
  rechainRegister?: boolean
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
  'batches.format': '3 - $',
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
  'sequences.end_value': '500',
  'sequences.warn_at': `'10%'`,
}
const rowOfColumn: Record<string, string> = {
  'ledger.hold_seconds': `hold_seconds IS NOT NULL`,
  'sequences.chronological': `prefix = 'ORD'`,
}
const rowOf: Record<string, string> = {
  ledger: `prefix = 'SG' AND client_id = 'client-2'`,
  batches: `prefix = 'SG' AND batch = (SELECT min(batch) FROM ledger WHERE client_id = 'client-2')`,
  counters: `prefix = 'SG'`,
  sequences: `prefix = 'SG'`,
  sites: `site_id = 'site-1'`,
  closed_periods: `prefix = 'INV'`,
  register: `kind = 'rules' AND name = 'SG'`,
  leases: 'true',
  free_values: 'true',
  frames: `prefix = 'SG'`,
  site_usage: `site_id = 'site-1'`,
}
const kindsOf: Record<string, readonly string[]> = {
  ledger: ['altered', 'missing', 'added', 'illegal_step'],
  batches: ['altered', 'missing', 'added'],
  counters: ['counter_behind', 'tail_cut', 'rewritten', 'derived', 'altered', 'missing'],
  sequences: ['altered', 'added', 'missing'],
  sites: ['altered', 'added', 'missing'],
  closed_periods: ['altered', 'added', 'missing'],
  register: ['altered', 'added', 'missing', 'backdated'],
  leases: ['derived'],
  free_values: ['derived'],
  frames: ['derived'],
  site_usage: ['derived'],
}
const namesOf: Record<string, RegExp> = {
  ledger: /SG|batch \d+|value \d+/,
  batches: /batch(es)? \d+/,
  counters: /counter|SG/,
  sequences: /rules (SG|ORD)/,
  sites: /site site-1/,
  closed_periods: /closed period INV/,
  register: /register|rules SG/,
  leases: /leases/,
  free_values: /free_values/,
  frames: /frames (has|does not have) the form/,
  site_usage: /site_usage/,
}

// Of each table, what makes a copy of its row another row.
const copyOf: Record<string, string> = {
  ledger: `'{"idempotency_key": "forged", "value": 777, "number": "SG000777", "position": 2}'`,
  batches: `jsonb_build_object('batch', (SELECT batch + 1 FROM counters WHERE prefix = 'SG'))`,
  counters: `'{"period": "2023"}'`,
  sequences: `'{"version": 2}'`,
  sites: `'{"version": 2}'`,
  closed_periods: `'{"period": "2018"}'`,
  register: `jsonb_build_object('entry', (SELECT max(entry) + 1 FROM register))`,
  leases: `'{"value": 1}'`,
  free_values: `'{"value": 2}'`,
  frames: `'{"number_head": "ghost-"}'`,
  site_usage: `'{"site_id": "ghost"}'`,
}

const bounded = ['counters.first_value', 'counters.last_value', 'sequences.start', 'sequences.end_value']

/** What no number and no date can hold, in each column that takes it, and entries of the register that are no object. */
export async function extremes(db: Client): Promise<Tampering[]> {
  const { rows } = await db.query<{ table: string; column: string; type: string }>(
    `SELECT table_name AS table, column_name AS column, data_type AS type FROM information_schema.columns
     WHERE table_schema = 'public' AND table_name = ANY ($1) AND data_type IN ('bigint', 'timestamp with time zone')
       AND table_name || '.' || column_name <> ALL ($2) ORDER BY 1, ordinal_position`,
    [Object.keys(rowOf), bounded],
  )
  const extremesOf = (table: string, type: string) => {
    if (type !== 'bigint') return ['infinity', '294276-12-31']
    return table === 'register' ? ['9223372036854775807'] : ['9223372036854775807', '-9223372036854775807']
  }
  return [
    ...rows.flatMap(({ table, column, type }) =>
      extremesOf(table, type).map((value) => [table, column, value] as const),
    ),
    ...['null', '[]', '7', '{"created_at": {}}'].map((value) => ['register', 'content', value] as const),
    ['batches', 'rows', '-1'] as const,
  ].map(([table, column, value]) => ({
    what: `${table}.${column} made ${value}`,
    sql: [
      `UPDATE ${table} SET "${column}" = '${value}'
       WHERE ctid = (SELECT max(ctid) FROM ${table} WHERE ${rowOf[table]})`,
    ],
    kinds: [...kindsOf[table]!, 'backdated'],
    names: namesOf[table]!,
  }))
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
    names: namesOf[table]!,
  }))
  const inserts = Object.keys(rowOf).map((table) => ({
    what: `a row of ${table} added`,
    sql: [
      `INSERT INTO ${table} SELECT (jsonb_populate_record(t, ${copyOf[table]})).* FROM ${table} t WHERE t.${one(table)}`,
    ],
    kinds: kindsOf[table]!,
    names: namesOf[table]!,
  }))
  return [...updates, ...deletes, ...inserts]
}

const forgedRow = (change: string) => `
  INSERT INTO ledger SELECT (jsonb_populate_record(l, '{"idempotency_key": "forged", "value": 777, "number": "SG000777"}'::jsonb || ${change})).*
  FROM ledger l WHERE ${rowOf.ledger}`
const forgedBatch = (change: string) => `
  INSERT INTO batches SELECT (jsonb_populate_record(b, ${change})).* FROM batches b WHERE ${rowOf.batches}`

/** The values in the last batch of PO, given to its rows in another order. */
const reordered = (...positions: number[]) => [
  `CREATE TEMP TABLE before ON COMMIT DROP AS SELECT * FROM ledger l
   WHERE prefix = 'PO' AND batch = (SELECT max(batch) FROM batches WHERE prefix = 'PO')`,
  `UPDATE ledger l SET value = -l.position, number = -l.position FROM before b
   WHERE (l.prefix, l.batch, l.position) = (b.prefix, b.batch, b.position)`,
  ...positions.map(
    (
      from,
      index,
    ) => `UPDATE ledger l SET value = b.value, revision = b.revision, number = b.number FROM before b
     WHERE l.prefix = 'PO' AND l.value = -${index + 1} AND b.position = ${from}`,
  ),
]

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
    what: 'a released value and a new one, exchanged between two requests',
    sql: reordered(2, 1, 3, 4),
    kinds: ['swapped'],
    names: /swapped/,
  },
  {
    what: 'a released value moved into a request for two numbers',
    sql: reordered(2, 3, 1, 4),
    kinds: ['swapped'],
    names: /swapped/,
  },
  {
    what: 'rules that nobody made',
    sql: [
      `INSERT INTO sequences (prefix, version, template, reset, created_by) VALUES ('SG', 2, 'X{seq}', 'never', 'x')`,
    ],
    kinds: ['added'],
    names: /rules SG version 2/,
  },
  {
    what: 'a site that nobody made',
    sql: [`INSERT INTO sites (site_id, version, partitions, created_by) VALUES ('ghost', 1, '{a}', 'x')`],
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
  {
    what: 'a key of a caller exchanged',
    sql: [`UPDATE register SET content = '{"shop": ["00"]}' WHERE kind = 'keys'`],
    kinds: ['altered'],
    names: /keys API_KEYS/,
  },
  {
    what: 'rules dated back, and put into the register by its own function',
    sql: [
      `UPDATE register SET at = at - interval '1 day'`,
      `INSERT INTO sequences (prefix, version, template, reset, created_by, created_at)
       VALUES ('SG', 2, '{prefix}{seq:6}', 'never', 'x', now() - interval '1 year')`,
      'SELECT register_rows()',
    ],
    rechainRegister: true,
    kinds: ['backdated'],
    names: /rules SG version 2 is dated/,
  },
  {
    what: 'a version of rules left out',
    sql: [
      `INSERT INTO sequences (prefix, version, template, reset, created_by, created_at)
       SELECT 'SG', 3, '{prefix}{seq:6}', 'never', 'x', clock_timestamp()`,
      'SELECT register_rows()',
    ],
    kinds: ['missing'],
    names: /rules SG version 2 is missing/,
  },
  {
    what: 'an open period closed, dated back, and put into the register by its own function',
    sql: [
      `INSERT INTO closed_periods (prefix, period, closed_at, closed_by, reason)
       VALUES ('INV', '2020', '2020-12-31T23:00:00Z', 'x', 'x')`,
      'SELECT register_rows()',
    ],
    kinds: ['added'],
    names: /INV in 2020 has new numbers of .*, and the period was closed at 2020-12-31/,
  },
  {
    what: 'a counter set back to the batch before',
    sql: [
      `UPDATE counters c SET batch = b.batch, head = b.hash, feed = b.feed, last_value = last_value - 1
       FROM batches b WHERE (b.prefix, b.period) = (c.prefix, c.period) AND b.batch = c.batch - 1 AND c.prefix = 'SG'`,
    ],
    kinds: ['counter_behind'],
    names: /counter is at batch/,
  },
  {
    what: 'a counter set forward',
    sql: [`UPDATE counters SET batch = batch + 1, last_value = last_value + 1 WHERE prefix = 'SG'`],
    kinds: ['tail_cut'],
    names: /counter is at batch/,
  },
  {
    what: 'rows of two sequences exchanged',
    sql: [
      `UPDATE ledger l SET client_id = o.client_id, idempotency_key = o.idempotency_key || '.', request_id = o.request_id
       FROM ledger o
       WHERE (l.prefix, l.value, l.revision, o.client_id) = ('GLOBAL', 1, 1, 'client-2')
          OR (o.prefix, o.value, o.revision, l.client_id) = ('GLOBAL', 1, 1, 'client-2')`,
    ],
    kinds: ['altered'],
    names: /GLOBAL|SG/,
  },
]

const ofInvoice = (year: number) => `prefix = 'INV' AND period = '${year}'`

/** Moves the one number of INV in a year, with its batch and counter. */
const invoiceMoved = (
  year: number,
  change: { period: string; number: string; head?: string; value?: number },
) => [
  `UPDATE ledger SET period = '${change.period}', number = '${change.number}', value = ${change.value ?? 1} WHERE ${ofInvoice(year)}`,
  `UPDATE batches SET period = '${change.period}', number_head = '${change.head ?? `INV${year}-`}' WHERE ${ofInvoice(year)}`,
  `UPDATE counters SET period = '${change.period}', first_value = ${change.value ?? 1}, last_value = ${change.value ?? 1} WHERE ${ofInvoice(year)}`,
]

/** What does not follow from the rules and the date, with all hashes computed again: no checkpoint is needed for these. */
export const unruly: readonly Tampering[] = [
  {
    what: 'another head in a batch and its numbers',
    sql: [
      `UPDATE ledger SET number = 'SX' || substr(number, 3) WHERE ${rowOf.ledger}`,
      `UPDATE batches SET number_head = 'SX' WHERE ${rowOf.batches}`,
    ],
    kinds: ['altered'],
    names: /has SX\d+, and by its rules that of .* is SG/,
  },
  {
    what: 'another width in a batch and its numbers',
    sql: [
      `UPDATE ledger SET number = 'SG0' || substr(number, 3) WHERE ${rowOf.ledger}`,
      `UPDATE batches SET number_width = 7 WHERE ${rowOf.batches}`,
    ],
    kinds: ['altered'],
    names: /has SG0\d+, and by its rules/,
  },
  {
    what: 'a tail in a batch and its numbers',
    sql: [
      `UPDATE ledger SET number = number || '-A' WHERE ${rowOf.ledger}`,
      `UPDATE batches SET number_tail = '-A' WHERE ${rowOf.batches}`,
    ],
    kinds: ['altered'],
    names: /has SG\d+-A, and by its rules/,
  },
  {
    what: 'a counter moved to a year that is not that of its business date',
    sql: invoiceMoved(2020, { period: '2031', number: 'INV2031-0001', head: 'INV2031-' }),
    kinds: ['altered'],
    names: /is of the period "2031", and by its rules 2020-02-03 is of "2020"/,
  },
  {
    what: 'a period that the rules do not have',
    sql: invoiceMoved(2020, { period: 'HACK', number: 'INV2020-0001' }),
    kinds: ['altered'],
    names: /is of the period "HACK"/,
  },
  {
    what: 'a business date of another year',
    sql: [`UPDATE ledger SET business_date = '2021-02-03' WHERE ${ofInvoice(2020)}`],
    kinds: ['altered'],
    names: /by its rules 2021-02-03 is of "2021"/,
  },
  {
    what: 'the business date removed',
    sql: [`UPDATE ledger SET business_date = NULL WHERE ${ofInvoice(2020)}`],
    kinds: ['altered'],
    names: /is of the period "2020", and by its rules/,
  },
  {
    what: 'a number passed off as imported, in a form that the rules never give',
    sql: [
      `UPDATE ledger SET event = 'import', business_date = NULL, number = 'INV20X0-0001' WHERE ${ofInvoice(2020)}`,
      `UPDATE batches SET number_head = 'INV20X0-' WHERE ${ofInvoice(2020)}`,
    ],
    kinds: ['altered'],
    names: /INV20X0-0001, which its rules give on no day/,
  },
  {
    what: 'a number passed off as imported, in a period that is not that of its form',
    sql: [
      ...invoiceMoved(2020, { period: '2031', number: 'INV2020-0001' }),
      `UPDATE ledger SET event = 'import', business_date = NULL WHERE ${ofInvoice(2031)}`,
    ],
    kinds: ['altered'],
    names: /INV in 2031/,
  },
  {
    what: 'a counter from another value than that of its rules',
    sql: invoiceMoved(2020, { period: '2020', number: 'INV2020-0500', value: 500 }),
    kinds: ['altered'],
    names: /begins at 500, and its rules at 1/,
  },
  {
    what: 'the numbers of two years exchanged',
    sql: [
      `UPDATE ledger SET revision = 2 WHERE ${ofInvoice(2019)}`,
      ...invoiceMoved(2020, { period: 'kept', number: 'INV2019-0001', head: 'INV2019-' }),
      ...invoiceMoved(2019, { period: '2020', number: 'INV2020-0001', head: 'INV2020-' }),
      ...['ledger', 'batches', 'counters'].map(
        (table) => `UPDATE ${table} SET period = '2019' WHERE period = 'kept'`,
      ),
      `UPDATE ledger SET revision = 1 WHERE ${ofInvoice(2020)}`,
    ],
    kinds: ['altered'],
    names: /by its rules 20(19|20)-02-03 is of "20(19|20)"/,
  },
  {
    what: 'a counter of a later year, dated now',
    sql: [
      `INSERT INTO ledger SELECT (jsonb_populate_record(l, jsonb_build_object('period', '2031', 'number', 'INV2031-0001',
         'idempotency_key', 'forged', 'business_date', NULL, 'at', clock_timestamp()))).* FROM ledger l WHERE ${ofInvoice(2020)}`,
      `INSERT INTO batches SELECT (jsonb_populate_record(b, jsonb_build_object('period', '2031', 'number_head', 'INV2031-',
         'at', (SELECT at FROM ledger WHERE ${ofInvoice(2031)}), 'feed', b.feed + 100000))).* FROM batches b WHERE ${ofInvoice(2020)}`,
      `INSERT INTO counters SELECT (jsonb_populate_record(c, jsonb_build_object('period', '2031', 'feed', c.feed + 100000))).*
       FROM counters c WHERE ${ofInvoice(2020)}`,
    ],
    kinds: ['altered'],
    names: /INV in 2031 is of the period "2031"/,
  },
  {
    what: 'a new number of any form, in a batch without one',
    sql: [
      `UPDATE ledger SET number = 'ANY-1' WHERE ${rowOf.ledger}`,
      `UPDATE batches SET (number_head, number_width, number_tail) = (NULL, NULL, NULL) WHERE ${rowOf.batches}`,
    ],
    kinds: ['altered'],
    names: /ANY-1\) was altered: its event is issue, in a batch that has no form/,
  },
  {
    what: 'a number that gets another form by a later step',
    sql: [
      `UPDATE ledger SET number = 'SX' || substr(number, 3) WHERE event = 'void'`,
      `UPDATE batches SET (number_head, number_width, number_tail) = ('SX', 6, '')
       WHERE prefix = 'SG' AND batch = (SELECT batch FROM ledger WHERE event = 'void')`,
    ],
    kinds: ['altered'],
    names: /its event is void, in a batch of new numbers/,
  },
  {
    what: 'a business date outside of what the rules take',
    sql: [`UPDATE ledger SET business_date = '1999-01-01' WHERE ${rowOf.ledger}`],
    kinds: ['altered'],
    names: /has a number of 1999-01-01, outside/,
  },
  {
    what: 'a period closed before its number was issued, also in the register',
    sql: [
      `UPDATE closed_periods SET closed_at = closed_at - interval '1 hour'`,
      `UPDATE register SET content = (SELECT to_jsonb(c) FROM closed_periods c) WHERE kind = 'closed_period'`,
    ],
    rechainRegister: true,
    kinds: ['added', 'backdated'],
    names: /INV in 2019 has new numbers of .* was closed at|closed period INV 2019 is dated/,
  },
  {
    what: 'a sequence sealed from before, also in the register',
    sql: [
      `UPDATE sequences SET sealed_to = 'bank' WHERE prefix = 'SG'`,
      `UPDATE register SET content = content || '{"sealed_to": "bank"}' WHERE (kind, name) = ('rules', 'SG')`,
    ],
    rechainRegister: true,
    kinds: ['altered'],
    names: /sealed to bank/,
  },
  {
    what: 'a number that two sequences shared, and what allowed it taken out of the rules, also in the register',
    sql: [
      `UPDATE sequences SET allow_overlap = false WHERE prefix = 'TWIN'`,
      `UPDATE register SET content = content || '{"allow_overlap": false}' WHERE (kind, name) = ('rules', 'TWIN')`,
    ],
    rechainRegister: true,
    kinds: ['given_twice'],
    names: /the number SG000001 was given by SG and by TWIN/,
  },
  {
    what: 'a template exchanged, also in the register',
    sql: [
      `UPDATE sequences SET template = 'X{seq}' WHERE prefix = 'SG'`,
      `UPDATE register SET content = content || '{"template": "X{seq}"}' WHERE (kind, name) = ('rules', 'SG')`,
    ],
    rechainRegister: true,
    kinds: ['altered'],
    names: /has SG000001, and by its rules that of .* is X1/,
  },
].map((tampering) => ({ rechain: true, ...tampering }))

/** Chains written anew: what fits itself then, a checkpoint shows. */
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
    what: 'a counter removed with all that is of it',
    sql: ['ledger', 'batches', 'counters'].map((table) => `DELETE FROM ${table} WHERE ${ofInvoice(2020)}`),
    kinds: ['tail_cut', 'missing'],
    names: /INV in 2020/,
  },
  {
    what: 'a batch in the older format, and all hashes',
    sql: [`UPDATE batches SET format = 1 WHERE ${rowOf.batches}`],
    rechain: true,
    kinds: ['rewritten'],
    names: /SG/,
  },
  ...(
    [
      ['rules', `prefix = 'PO'`, 'sequences', 'reason'],
      ['site', `site_id = 'site-1'`, 'sites', 'created_by'],
      ['closed_period', `prefix = 'INV'`, 'closed_periods', 'closed_by'],
    ] as const
  ).flatMap(([kind, where, table, column]) => [
    {
      what: `${table}.${column} altered, also in the register, and all of its hashes`,
      sql: [
        `UPDATE ${table} SET ${column} = 'x' WHERE ${where}`,
        `UPDATE register SET content = (SELECT to_jsonb(t) FROM ${table} t WHERE ${where})
         WHERE kind = '${kind}' AND content @> (SELECT jsonb_strip_nulls(to_jsonb(t) - '${column}') FROM ${table} t WHERE ${where})`,
      ],
      rechainRegister: true,
      kinds: ['rewritten'],
      names: /register/,
    },
    {
      what: `a row of ${table} removed, also from the register, and all of its hashes`,
      sql: [
        `DELETE FROM register WHERE kind = '${kind}' AND content = (SELECT to_jsonb(t) FROM ${table} t WHERE ${where})`,
        `DELETE FROM ${table} WHERE ${where}`,
      ],
      rechainRegister: true,
      kinds: ['rewritten', 'tail_cut'],
      names: /register/,
    },
    {
      what: `a row of ${table} added, also to the register in the middle, and all of its hashes`,
      sql: [
        `INSERT INTO ${table} SELECT (jsonb_populate_record(t, ${copyOf[table]})).* FROM ${table} t WHERE ${where}`,
        'SELECT register_rows()',
        `UPDATE register SET at = (SELECT at FROM register WHERE entry = 3) WHERE entry = (SELECT max(entry) FROM register)`,
        `UPDATE register SET entry = entry + 1000 WHERE entry > 3 AND entry < (SELECT max(entry) FROM register)`,
      ],
      rechainRegister: true,
      kinds: ['rewritten'],
      names: /register/,
    },
  ]),
  {
    what: 'the keys of callers exchanged, and all hashes of the register',
    sql: [`UPDATE register SET content = '{"mallory": []}' WHERE kind = 'keys'`],
    rechainRegister: true,
    kinds: ['rewritten'],
    names: /register/,
  },
  {
    what: 'the keys of callers removed from the end of the register',
    sql: [`DELETE FROM register WHERE kind = 'keys'`],
    kinds: ['tail_cut'],
    names: /the register had an entry/,
  },
  {
    what: 'the whole register dated back, and all of its hashes',
    sql: [`UPDATE register SET at = at - interval '1 second'`],
    rechainRegister: true,
    kinds: ['rewritten'],
    names: /register/,
  },
  {
    what: 'an entry of the register dated ahead, and all of its hashes',
    sql: [`UPDATE register SET at = at + interval '1 year' WHERE entry = (SELECT max(entry) FROM register)`],
    rechainRegister: true,
    kinds: ['altered', 'rewritten'],
    names: /register/,
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
