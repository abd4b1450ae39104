import { readFileSync } from 'node:fs'
import path from 'node:path'
import { Readable } from 'node:stream'
import { Client } from 'pg'
import { readCheckpoint, verifyExport } from '@ordinal/audit'
import { comesToHold, createCutProxy, until, type TestDatabase } from '@ordinal/testing'
import { listCursors } from '../src/audit/schemas'
import { createInstance } from './instance'
import { writeLedger } from './ledger-of-all-kinds'
import { createLedgerDatabase, queryAsAdmin, startSequencer, upTo } from './sequencer'
import { newSigningKey } from './signing-key'
import { bearer, secret } from './tokens'

let database: TestDatabase & { runtimeUrl: string }
let sequencer: Awaited<ReturnType<typeof startSequencer>>
let headers: Record<string, string>

beforeAll(async () => {
  headers = await bearer('viewer')
})
beforeEach(async () => {
  database = await createLedgerDatabase()
  sequencer = await startSequencer(database, { JWT_SECRET: secret, SEQUENCER_SIGNING_KEY: newSigningKey() })
})
afterEach(async () => {
  await sequencer.stop()
  await database.drop()
})

const get = async (path: string) => (await sequencer.api.get(path, { headers })).body

interface Row {
  prefix: string
  period: string
  batch: number
  position: number
  value: number
  event: string
}
const placeOf = ({ prefix, period, batch, position }: Row) => `${prefix}/${period}/${batch}/${position}`

/** All rows as the tables have them, by counter and place. */
const ledgerRows = () =>
  queryAsAdmin<Record<string, unknown>>(
    database,
    `SELECT prefix, period, batch::int, position, value::int, revision, event, state, number, caller, idempotency_key,
            item, hold_seconds, client_id, generated_by, site_id, partition_id, invoice_type, business_date::text, reason,
            request_id, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at
     FROM ledger ORDER BY prefix, period, batch, position`,
  )

/** Follows the feed until it has nothing more: what was committed may come a moment later. */
async function follow(after: string, pageSize: number) {
  const rows: Row[] = []
  for (;;) {
    const { data, pagination } = await get(`/api/v1/audit?after=${after}&page_size=${pageSize}`)
    rows.push(...data)
    after = pagination.next_cursor
    if (data.length === 0) return { rows, after }
  }
}

/** Follows the feed until it has had so many rows. Any transaction on the server holds back what was committed after it began. */
async function followRows(count: number, after: string, pageSize: number) {
  const all: Row[] = []
  await until(async () => {
    const { rows, after: next } = await follow(after, pageSize)
    all.push(...rows)
    after = next
    return all.length >= count
  })
  return { rows: all, after }
}

describe('the list', () => {
  beforeEach(() => writeLedger(database.runtimeUrl))

  test('has every row with all of its columns, the newest first, page by page', async () => {
    const rows: Row[] = []
    let cursor = ''
    do {
      const page = await get(`/api/v1/audit?page_size=7${cursor && `&cursor=${cursor}`}`)
      rows.push(...page.data)
      cursor = page.pagination.next_cursor
    } while (cursor)
    const sorted = [...rows].sort(
      (a, b) =>
        a.prefix.localeCompare(b.prefix) ||
        a.period.localeCompare(b.period) ||
        a.batch - b.batch ||
        a.position - b.position,
    )
    expect(sorted).toEqual(await ledgerRows())
    expect(rows[0]).toMatchObject({ client_id: 'client-5' })
    expect(rows.at(-1)).toMatchObject({ client_id: 'erp' })
  })

  test.each([
    ['prefix=INV', `prefix = 'INV'`],
    ['prefix=INV&period=2019', `period = '2019'`],
    ['prefix=SG&period=', `prefix = 'SG'`],
    ['state=void', `state = 'void'`],
    ['event=release', `event = 'release'`],
    ['number=SG000001', `number = 'SG000001'`],
    ['client_id=erp', `client_id = 'erp'`],
    ['generated_by=ada', `generated_by = 'ada'`],
    ['site_id=site-1', `site_id = 'site-1'`],
    ['invoice_type=suppressed', `invoice_type = 'suppressed'`],
    ['request_id=r', `request_id = 'r'`],
    ['caller=shop', `caller = 'shop'`],
    ['caller=shop&event=issue&prefix=SG', `caller = 'shop' AND event = 'issue' AND prefix = 'SG'`],
    ['from=2020-01-01T00:00:00Z&to=2999-01-01T00:00:00%2B02:00', 'true'],
    ['to=2020-01-01T00:00:00Z', 'false'],
  ])('may be asked for %s', async (query, condition) => {
    const [{ count }] = (await queryAsAdmin<{ count: string }>(
      database,
      `SELECT count(*) FROM ledger WHERE ${condition}`,
    )) as [{ count: string }]
    const { data } = await get(`/api/v1/audit?page_size=1000&${query}`)
    expect(data).toHaveLength(Number(count))
  })

  test('a search that takes too long is refused, and says what to do', async () => {
    const admin = new Client(database.adminUrl)
    await admin.connect()
    await admin.query('BEGIN; LOCK TABLE ledger')
    const { status, body } = await sequencer.api.get('/api/v1/audit?client_id=nobody', { headers })
    await admin.end()
    expect([status, body.code]).toEqual([422, 'search_too_long'])
  })

  test.each([
    ['cursor=nonsense', 'query.cursor'],
    ['after=nonsense', 'query.after'],
    [`after=${Buffer.from('[1,"\\u0000","",1,1]').toString('base64url')}`, 'query.after'],
    ['period=%00', 'query.period'],
    ['after=0&prefix=SG', 'query.prefix'],
    ['after=0&cursor=WzBd', 'query.cursor'],
    [`after=${Buffer.from('[0,"","",0,0]').toString('base64url')}`, 'query.after'],
    ['from=yesterday', 'query.from'],
    ['page_size=1001', 'query.page_size'],
    ['state=lost', 'query.state'],
  ])('%s is refused', async (query, path) => {
    const { status, body } = await sequencer.api.get(`/api/v1/audit?${query}`, { headers })
    expect([status, body.errors[0].path]).toEqual([400, path])
  })
})

test('a cursor of the list leads on in no other list, nor with other filters, nor in the feed or the stream', async () => {
  await writeLedger(database.runtimeUrl)
  const listed = (await get('/api/v1/audit?page_size=1&prefix=SG')).pagination.next_cursor as string
  const fed = (await get('/api/v1/audit?after=0&page_size=1')).pagination.next_cursor as string
  expect((await get(`/api/v1/audit?page_size=1&prefix=SG&cursor=${listed}`)).data).toHaveLength(1)
  const refused = async (path: string) => (await sequencer.api.get(path, { headers })).body.errors?.[0].path
  expect(await refused(`/api/v1/audit?cursor=${listed}`)).toBe('query.cursor')
  expect(await refused(`/api/v1/audit?prefix=INV&cursor=${listed}`)).toBe('query.cursor')
  expect(await refused(`/api/v1/audit?cursor=${fed}`)).toBe('query.cursor')
  expect(await refused(`/api/v1/audit?after=${listed}`)).toBe('query.after')
  expect(await refused(`/api/v1/stream?last_event_id=${listed}`)).toBe('query.last_event_id')
  expect(await refused(`/api/v1/gaps/SG?cursor=${listed}`)).toBe('query.cursor')
})

describe('the feed', () => {
  test('of an empty ledger has no rows, and a cursor to go on with', async () => {
    const first = await get('/api/v1/audit?after=0')
    expect(first).toEqual({ data: [], pagination: { page_size: 100, next_cursor: '0' } })
    await writeLedger(database.runtimeUrl)
    const written = (await ledgerRows()).length
    const { rows, after } = await followRows(written, '0', 3)
    expect(rows).toHaveLength(written)
    expect((await get(`/api/v1/audit?after=${after}`)).pagination.next_cursor).toBe(after)
    await sequencer.api.post('/api/v1/next/SG')
    expect((await followRows(1, after, 3)).rows).toHaveLength(1)
  })

  test('gives every row once and each counter in its order, while two instances issue and transactions commit late', async () => {
    // A commit of SG in four is held back for up to 80 ms, after it has got its place.
    await queryAsAdmin(
      database,
      `CREATE FUNCTION delay_some() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         IF random() < 0.25 THEN PERFORM pg_sleep(random() * 0.08); END IF;
         RETURN NULL;
       END $$`,
    )
    await queryAsAdmin(
      database,
      `CREATE CONSTRAINT TRIGGER late AFTER INSERT ON batches DEFERRABLE INITIALLY DEFERRED
       FOR EACH ROW EXECUTE FUNCTION delay_some()`,
    )
    const instances = [createInstance(database.runtimeUrl), createInstance(database.runtimeUrl)]
    let issuing = true
    let issued = 0
    let pagesWhileIssuing = 0
    const clients = ['SG', 'GLOBAL', 'DEFAULT', 'INV'].flatMap((prefix) =>
      instances.map(async ({ issue }, index) => {
        for (let n = 1; n <= 60 || pagesWhileIssuing <= 3; n += 1) {
          const count = (n % 3) + 1
          await issue({ prefix, count, client_id: `${index}` })
          issued += count
        }
      }),
    )
    const followed: Row[] = []
    const reader = (async () => {
      let after = '0'
      while (issuing) {
        const { rows, after: next } = await follow(after, 20)
        followed.push(...rows)
        after = next
        if (rows.length > 0) pagesWhileIssuing += 1
      }
      followed.push(...(await followRows(issued - followed.length, after, 20)).rows)
    })()
    await Promise.all(clients)
    issuing = false
    await reader
    await Promise.all(instances.map(({ close }) => close()))

    expect(pagesWhileIssuing).toBeGreaterThan(3)
    const places = followed.map(placeOf)
    expect(new Set(places).size).toBe(places.length)
    const rows = (await ledgerRows()) as unknown as Row[]
    expect(rows).toHaveLength(issued)
    for (const prefix of ['SG', 'GLOBAL', 'DEFAULT', 'INV']) {
      const of = (all: Row[]) => all.filter((row) => row.prefix === prefix).map(placeOf)
      expect(of(followed)).toEqual(of(rows))
    }
  })

  test('waits for a transaction that is under way, and then has its rows', async () => {
    await sequencer.api.post('/api/v1/next/SG')
    const { after } = await followRows(1, '0', 10)
    const writer = new Client(database.adminUrl)
    await writer.connect()
    await writer.query('BEGIN; SELECT pg_current_xact_id()')
    await sequencer.api.post('/api/v1/next/GLOBAL')
    // It could still write something that belongs before that row.
    expect((await follow(after, 10)).rows).toEqual([])
    await writer.query('COMMIT')
    await writer.end()
    expect((await followRows(1, after, 10)).rows).toMatchObject([{ prefix: 'GLOBAL' }])
  })
})

test('after a restore on a server whose transactions begin again, the owner numbers the places anew, as documented', async () => {
  await writeLedger(database.runtimeUrl)
  const [, documented] = /```sql\n(BEGIN;.*?)```/s.exec(
    readFileSync(path.join(__dirname, '../../../docs/audit.md'), 'utf8'),
  )!
  const owner = new Client(database.url)
  await owner.connect()
  await owner.query(
    documented!.replaceAll('SET feed = 1', 'SET feed = feed + 1000000').replace('ENABLE ALWAYS', 'ENABLE'),
  )
  expect((await follow('0', 1000)).rows).toEqual([])
  await owner.query(documented!)
  await expect(owner.query('UPDATE batches SET feed = 2')).rejects.toThrow('is append-only')
  await owner.end()
  await sequencer.api.post('/api/v1/next/SG')
  const written = (await ledgerRows()).length
  expect((await followRows(written, '0', 1000)).rows).toHaveLength(written)
  expect(await get('/api/v1/audit/verify')).toMatchObject({ fits: true, findings: [] })
})

const lines = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

describe('the export', () => {
  beforeEach(() => writeLedger(database.runtimeUrl))

  test('as NDJSON is the ledger: every row, batch and counter, and a last line that counts them', async () => {
    const answer = await sequencer.api.get('/api/v1/audit/export', { headers })
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename="ordinal-audit.ndjson"')
    const records = lines(answer.body)
    const entries = records.filter(({ type }) => type === 'entry').map(({ type: _, ...row }) => row)
    expect(entries).toEqual(await ledgerRows())
    const [counted] = await queryAsAdmin(
      database,
      `SELECT (SELECT count(*)::int FROM counters) AS counters, (SELECT count(*)::int FROM batches) AS batches,
              (SELECT count(*)::int FROM ledger) AS entries,
              (SELECT count(*)::int FROM register) * 2 - count(*)::int AS register
       FROM register WHERE kind = 'keys'`,
    )
    expect(records.at(-1)).toEqual({ type: 'end', ...counted })
    expect(records[0]).toMatchObject({ type: 'export', format: 'ordinal-export-v2', prefix: null })
  })

  test('as CSV is the rows, in a form that a spreadsheet does not take for formulas', async () => {
    await sequencer.api.post('/api/v1/next/SG', {
      client_id: '=HYPERLINK("http://x","y")',
      generated_by: 'a, b',
    })
    const answer = await sequencer.api.get('/api/v1/audit/export?format=csv&prefix=SG', { headers })
    const table = (answer.body as string).split('\r\n')
    expect(table[0]).toMatch(/^prefix,period,value,revision,event,state,number,batch,position,/)
    expect(table.at(-2)).toContain(`,"'=HYPERLINK(""http://x"",""y"")","a, b",`)
    const [{ count }] = (await queryAsAdmin<{ count: string }>(
      database,
      `SELECT count(*) FROM ledger WHERE prefix = 'SG'`,
    )) as [{ count: string }]
    expect(table).toHaveLength(Number(count) + 2)
  })

  test('as CSV begins with a byte order mark if that is asked for, and NDJSON never does', async () => {
    const start = async (query: string) => {
      const answer = await fetch(`${sequencer.url}/api/v1/audit/export?prefix=SG&${query}`, { headers })
      return Buffer.from(await answer.arrayBuffer()).subarray(0, 9)
    }
    expect(await start('format=csv&bom=true')).toEqual(Buffer.from('\uFEFFprefix'))
    expect(await start('format=csv')).toEqual(Buffer.from('prefix,pe'))
    const refused = await sequencer.api.get('/api/v1/audit/export?bom=true', { headers })
    expect([refused.status, refused.body.errors]).toEqual([
      400,
      [{ path: 'query.bom', message: 'goes with format=csv only' }],
    ])
  })

  test('may be of a sequence, a period, or a stretch of time; each part can be verified by itself', async () => {
    const [{ at }] = (await queryAsAdmin<{ at: Date }>(
      database,
      `SELECT at FROM ledger WHERE client_id = 'client-3'`,
    )) as [{ at: Date }]
    for (const [query, counters] of [
      ['prefix=SG', 1],
      ['prefix=INV', 2],
      ['prefix=INV&period=2019', 1],
      [`from=${at.toISOString()}`, 1],
      [`to=${at.toISOString()}`, 4],
      ['to=2020-01-01T00:00:00Z', 0],
    ] as const) {
      const text = (await get(`/api/v1/audit/export?${query}`)) as string
      const report = await verifyExport(linesOf(text))
      expect([query, report.findings, report.counters]).toEqual([query, [], counters])
    }
    const { body: late } = await sequencer.api.get(`/api/v1/audit/export?from=${at.toISOString()}`, {
      headers,
    })
    // A Date has no microseconds, so whoever came in the same millisecond belongs to it as well.
    const since = await queryAsAdmin<{ client_id: string }>(
      database,
      'SELECT client_id FROM ledger WHERE client_id IS NOT NULL AND at >= $1 ORDER BY at',
      [at],
    )
    const clients = lines(late).flatMap(({ client_id }) => (client_id ? [client_id] : []))
    expect(clients).toEqual(since.map(({ client_id }) => client_id))
    expect(clients).toEqual(expect.arrayContaining(['client-3', 'client-4', 'client-5']))
  })

  test('what is issued while it is made is not in it, and it fits all the same', async () => {
    const instance = createInstance(database.runtimeUrl)
    let exporting = true
    const issuing = (async () => {
      while (exporting) await instance.issue({ count: 50 })
    })()
    const report = await verifyExport(linesOf(await get('/api/v1/audit/export')))
    exporting = false
    await issuing
    await instance.close()
    expect(report).toMatchObject({ fits: true, counters: 4 })
  })

  test('a client that goes away in the middle leaves no connection checked out', async () => {
    const instance = createInstance(database.runtimeUrl)
    await Promise.all(upTo(60).map(() => instance.issue({ count: 1000 })))
    await instance.close()
    const controller = new AbortController()
    const answer = await fetch(`${sequencer.url}/api/v1/audit/export`, { headers, signal: controller.signal })
    const reader = answer.body!.getReader()
    await reader.read()
    controller.abort()
    // What the service does by itself has one for a moment, too.
    let inUse = Infinity
    await until(async () => {
      const { total, idle, waiting } = (await sequencer.api.get('/metrics/db')).body
      inUse = total - idle + waiting
      return inUse === 0
    })
    expect(inUse).toBe(0)
    // It was not sent to its end, and that is no failure.
    const logged = () => sequencer.lines.join('')
    await until(() => /"path":"\/api\/v1\/audit\/export".*"aborted":true/.test(logged()))
    expect(logged()).not.toContain('request failed')
  })

  test('an instance makes four at a time, two for one caller, and the next when one of them has ended, however that was', async () => {
    const instance = createInstance(database.runtimeUrl)
    await Promise.all(upTo(60).map(() => instance.issue({ count: 1000 })))
    await instance.close()
    const leaving = new AbortController()
    const others = await bearer('viewer', 'bob')
    // Nobody reads them, so they stay open: the ledger is longer than what the connections hold.
    const open = await Promise.all(
      upTo(4).map((n) =>
        fetch(`${sequencer.url}/api/v1/audit/export`, {
          headers: n <= 2 ? headers : others,
          ...(n === 1 && { signal: leaving.signal }),
        }),
      ),
    )
    expect(open.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    const third = await bearer('viewer', 'carl')
    const ask = (headers: Record<string, string> = third) =>
      sequencer.api.get('/api/v1/audit/export?to=1999-01-01T00:00:00Z', { headers })
    const beyond = await ask(headers)
    expect([beyond.status, beyond.body.code]).toEqual([429, 'too_many_open'])
    const refused = await ask()
    expect([refused.status, refused.body.code]).toEqual([409, 'exports_under_way'])
    expect(refused.headers.get('retry-after')).toBe('10')
    leaving.abort()
    await until(async () => (await ask()).status === 200)
    for (const answer of open.slice(1)) expect(await answer.text()).toMatch(/"type":"end".*\n$/)
    await until(async () =>
      (await Promise.all([third, third, headers, headers].map(ask))).every(({ status }) => status === 200),
    )
  })

  test('is 503 when the database is away before it begins', async () => {
    const url = new URL(database.runtimeUrl)
    const proxy = await createCutProxy({ host: url.hostname, port: Number(url.port) })
    url.port = String(proxy.port)
    const other = await startSequencer({ ...database, runtimeUrl: url.href }, { JWT_SECRET: secret })
    await proxy.close()
    const { status, body } = await other.api.get('/api/v1/audit/export', { headers })
    await other.stop()
    expect([status, body.code]).toEqual([503, 'database_unavailable'])
  })
})

const linesOf = (text: string) => Readable.from(text.split('\n')) as AsyncIterable<string>

test('the ledger is verified while numbers are issued, and each time it fits', async () => {
  await writeLedger(database.runtimeUrl)
  const instance = createInstance(database.runtimeUrl)
  let verifying = true
  let issued = 0
  const reports: Awaited<ReturnType<typeof get>>[] = []
  const clients = upTo(8).map(async (n) => {
    while (verifying) {
      // On a slow machine a ledger may grow faster than it is verified.
      await comesToHold(() => !verifying || issued < 200 * (reports.length + 1), 30_000)
      const { numbers } = await instance.issue({
        event: 'reserve',
        hold_seconds: 60,
        count: 3,
        site_id: `site-${n}`,
      })
      const step = { prefix: 'SG', period: '', caller: 'shop', request_id: 'r' }
      await instance.change({ ...step, ...numbers[0]!, event: 'confirm' })
      await instance.change({ ...step, ...numbers[1]!, event: 'release' })
      issued += 1
    }
  })
  while (reports.length < 10 || issued <= 10) reports.push(await get('/api/v1/audit/verify'))
  verifying = false
  await Promise.all(clients)
  await instance.close()
  expect(reports.map(({ code, findings }) => code ?? findings)).toEqual(reports.map(() => []))
  expect(reports.at(-1)?.rows).toBeGreaterThan(reports[0].rows)
})

test('a ledger that PostgreSQL has no statistics of yet is verified without reading it again for each row', async () => {
  await queryAsAdmin(database, 'ALTER TABLE ledger SET (autovacuum_enabled = false)')
  const instance = createInstance(database.runtimeUrl)
  for (const site_id of ['a', 'b', 'c', 'd']) {
    const { numbers } = await instance.issue({ event: 'reserve', hold_seconds: 60, count: 500, site_id })
    const step = { prefix: 'SG', period: '', caller: 'shop', request_id: 'r', event: 'release' as const }
    await Promise.all(numbers.map((number) => instance.change({ ...step, ...number })))
  }
  await instance.close()
  // A connection adds what it has read to the statistics when it ends, a moment after it was closed.
  await until(async () => {
    const open = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'test'`
    return (await queryAsAdmin(database, open)).length === 0
  })
  const rowsRead = async () => {
    const [sum] = await queryAsAdmin<{ read: number }>(
      database,
      `SELECT sum(idx_tup_read)::int AS read FROM pg_stat_user_indexes WHERE relname = 'ledger'`,
    )
    return sum!.read
  }
  const before = await rowsRead()
  const { rows, findings } = await get('/api/v1/audit/verify')
  expect([rows, findings]).toEqual([4000, []])
  // The statistics of a connection are there a second after it was used, or ten if it is idle from then on.
  await until(async () => (await rowsRead()) >= before + rows, 30_000)
  const read = (await rowsRead()) - before
  expect(read).toBeGreaterThanOrEqual(rows)
  expect(read).toBeLessThan(10 * rows)
})

test('a cursor is refused that a caller made for a position which no batch can have', () => {
  const made = (position: number) => listCursors.write([1, 'SG', '', 1, position])
  expect(listCursors.read(made(2 ** 31 - 1))).toHaveLength(5)
  expect(() => listCursors.read(made(2 ** 31))).toThrow('is no cursor of this list')
})

test('one verification at a time: another one is refused, with the time to come again', async () => {
  await writeLedger(database.runtimeUrl)
  const admin = new Client(database.adminUrl)
  await admin.connect()
  await admin.query('BEGIN; LOCK TABLE ledger')
  const first = sequencer.api.get('/api/v1/audit/verify', { headers })
  await until(async () => {
    const { rows } = await admin.query(
      `SELECT FROM pg_locks WHERE NOT granted AND relation = 'ledger'::regclass`,
    )
    return rows.length > 0
  })
  const second = await sequencer.api.get('/api/v1/audit/verify', { headers })
  await admin.end()
  expect([second.status, second.body.code, second.headers.get('retry-after')]).toEqual([
    409,
    'verification_under_way',
    '10',
  ])
  expect((await first).body.fits).toBe(true)
  expect((await get('/api/v1/audit/verify')).fits).toBe(true)
})

describe('checkpoints', () => {
  beforeEach(() => writeLedger(database.runtimeUrl))

  test('are signed, and others can check them with the public key', async () => {
    const { at, heads, root, checkpoint } = await get('/api/v1/audit/checkpoints')
    const { keys } = await get('/api/v1/audit/keys')
    expect(keys).toEqual([
      {
        kty: 'OKP',
        crv: 'Ed25519',
        alg: 'EdDSA',
        use: 'sig',
        x: expect.any(String),
        kid: expect.any(String),
      },
    ])
    expect(await readCheckpoint(checkpoint, keys)).toEqual({
      type: 'ordinal-checkpoint-v2',
      at,
      feed: expect.any(Number),
      prefix: null,
      period: null,
      counters: 4,
      root,
      register: { entry: expect.any(Number), hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
      heads,
    })
    expect(heads.map(({ prefix, period }: Row) => `${prefix}/${period}`)).toEqual([
      'GLOBAL/',
      'INV/2019',
      'INV/2020',
      'SG/',
    ])
    const one = await get('/api/v1/audit/checkpoints?prefix=INV&period=2019')
    expect(one.heads).toEqual([heads[1]])
  })

  test('a checkpoint that was changed, or is signed by another key, or is another token, is refused', async () => {
    const { checkpoint } = (await get('/api/v1/audit/checkpoints')) as { checkpoint: string }
    const [head, payload, signature] = checkpoint.split('.') as [string, string, string]
    const changed = Buffer.from(payload, 'base64url').toString().replace('"batch":1,', '"batch":2,')
    const other = await startSequencer(database, {
      JWT_SECRET: secret,
      SEQUENCER_SIGNING_KEY: newSigningKey(),
    })
    const { body } = await other.api.get('/api/v1/audit/checkpoints', { headers })
    await other.stop()
    for (const sent of [
      [head, Buffer.from(changed).toString('base64url'), signature].join('.'),
      body.checkpoint,
      headers.Authorization!.slice(7),
      'nonsense',
    ]) {
      const refused = await sequencer.api.post('/api/v1/audit/verify', { checkpoint: sent }, { headers })
      expect([refused.status, refused.body.code]).toEqual([422, 'checkpoint_invalid'])
    }
  })

  test('without a key nothing is signed, and the answer names the variable', async () => {
    const other = await startSequencer(database, { JWT_SECRET: secret })
    const { status, body } = await other.api.get('/api/v1/audit/checkpoints', { headers })
    const keys = await other.api.get('/api/v1/audit/keys')
    await other.stop()
    expect([status, body.code]).toEqual([501, 'signing_key_missing'])
    expect(body.detail).toContain('SEQUENCER_SIGNING_KEY')
    expect(keys.body).toEqual({ keys: [] })
  })

  test('one is written into the log, for whoever keeps that', async () => {
    const other = await startSequencer(database, {
      JWT_SECRET: secret,
      SEQUENCER_SIGNING_KEY: newSigningKey(),
    })
    const checkpoints = () =>
      other.lines.map((line) => JSON.parse(line)).filter(({ message }) => message === 'checkpoint')
    await until(() => checkpoints().length > 0)
    const { body } = await other.api.get('/api/v1/audit/keys')
    await other.stop()
    const { heads } = await readCheckpoint(checkpoints()[0].checkpoint, body.keys)
    expect([heads!.length, checkpoints()[0].counters]).toEqual([4, 4])
  })
})

describe('an export, verified offline', () => {
  let text: string
  beforeEach(async () => {
    await writeLedger(database.runtimeUrl)
    text = await get('/api/v1/audit/export')
  })
  const check = (changed: string) => verifyExport(linesOf(changed))

  test('fits, by itself and with a checkpoint', async () => {
    const { checkpoint } = await get('/api/v1/audit/checkpoints')
    const { keys } = await get('/api/v1/audit/keys')
    const report = await verifyExport(linesOf(text), [await readCheckpoint(checkpoint, keys)])
    expect(report).toMatchObject({
      fits: true,
      findings: [],
      counters: 4,
      heads: { compared: 4, outside: 0 },
    })
    const part = await verifyExport(linesOf(await get('/api/v1/audit/export?prefix=INV')), [
      await readCheckpoint(checkpoint, keys),
    ])
    expect(part).toMatchObject({ fits: true, heads: { compared: 2, outside: 2 } })
  })

  test.each<[string, RegExp, string, string]>([
    ['a client', /"client_id":"client-2"/, '"client_id":"other"', 'altered'],
    ['a number', /"number":"SG000001"/, '"number":"SG000002"', 'altered'],
    ['a state', /"event":"void","state":"void"/, '"event":"void","state":"free"', 'altered'],
    ['a reason', /"reason":"not needed"/, '"reason":"needed"', 'altered'],
    ['the hash of a counter', /"head":"[0-9a-f]{8}/, '"head":"00000000', 'rewritten'],
    ['the last value of a counter', /"last_value":3/, '"last_value":4', 'derived'],
  ])('reports that %s was altered', async (_, from, to, kind) => {
    expect(text).toMatch(from)
    expect((await check(text.replace(from, to))).findings[0]).toMatchObject({ kind })
  })

  test('reports what the values were before, with no ledger to ask', async () => {
    // The step that confirmed a number that was never reserved: its hash is that of another request.
    const changed = text.replace(/"event":"confirm"/, '"event":"void"')
    expect((await check(changed)).fits).toBe(false)
    const withoutReserve = text.replace(/\{"type":"entry"[^\n]*"event":"reserve"[^\n]*\n/, '')
    const counted = withoutReserve.replace(/"entries":(\d+)/, (_, n) => `"entries":${Number(n) - 1}`)
    expect((await check(counted)).findings[0]).toMatchObject({ kind: 'missing' })
  })

  test('refuses a file that was cut off, or is none', async () => {
    const all = text.trimEnd().split('\n')
    await expect(check(all.slice(0, -1).join('\n'))).rejects.toThrow('the last line is missing')
    await expect(check([...all.slice(0, -2), all.at(-1)].join('\n'))).rejects.toThrow(
      /says that it has \d+ entries/,
    )
    await expect(check('hello')).rejects.toThrow('line 1 is not one of an export: hello')
    await expect(check('')).rejects.toThrow('the file is empty')
    await expect(check(all.slice(1).join('\n'))).rejects.toThrow('the first line is not that of an export')
  })
})

test('the audit is for viewers; the public keys are for everybody', async () => {
  for (const [method, path] of [
    ['GET', '/api/v1/audit'],
    ['GET', '/api/v1/audit/export'],
    ['GET', '/api/v1/audit/verify'],
    ['POST', '/api/v1/audit/verify'],
    ['GET', '/api/v1/audit/checkpoints'],
    ['GET', '/api/v1/stream'],
  ] as const) {
    const { status } = await sequencer.api.request({
      method,
      path,
      ...(method === 'POST' && { body: { checkpoint: 'x' } }),
    })
    expect([path, status]).toEqual([path, 401])
  }
  expect((await sequencer.api.get('/api/v1/audit/keys')).status).toBe(200)
})

test.each([
  'verify?prefix=TYPO',
  'verify?prefix=SG&period=1999',
  'checkpoints?prefix=TYPO',
  'export?prefix=TYPO',
])('%s, where nothing was issued, is 404 and proves nothing', async (path) => {
  const { status, body } = await sequencer.api.get(`/api/v1/audit/${path}`, { headers })
  expect([status, body.code]).toEqual([404, 'sequence_not_found'])
})
