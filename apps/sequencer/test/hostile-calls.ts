import fc from 'fast-check'

// What the role of the service may call, with arguments that nobody gives who means well.

const prefixes = fc.constantFrom('DEFAULT', 'ORD', 'PO', 'DEFAULT', 'ORD', 'X', 'Y', 'NONE', null)
const hostileText = fc.oneof(
  fc.constantFrom('', 'NaN', 'x\u001fCy', '\u001f', '{}', 'null', "'; --", 'a b', 'ü€😀', null),
  fc.string({ maxLength: 20 }).map((text) => text.replaceAll('\0', '')),
)
const hostileDate = fc.constantFrom(
  null,
  null,
  null,
  '2026-11-28',
  '1900-01-01',
  'infinity',
  '0044-03-15 BC',
  '9999-12-31',
  '2025-12-31',
)
const numbers = fc.constantFrom(1, 1, 2, 5, 0, -1, 2_147_483_647, null)
const events = [
  'issue',
  'issue',
  'issue',
  'reserve',
  'suppress',
  'import',
  'skip',
  'confirm',
  'release',
  'expire',
  'void',
  null,
] as const

const requestOf = (...event: (string | null)[]) =>
  fc.record({
    event: fc.constantFrom(...event),
    caller: fc.oneof(fc.constant('mallory'), hostileText),
    key: fc.oneof(fc.uuid(), fc.uuid(), fc.constantFrom('same', 'same2'), hostileText),
    count: fc.constantFrom(1, 1, 1, 2, 5, 0, -1, 2_147_483_647, null),
    value: fc.constantFrom(null, 1, -5),
    number: hostileText,
    hold_seconds: fc.constantFrom(null, null, null, 60, 0, -1, 2_147_483_647),
    client_id: hostileText,
    generated_by: hostileText,
    site_id: fc.oneof(fc.constant(null), hostileText),
    partition_id: fc.oneof(fc.constant(null), hostileText),
    invoice_type: fc.oneof(fc.constant(null), hostileText),
    business_date: hostileDate,
    reason: fc.oneof(fc.constant('a reason'), hostileText),
    request_id: hostileText,
  })
/** A change of a number that there is. */
const sane = (event: string) =>
  fc.uuid().map((key) => ({ event, caller: 'mallory', key, count: 1, reason: 'a reason', request_id: 'r' }))

const templates = fc.constantFrom(
  '{seq}',
  'RE-{seq:4}',
  'RE-{seq:5}',
  'R{YYYY}-{seq}',
  'R2026-{seq:3}',
  '{prefix}{seq}',
  '{prefix}{YYYY}{MM}-{seq}',
  '{prefix}{YYYY}{MM}-{seq:4}',
  '{seq}{seq}',
  '.*{seq}',
)

const validRules = {
  version: -7,
  reset: 'never',
  timeZone: 'UTC',
  fiscalYearStart: 1,
  gapPolicy: 'strict',
  window: 60,
  past: 366,
  end: null,
  warnAt: null,
  chronological: false,
  createdBy: 'mallory',
  known: true,
}

/** A call, and what it is given. "next", "current" and "known" are what they are when it is made. */
export interface Call {
  sql: string
  values: unknown[]
}

const requestsSql = (nth: number) =>
  `(SELECT array_agg(r) FROM jsonb_populate_recordset(NULL::public.ledger_request, $${nth}) r)`
const latest = `(SELECT max(s.version) FROM public.sequences s WHERE s.prefix = $1)`
const version = (nth: number, more = 0) =>
  `CASE $${nth}::int WHEN -7 THEN coalesce(${latest}, 0) + ${more} ELSE $${nth}::int END`
const versions = fc.constantFrom(-7, -7, -7, -7, 1, 0, null)

const keyIds = fc.constantFrom('AAAAAAAAAAAA', 'BBBBBBBBBBBB', 'CCCCCCCCCCCC', 'short', '', null)
const hostileTime = fc.constantFrom(null, null, '2099-01-01T00:00:00Z', '2020-01-01T00:00:00Z', 'infinity')

/** A generator for each function that can write, and that the role may call. One that is missing fails the test. */
export const callsOf: Record<string, fc.Arbitrary<Call>> = {
  add_api_key: fc
    .record({
      id: fc.oneof(
        fc.uuid().map((id) => id.replaceAll('-', '').slice(0, 12)),
        keyIds,
      ),
      name: fc.oneof({ weight: 4, arbitrary: fc.constantFrom('shop', 'mallory') }, hostileText),
      sha256: fc.oneof(
        fc.uuid().map((id) => id.replaceAll('-', '').repeat(2)),
        hostileText,
      ),
      scopes: fc.constantFrom(null, ['orders:read'], [], [null], ['*']),
      expiresAt: hostileTime,
      replaces: fc.oneof(fc.constant(null), keyIds),
      replacedVersion: numbers,
      overlap: numbers,
      idempotencyKey: fc.constantFrom(null, null, 'same', ''),
      fingerprint: hostileText,
      by: hostileText,
      reason: hostileText,
      requestId: hostileText,
    })
    .map((key) => ({
      sql: 'SELECT * FROM public.add_api_key($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)',
      values: Object.values(key),
    })),
  change_api_key: fc
    .record({
      id: fc.oneof(fc.constant('real'), fc.constant('real'), keyIds),
      version: versions,
      expiresAt: hostileTime,
      active: fc.constantFrom(true, true, false, null),
      by: fc.oneof(fc.constant('mallory'), hostileText),
      reason: hostileText,
      requestId: hostileText,
    })
    .map((change) => ({
      // A key that there is, and its next version.
      sql: `SELECT c.* FROM (SELECT id, max(version) AS version FROM public.api_keys GROUP BY id ORDER BY random() LIMIT 1) k,
            LATERAL public.change_api_key(CASE $1 WHEN 'real' THEN k.id ELSE $1 END,
              CASE $2::int WHEN -7 THEN k.version + 1 ELSE $2::int END, $3, $4, $5, $6, $7) c`,
      values: Object.values(change),
    })),
  note_api_key_uses: fc
    .tuple(fc.array(keyIds, { maxLength: 3 }), fc.array(hostileTime, { maxLength: 3 }))
    .map((values) => ({ sql: 'SELECT public.note_api_key_uses($1, $2)', values })),
  issue_numbers: fc
    .tuple(
      prefixes,
      versions,
      hostileDate,
      fc.array(fc.oneof(requestOf(...events), sane('issue')), { maxLength: 4 }),
      fc.constantFrom(true, false, null),
      fc.constantFrom(null, null, null, 1, 5, -1),
    )
    .map(([prefix, its, date, requests, lookUp, expected]) => ({
      sql: `SELECT * FROM public.issue_numbers($1, ${version(2)}, $3, ${requestsSql(4)}, $5, $6)`,
      values: [prefix, its, date, JSON.stringify(requests), lookUp, expected],
    })),
  issue_many: fc
    .tuple(
      fc.array(fc.tuple(prefixes, fc.oneof(requestOf(...events), sane('issue'), sane('issue'))), {
        maxLength: 6,
      }),
      versions,
      fc.constantFrom(true, false, null),
    )
    .map(([requests, its, lookUp]) => ({
      sql: `SELECT * FROM public.issue_many($1, ARRAY(SELECT ${version(2).replaceAll('$1', 'p')} FROM unnest($1::text[]) p), ${requestsSql(3)}, $4)`,
      values: [
        requests.map(([prefix]) => prefix),
        its,
        JSON.stringify(requests.map(([, request]) => request)),
        lookUp,
      ],
    })),
  change_numbers: fc
    .tuple(
      prefixes,
      fc.constantFrom('real', 'real', '', '2026', 'HACK', null),
      versions,
      fc.array(
        fc.oneof(
          requestOf(...events),
          ...['confirm', 'release', 'void', 'expire'].map((event) => sane(event)),
        ),
        { maxLength: 4 },
      ),
      fc.array(fc.constantFrom('person', 'person', 'machine', 'none', 'god', null), { maxLength: 5 }),
      fc.constantFrom(true, false, null),
    )
    .map(([prefix, period, its, requests, authorities, lookUp]) => ({
      // Those without a number are about one that there is.
      sql: `SELECT c.* FROM (SELECT l.period, l.value, l.number FROM public.ledger l WHERE l.prefix = $1 ORDER BY random() LIMIT 1) p,
            LATERAL public.change_numbers($1, CASE $2 WHEN 'real' THEN p.period ELSE $2 END, ${version(3)},
              (SELECT array_agg(jsonb_populate_record(NULL::public.ledger_request,
                        jsonb_build_object('value', p.value, 'number', p.number) || r))
               FROM jsonb_array_elements($4::jsonb) r), $5, $6) c`,
      values: [prefix, period, its, JSON.stringify(requests), authorities, lookUp],
    })),
  close_period: fc
    .tuple(
      fc.oneof(
        {
          weight: 6,
          arbitrary: fc.tuple(
            prefixes,
            fc.constantFrom(
              ...[
                '',
                '2026',
                '2026-11',
                '2027',
                '2025',
                'FY2026',
                '2026-Q4',
                '2026-02-31',
                '2024-W53',
                'HACK',
              ],
              null,
            ),
          ),
        },
        {
          weight: 1,
          arbitrary: fc.constantFrom<[string, string][]>(['ORD', '2025'], ['ORD', '2024'], ['PO', '2025-12']),
        },
      ),
      hostileText,
    )
    .map(([[prefix, period], reason]) => ({
      sql: `SELECT public.close_period($1, $2, 'm', $3, 'q')`,
      values: [prefix, period, reason],
    })),
  add_rules: fc
    .record({
      prefix: prefixes,
      version: fc.constantFrom(-7, -7, -7, -7, 1, 0, null),
      template: fc.oneof({ weight: 5, arbitrary: templates }, { weight: 1, arbitrary: hostileText }),
      reset: fc.constantFrom('never', 'never', 'yearly', 'monthly', 'weekly', 'daily', 'hourly', null),
      timeZone: fc.constantFrom('UTC', 'UTC', 'Europe/Berlin', 'Mars', null),
      fiscalYearStart: fc.constantFrom(1, 1, 4, 13, 406),
      start: fc.constantFrom(1, 1, 1, 5, 0, '9007199254740991', '9223372036854775807'),
      gapPolicy: fc.constantFrom('recycle', 'strict', 'strict', 'x'),
      window: fc.constantFrom(60, 0, -1),
      sealedTo: fc.constantFrom(null, null, 'mallory', 'anonymous'),
      allowOverlap: fc.constantFrom(false, false, false, true, null),
      past: fc.constantFrom(null, 0, 366, -1),
      future: fc.constantFrom(null, 31),
      active: fc.constantFrom(true, true, true, false, null),
      createdBy: hostileText,
      reason: hostileText,
      requestId: hostileText,
      end: fc.constantFrom(null, null, null, 1, 5, 20, -1),
      warnAt: fc.constantFrom(null, null, null, '1', '10%', 'x'),
      chronological: fc.constantFrom(false, false, true, null),
      known: fc.constantFrom(true, true, false, null),
    })
    .chain((rules) =>
      // Half of the time all but a few are sound.
      fc.constantFrom({}, validRules).map((valid) => ({ ...rules, ...valid })),
    )
    .map(({ known, ...rules }) => ({
      sql: `SELECT public.add_rules($1, ${version(2, 1)}, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
              ${known ? '(SELECT count(*) FROM public.sequences)' : known === null ? 'NULL' : '3'}, $18, $19, $20)`,
      values: Object.values(rules),
    })),
  add_site: fc
    .record({
      site: fc.oneof(fc.constantFrom('site-1', 'site-9'), hostileText),
      version: numbers,
      partitions: fc.oneof(
        fc.constant(['a']),
        fc.array(
          fc.string({ maxLength: 5 }).map((text) => text.replaceAll('\0', '')),
          { maxLength: 3 },
        ),
      ),
      simulation: fc.boolean(),
      active: fc.boolean(),
      by: hostileText,
      reason: hostileText,
      requestId: hostileText,
    })
    .map((site) => ({
      sql: 'SELECT public.add_site($1, $2, $3, $4, $5, $6, $7, $8)',
      values: Object.values(site),
    })),
  register_keys: fc
    .oneof(
      fc.dictionary(fc.constantFrom('shop', 'till'), fc.constant(['5e'.repeat(32)])),
      fc.jsonValue(),
      fc.constant(null),
    )
    .map((keys) => ({
      sql: 'SELECT public.register_keys($1)',
      values: [JSON.stringify(keys).replaceAll('\\u0000', '')],
    })),
}

/** Settings, locks and objects that need no right to a function of the schema. */
export const sessionCalls = fc
  .constantFrom(
    "SET timezone = 'Pacific/Kiritimati'",
    "SET datestyle = 'SQL, DMY'",
    'SET search_path = pg_temp, public',
    'SET bytea_output = escape',
    'SET extra_float_digits = -15',
    'SET enable_indexscan = off',
    'SET standard_conforming_strings = off',
    'SET transform_null_equals = on',
    'SET session_replication_role = replica',
    "SELECT set_config('session_replication_role', 'replica', false)",
    "SELECT set_config('search_path', 'pg_temp', false)",
    "SELECT set_config('client_encoding', 'LATIN1', false)",
    "SELECT set_config('default_transaction_isolation', 'serializable', false)",
    'SET default_transaction_read_only = on',
    'SET default_transaction_deferrable = on',
    'SET row_security = off',
    'SET plan_cache_mode = force_custom_plan',
    'SET synchronous_commit = off',
    'SELECT pg_advisory_lock_shared(1)',
    'SELECT pg_advisory_xact_lock(2)',
    'SELECT lo_create(0)',
    "SELECT lo_from_bytea(0, 'x')",
    'CREATE TEMP TABLE ledger (number text)',
    'CREATE TABLE public.mine (number text)',
    "CREATE FUNCTION public.sha256(bytea) RETURNS bytea LANGUAGE sql AS 'SELECT $1'",
    "CREATE FUNCTION pg_temp.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS 'SELECT now()'",
    'CREATE TRIGGER mine AFTER INSERT ON public.ledger EXECUTE FUNCTION refuse_change()',
    'LISTEN numbers',
    "NOTIFY numbers, 'x'",
    "PREPARE TRANSACTION 'mine'",
    'DECLARE mine CURSOR WITH HOLD FOR SELECT * FROM public.ledger',
    'LOCK TABLE public.counters IN ROW SHARE MODE',
    'LOCK TABLE public.frames',
    'SELECT FROM public.counters FOR UPDATE',
    'SELECT FROM public.sequences FOR KEY SHARE',
    "COPY public.ledger FROM PROGRAM 'true'",
    "COMMENT ON TABLE public.ledger IS 'mine'",
    'SET SESSION AUTHORIZATION postgres',
    'SET ROLE postgres',
    'ALTER TABLE public.ledger DISABLE TRIGGER ALL',
    'DROP FUNCTION public.issue_numbers',
    'BEGIN ISOLATION LEVEL REPEATABLE READ',
    'BEGIN',
    'SAVEPOINT a',
    'ROLLBACK TO a',
    'COMMIT',
    'ROLLBACK',
    'DISCARD ALL',
    'RESET ALL',
    'RESET ALL',
  )
  .map((sql): Call => ({ sql, values: [] }))

/** Values of a type, for functions that only read. */
export const valuesOfType: Record<string, fc.Arbitrary<unknown>> = {
  text: hostileText,
  integer: numbers,
  bigint: numbers,
  boolean: fc.constantFrom(true, false, null),
  date: hostileDate,
  'timestamp with time zone': fc.constantFrom('2026-11-28T12:00Z', 'infinity', null),
  bytea: fc.constantFrom('x', null),
  slot: fc.constantFrom('("",x,1,"")', '("",,,)', null),
  sequences: fc.constant(null),
  batches: fc.constant(null),
  ledger_request: fc.constant(null),
  'ledger_request[]': fc.constantFrom('{}', null),
}
