import { once } from 'node:events'
import http from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { createCutProxy, until, type ApiAnswer, type CutMoment, type TestDatabase } from '@ordinal/testing'
import { createLedgerDatabase, queryAsAdmin, startSequencer, upTo, valuesIn } from './sequencer'
import { bearer, secret } from './tokens'

const env = { JWT_SECRET: secret }

let database: TestDatabase & { runtimeUrl: string }
let sequencer: Awaited<ReturnType<typeof startSequencer>>
let admin: Record<string, string>

beforeAll(async () => void (admin = await bearer('admin')))
beforeEach(async () => {
  database = await createLedgerDatabase()
  sequencer = await startSequencer(database, env)
})
afterEach(async () => {
  await sequencer.stop()
  await database.drop()
})

interface Options {
  query?: string
  type?: string
  headers?: Record<string, string>
}
const send = (prefix: string, rawBody: string | Uint8Array<ArrayBuffer>, options: Options = {}) =>
  sequencer.api.request({
    method: 'POST',
    path: `/api/v1/sequences/${prefix}/import${options.query ?? ''}`,
    rawBody,
    headers: { 'Content-Type': options.type ?? 'text/csv', ...admin, ...options.headers },
  })
const importCsv = async (prefix: string, lines: string[], query?: string) =>
  (await send(prefix, lines.join('\n'), query === undefined ? {} : { query })).body
const sg = (value: number) => `SG${String(value).padStart(6, '0')}`
const sgFile = (values: number[]) => ['number', ...values.map(sg)]
const next = async (prefix: string, body: object = {}) =>
  (await sequencer.api.post(`/api/v1/next/${prefix}`, body)).body.full_number as string
const outcome = ({ status, body }: ApiAnswer) => [status, body.code]
const states = (prefix: string) =>
  queryAsAdmin<{ value: string; event: string; state: string; number: string; reason: string | null }>(
    database,
    `SELECT value, event, state, number, reason FROM ledger WHERE prefix = $1 ORDER BY period, value, revision`,
    [prefix],
  )
const define = (body: object) => sequencer.api.post('/api/v1/sequences', body, { headers: admin })

const nothingDone = {
  ignored_columns: [],
  dry_run: false,
  complete: true,
  rows: 0,
  imported: 0,
  already_there: 0,
  skipped: 0,
  refused: { total: 0, shown: [] },
  periods: [],
  stopped: null,
}

test('numbers of another system are taken over, with what the file says of them, and issuing goes on above', async () => {
  const file = [
    'number,client_id,generated_by,site_id,partition_id,invoice_type,business_date',
    'INV2025-0001,erp,ada,site-1,partition-a,off-cycle,2025-01-02',
    'INV2025-0002,,,,,,',
    'INV2025-0003,erp,,site-2,partition-b,,2025-12-31',
  ]
  expect(await importCsv('INV', file)).toEqual({
    ...nothingDone,
    prefix: 'INV',
    rows: 3,
    imported: 3,
    periods: [{ period: '2025', imported: 3, skipped: 0, current_counter: 3 }],
  })
  const rows = await queryAsAdmin(
    database,
    `SELECT number, event, state, caller, client_id, generated_by, site_id, partition_id, invoice_type,
            business_date::text FROM ledger ORDER BY value`,
  )
  const common = { event: 'import', state: 'issued', caller: 'ada' }
  const none = { client_id: null, generated_by: null, site_id: null, partition_id: null, invoice_type: null }
  expect(rows).toEqual([
    {
      ...common,
      number: 'INV2025-0001',
      client_id: 'erp',
      generated_by: 'ada',
      site_id: 'site-1',
      partition_id: 'partition-a',
      invoice_type: 'off-cycle',
      business_date: '2025-01-02',
    },
    { ...common, ...none, number: 'INV2025-0002', business_date: null },
    {
      ...common,
      ...none,
      number: 'INV2025-0003',
      client_id: 'erp',
      site_id: 'site-2',
      partition_id: 'partition-b',
      invoice_type: 'on-cycle',
      business_date: '2025-12-31',
    },
  ])
  expect(await next('INV', { business_date: '2025-12-31' })).toBe('INV2025-0004')
  const { body } = await sequencer.api.get('/api/v1/sequence/stats?prefix=INV')
  expect(body).toMatchObject({ issued: 2, in_use: 4, gaps: 0 })
  // An imported number is a number like any other.
  const released = await sequencer.api.post(
    '/api/v1/numbers/INV2025-0001/release',
    { reason: 'cancelled' },
    { headers: admin },
  )
  expect(released.body.state).toBe('free')
  expect((await sequencer.api.get('/api/v1/sequence/stats?prefix=INV')).body.released).toBe(1)
})

test('NDJSON does the same', async () => {
  const body = '{"number":"SG000001","client_id":"erp"}\r\n\n{"number":"SG000002"}\n{"number":"SG000003"}'
  const report = (await send('SG', body, { type: 'application/x-ndjson; charset=UTF-8' })).body
  expect(report).toMatchObject({ rows: 3, imported: 3 })
  expect(await next('SG')).toBe('SG000004')
})

test('a byte order mark, any line ends, blank lines, quotes and spaces make no difference', async () => {
  const csv =
    '\uFEFFclient_id,"number"\r\n"a ""b"", c",SG000001\n\n  erp , SG000002 \r\n,"SG000003"\r,SG000004'
  expect((await send('SG', csv)).body).toMatchObject({ rows: 4, imported: 4, refused: { total: 0 } })
  const clients = await queryAsAdmin(database, 'SELECT client_id FROM ledger ORDER BY value')
  expect(clients).toEqual([
    { client_id: 'a "b", c' },
    { client_id: 'erp' },
    { client_id: null },
    { client_id: null },
  ])
  const json = '\uFEFF{"number":"SG000005"}\r\n'
  expect((await send('SG', json, { type: 'application/x-ndjson' })).body).toMatchObject({ imported: 1 })
})

test('columns may have other names, dates another form, and columns that are not ours are reported', async () => {
  const csv = 'Invoice Number;Date;Amount\nSG000001;1.2.2025;7\nSG000002;31.12.2025;8\nSG000003;12/31/2025;9'
  const columns = `columns=${encodeURIComponent('number:invoice number,business_date:Date')}`
  const options = { type: 'application/vnd.ms-excel', query: `?${columns}&date_format=dd.mm.yyyy` }
  const strict = await send('SG', csv, { ...options, query: `${options.query}&strict=true` })
  expect(outcome(strict)).toEqual([400, 'import_unreadable'])
  expect(strict.body.detail).toContain('Line 1: the column "Amount" is none of number, ')
  expect((await send('SG', csv, options)).body).toMatchObject({
    imported: 2,
    ignored_columns: ['Amount'],
    refused: { total: 1, shown: [{ line: 4 }] },
  })
  const rows = await queryAsAdmin(database, 'SELECT business_date::text AS date FROM ledger ORDER BY value')
  expect(rows).toEqual([{ date: '2025-02-01' }, { date: '2025-12-31' }])
  const american = await send('SG', 'number,business_date\nSG000003,1/2/2025', {
    query: '?date_format=mm/dd/yyyy',
  })
  expect(american.body).toMatchObject({ imported: 1 })
  const twice = ['number:A,number:B', 'number:Invoice No,reason:invoice-no']
  for (const wrong of ['x:y', 'number', 'number:', ...twice])
    expect(outcome(await send('SG', csv, { query: `?columns=${wrong}` }))).toEqual([400, 'validation_failed'])
})

test.each([
  [
    'number,Stauts,reason\nSG000001,cancelled,x',
    '',
    'the column "Stauts" is not known: did you mean "status"?',
  ],
  ['number,Stauts,reason\nSG000001,cancelled,x', '?strict=true', 'did you mean "status"?'],
  ['Numbr,status\nSG000001,issued', '', 'the column "Numbr" is not known: did you mean "number"?'],
  ['number,ClientID\nSG000001,erp', '', 'did you mean "client_id"?'],
])('a column that seems to be misspelt is refused: %j%s', async (csv, query, detail) => {
  const answer = await send('SG', csv, { query })
  expect(outcome(answer)).toEqual([400, 'import_unreadable'])
  expect(answer.body.detail).toContain(detail)
  expect(await valuesIn(database, 'SG')).toEqual([])
})

test('a column is ignored that is near to one which the file has, or has by another name', async () => {
  const csv = 'No,Number,generated_by,reason,Season,status\nSG000001,7,erp,,winter,'
  const answer = await send('SG', csv, { query: '?columns=number:no,client_id:generated_by' })
  expect(answer.body).toMatchObject({ imported: 1, ignored_columns: ['Number', 'Season'] })
  const rows = await queryAsAdmin(database, 'SELECT client_id, generated_by FROM ledger')
  expect(rows).toEqual([{ client_id: 'erp', generated_by: null }])
})

test('numbers that were cancelled are void, with their reason, and the file may come again', async () => {
  const file = [
    'number,status,reason,client_id',
    'SG000001,Issued,,erp',
    'SG000002,cancelled,wrong customer,erp',
    'SG000003,void,,',
    'SG000003,lost,x,',
    'SG000003,,x,',
    'SG000003,,,',
  ]
  const planned = await importCsv('SG', file, '?dry_run=true')
  const done = await importCsv('SG', file)
  expect(planned).toEqual({ ...done, dry_run: true })
  expect(done).toMatchObject({ imported: 3, skipped: 0, refused: { total: 3 } })
  expect((await states('SG')).map(({ state, reason }) => [state, reason])).toEqual([
    ['issued', null],
    ['void', 'wrong customer'],
    ['issued', null],
  ])
  expect(await importCsv('SG', file)).toMatchObject({ imported: 0, already_there: 3 })
  const other = ['number,status,reason', 'SG000001,void,x', 'SG000002,void,x', 'SG000002,,']
  const refused = (await importCsv('SG', other)).refused.shown.map(({ reason }: { reason: string }) => reason)
  expect(refused).toEqual([
    expect.stringContaining('was imported as issued, on '),
    expect.stringContaining('is void already, since '),
    expect.stringContaining('was imported as void, on '),
  ])
  const verified = await sequencer.api.get('/api/v1/audit/verify', { headers: admin })
  expect(verified.body).toMatchObject({ findings: [] })
  expect(await next('SG')).toBe(sg(4))
})

test('a file is read as spreadsheets write it', async () => {
  const csv = [
    ';;;',
    'Number; CLIENT ID ;;Business-Date',
    'SG000001;"a, b";;2025-01-02',
    ';;;',
    'SG000002;;;;;',
    'SG000003;;x;',
    'SG000004',
  ]
  expect((await send('SG', csv.join('\r\n'))).body).toMatchObject({
    rows: 4,
    imported: 2,
    refused: {
      shown: [
        { line: 6, number: sg(3), reason: 'has a value in column 3, which has no name' },
        { line: 7, number: sg(4), reason: 'has 1 fields, and the line of the columns has 4' },
      ],
    },
  })
  const rows = await queryAsAdmin(
    database,
    'SELECT client_id, business_date::text FROM ledger ORDER BY value',
  )
  expect(rows).toEqual([
    { client_id: 'a, b', business_date: '2025-01-02' },
    { client_id: null, business_date: null },
  ])
  expect((await send('SG', 'client_id\tnumber\na;b,c\tSG000003\n')).body).toMatchObject({ imported: 1 })
})

test.each([
  ['', 'The file is empty; its first line names the columns'],
  ['\n\n', 'The file is empty; its first line names the columns'],
  ['SG000001\nSG000002', 'Line 1: there is no column "number"; the columns are number, client_id'],
  ['number|client_id\nSG000001|erp', 'Line 1: there is no column "number"'],
  [';;\n;;\n', 'The file is empty; its first line names the columns'],
  ['number;Number\nSG000001;SG000001', 'Line 1: the column "Number" comes twice'],
  ['client_id\nerp', 'Line 1: there is no column "number"'],
  ['number,number\nSG000001,SG000001', 'Line 1: the column "number" comes twice'],
  ['number\n"SG000001"x', 'at line 2'],
  ['number\n"SG000001', 'at line 2'],
  [`number\n${'x'.repeat(70_000)}`, 'Max Record Size'],
  [Buffer.from('number\nSG00000\xff', 'latin1'), 'The file is not in UTF-8'],
])('as CSV %.30j is refused, and nothing is imported', async (body, detail) => {
  const answer = await send('SG', typeof body === 'string' ? body : new Uint8Array(body))
  expect(outcome(answer)).toEqual([400, 'import_unreadable'])
  expect(answer.body.detail).toContain(detail)
  expect(await valuesIn(database, 'SG')).toEqual([])
})

test.each([
  ['', 'The file is empty'],
  ['\n\r\n', 'The file is empty'],
  ['x'.repeat(70_000), 'Line 1 has more than 65536 characters'],
])('as NDJSON %.30j is refused', async (body, detail) => {
  const answer = await send('SG', body, { type: 'application/x-ndjson' })
  expect(outcome(answer)).toEqual([400, 'import_unreadable'])
  expect(answer.body.detail).toContain(detail)
})

test.each([
  [{ type: 'application/json' }],
  [{ type: 'text/plain' }],
  [{ type: 'text/csv; charset=iso-8859-1' }],
  [{ headers: { 'Content-Encoding': 'gzip' } }],
])('%j is another form than is taken', async (options) => {
  expect(outcome(await send('SG', 'number\nSG000001', options))).toEqual([415, 'unsupported_media_type'])
  expect(await valuesIn(database, 'SG')).toEqual([])
})

test('a file with a header and no number does nothing', async () => {
  expect(await importCsv('SG', ['number'])).toEqual({ ...nothingDone, prefix: 'SG' })
})

test('what cannot be imported is reported with its line and the reason, and the rest is imported', async () => {
  await next('INV', { business_date: '2024-05-05' })
  const report = await importCsv('INV', [
    'number,client_id,site_id,partition_id,invoice_type,business_date',
    'INV2025-0001,"erp\n(old)",,,,',
    'INV2025-0001,erp,,,,',
    'INV2025-002,erp,,,,',
    'inv2025-0002,erp,,,,',
    'INV2025-0002,erp',
    'INV2025-0002,erp,site-9,p,,',
    'INV2025-0002,erp,site-1,,,',
    'INV2025-0002,erp,,,suppressed,',
    'INV2025-0002,erp,,,,2026-01-01',
    'INV2025-0002,erp,,,,2025-02-30',
    ',erp,,,,',
    'INV2024-0001,erp,,,,',
    'INV2025-0002,erp,,,,2025-02-28',
  ])
  expect(report).toMatchObject({ rows: 13, imported: 2, complete: true })
  // Line 2 has a line break in its text, and a control character is no name of a client.
  expect(report.refused.total).toBe(11)
  expect(report.refused.shown).toEqual([
    { line: 3, number: 'INV2025-0001', reason: 'client_id: must not contain control characters' },
    { line: 5, number: 'INV2025-002', reason: 'is not of the form {prefix}{YYYY}-{seq:4}' },
    { line: 6, number: 'inv2025-0002', reason: 'is not of the form {prefix}{YYYY}-{seq:4}' },
    { line: 7, number: 'INV2025-0002', reason: 'has 2 fields, and the line of the columns has 6' },
    { line: 8, number: 'INV2025-0002', reason: 'there is no site site-9' },
    { line: 9, number: 'INV2025-0002', reason: 'partition_id: site_id and partition_id go together' },
    expect.objectContaining({ line: 10, number: 'INV2025-0002' }),
    { line: 11, number: 'INV2025-0002', reason: 'on 2026-01-01 it would have another form or period' },
    expect.objectContaining({ line: 12, number: 'INV2025-0002' }),
    expect.objectContaining({ line: 13, number: '' }),
    { line: 14, number: 'INV2024-0001', reason: expect.stringContaining('was issued here, on ') },
  ])
})

test('values ascend within a period: what comes a second time or too late is refused', async () => {
  const report = await importCsv('SG', sgFile([1, 2, 2, 1, 3]))
  expect(report).toMatchObject({ imported: 3 })
  expect(report.refused.shown).toEqual([
    { line: 4, number: sg(2), reason: 'comes a second time' },
    {
      line: 5,
      number: sg(1),
      reason: 'comes after the value 2: sort the file by the value, within each period',
    },
  ])
})

test('a number that would leave a hole is refused, unless the caller says that there are holes', async () => {
  const file = sgFile([1, 2, 5, 6])
  const refused = await importCsv('SG', file)
  expect(refused).toMatchObject({ imported: 2, skipped: 0, refused: { total: 2 } })
  expect(refused.refused.shown[0]).toEqual({
    line: 4,
    number: sg(5),
    reason: 'would leave out 2 values before it, and max_hole is 0',
  })
  expect(await importCsv('SG', file, '?max_hole=2')).toEqual({
    ...nothingDone,
    prefix: 'SG',
    rows: 4,
    imported: 2,
    already_there: 2,
    skipped: 2,
    periods: [{ period: '', imported: 2, skipped: 2, current_counter: 6 }],
  })
  const left = { event: 'skip', state: 'void', reason: 'not among the imported numbers' }
  const taken = { event: 'import', state: 'issued', reason: null }
  expect(await states('SG')).toEqual([
    { value: '1', ...taken, number: sg(1) },
    { value: '2', ...taken, number: sg(2) },
    { value: '3', ...left, number: sg(3) },
    { value: '4', ...left, number: sg(4) },
    { value: '5', ...taken, number: sg(5) },
    { value: '6', ...taken, number: sg(6) },
  ])
  const gaps = (await sequencer.api.get('/api/v1/gaps/SG')).body.data
  expect(gaps.map(({ counter }: { counter: number }) => counter)).toEqual([3, 4])
  // Void is void: no later file brings it back.
  expect((await importCsv('SG', sgFile([3]))).refused.shown).toEqual([
    { line: 2, number: sg(3), reason: expect.stringContaining('is void since') },
  ])
  expect(await next('SG')).toBe(sg(7))
})

test('values before the first imported one are on record, or the start value is raised before', async () => {
  const file = ['number', 'A500']
  await define({ prefix: 'A', template: '{prefix}{seq}' })
  expect((await importCsv('A', file)).refused.total).toBe(1)
  expect(await importCsv('A', file, '?max_hole=499')).toMatchObject({ imported: 1, skipped: 499 })
  expect(await valuesIn(database, 'A')).toEqual(upTo(500))

  await define({ prefix: 'B', template: '{prefix}{seq}', start: 500 })
  expect((await importCsv('B', ['number', 'B499'])).refused.shown).toEqual([
    { line: 2, number: 'B499', reason: 'is below the first value of its period, 500' },
  ])
  expect(await importCsv('B', ['number', 'B500', 'B501'])).toMatchObject({ imported: 2, skipped: 0 })
  expect(await valuesIn(database, 'B')).toEqual([500, 501])
})

test('a line that cannot be read makes no value void: corrected, its number is imported', async () => {
  const file = (date: string) => [
    'number,business_date',
    `${sg(1)},`,
    `${sg(3)},`,
    `${sg(4)},${date}`,
    `${sg(5)},`,
  ]
  expect(await importCsv('SG', file('01.07.2026'), '?max_hole=10')).toMatchObject({
    imported: 2,
    skipped: 1,
    refused: {
      total: 2,
      shown: [
        { line: 4, number: sg(4) },
        {
          line: 5,
          number: sg(5),
          reason:
            'would leave out 1 values before it, of which line 4 may have one: correct that, and import the file again',
        },
      ],
    },
  })
  expect(await importCsv('SG', file('2026-07-01'), '?max_hole=10')).toMatchObject({
    imported: 2,
    already_there: 2,
    skipped: 0,
    refused: { total: 0 },
  })
  expect((await states('SG')).map(({ value, event }) => [Number(value), event])).toEqual([
    [1, 'import'],
    [2, 'skip'],
    [3, 'import'],
    [4, 'import'],
    [5, 'import'],
  ])
})

test('the widest hole is 10,000 values, and takes several statements', async () => {
  expect(outcome(await send('SG', 'number', { query: '?max_hole=10001' }))).toEqual([
    400,
    'validation_failed',
  ])
  const report = await importCsv('SG', sgFile([10_001, 20_003, 20_004]), '?max_hole=10000')
  expect(report).toMatchObject({ imported: 1, skipped: 10_000 })
  expect(report.refused.shown.map(({ reason }: { reason: string }) => reason)).toEqual([
    'would leave out 10001 values before it, and max_hole is 10000',
    'would leave out 10002 values before it, and max_hole is 10000',
  ])
  expect(await valuesIn(database, 'SG')).toEqual(upTo(10_001))
  const batches = await queryAsAdmin<{ rows: number }>(database, 'SELECT rows FROM batches ORDER BY batch')
  expect(batches.map(({ rows }) => rows)).toEqual([4000, 4000, 2001])
})

test('one import leaves out 100,000 values at most; the next goes on', async () => {
  const values = upTo(12).map((n) => n * 9_001)
  const first = await importCsv('SG', sgFile(values), '?max_hole=9000')
  expect(first).toMatchObject({ imported: 11, skipped: 99_000, refused: { total: 1 } })
  expect(first.refused.shown[0].reason).toContain('more values than one import may in all')
  const second = await importCsv('SG', sgFile(values), '?max_hole=9000')
  expect(second).toMatchObject({ already_there: 11, imported: 1, skipped: 9_000, refused: { total: 0 } })
})

test('a dry run reports what would be done, and does nothing', async () => {
  await importCsv('SG', sgFile([1, 2]))
  const file = sgFile([2, 3, 6, 6, 5, 7])
  const planned = await importCsv('SG', file, '?max_hole=5&dry_run=true')
  expect(await valuesIn(database, 'SG')).toEqual([1, 2])
  const done = await importCsv('SG', file, '?max_hole=5')
  expect(planned).toEqual({ ...done, dry_run: true })
  expect(done).toMatchObject({ imported: 3, skipped: 2, already_there: 1, refused: { total: 2 } })
})

test('a file that was imported is found, whoever sends it again', async () => {
  const file = sgFile(upTo(2500))
  expect(await importCsv('SG', file)).toMatchObject({ imported: 2500, already_there: 0 })
  const again = await send('SG', file.join('\n'), { headers: await bearer('admin', 'grace') })
  expect(again.body).toMatchObject({ imported: 0, already_there: 2500, skipped: 0, refused: { total: 0 } })
  expect(await valuesIn(database, 'SG')).toEqual(upTo(2500))
  // Also one that was released since.
  await sequencer.api.post(`/api/v1/numbers/${sg(7)}/release`, { reason: 'x' })
  expect(await importCsv('SG', sgFile([7]))).toMatchObject({ already_there: 1, refused: { total: 0 } })
})

test('each period has its own counter, in whatever order their numbers come', async () => {
  await define({
    prefix: 'M',
    template: '{prefix}{YYYY}{MM}-{seq:3}',
    reset: 'monthly',
    business_date_past_days: null,
  })
  const lines = upTo(40).flatMap((value) =>
    ['01', '02', '12'].map((month) => `M2025${month}-${String(value).padStart(3, '0')}`),
  )
  expect(await importCsv('M', ['number', ...lines])).toMatchObject({
    imported: 120,
    periods: ['2025-01', '2025-02', '2025-12'].map((period) => ({
      period,
      imported: 40,
      skipped: 0,
      current_counter: 40,
    })),
  })
  const batches = await queryAsAdmin(database, 'SELECT DISTINCT number_head FROM batches ORDER BY 1')
  expect(batches.map(({ number_head }: { number_head?: string }) => number_head)).toEqual([
    'M202501-',
    'M202502-',
    'M202512-',
  ])
  expect(await next('M', { business_date: '2025-12-24' })).toBe('M202512-041')
})

test('within a period numbers of several dates follow each other', async () => {
  await define({ prefix: 'Y', template: '{prefix}{YYYY}{MM}-{seq}', reset: 'yearly' })
  const file = ['number', 'Y202501-1', 'Y202502-2', 'Y202501-3', 'Y202512-6']
  expect(await importCsv('Y', file, '?max_hole=2')).toMatchObject({ imported: 4, skipped: 2 })
  expect((await states('Y')).map(({ number }) => number)).toEqual([
    'Y202501-1',
    'Y202502-2',
    'Y202501-3',
    'Y202512-4',
    'Y202512-5',
    'Y202512-6',
  ])
})

test('a file that breaks off is imported up to there, the report says where, and once mended it goes on', async () => {
  const good = sgFile(upTo(1500))
  const report = await importCsv('SG', [...good, '"SG001501"x', sg(1502)])
  expect(report).toMatchObject({
    complete: false,
    rows: 1500,
    imported: 1500,
    stopped: { code: 'import_unreadable', detail: expect.stringContaining('line 1502') },
  })
  expect(await valuesIn(database, 'SG')).toEqual(upTo(1500))
  expect(await importCsv('SG', sgFile(upTo(1502)))).toMatchObject({
    complete: true,
    imported: 2,
    already_there: 1500,
  })
})

test('a line of NDJSON that is none is refused, and the others are imported', async () => {
  const body = [sg(1), 'x', sg(2)].map((number) =>
    number === 'x' ? '{"number":' : JSON.stringify({ number }),
  )
  const others = ['null', '7', '[]', '{"number":7}', '{"number":"SG000003","state":"void"}']
  const report = (await send('SG', [...body, ...others].join('\n'), { type: 'application/x-ndjson' })).body
  expect(report).toMatchObject({ imported: 2, refused: { total: 6 } })
  expect(report.refused.shown[0]).toEqual({ line: 2, number: '', reason: 'is no JSON' })
  expect(report.refused.shown.map(({ line }: { line: number }) => line)).toEqual([2, 4, 5, 6, 7, 8])
})

test('of very many refused lines the first hundred are shown, in order', async () => {
  const report = await importCsv('SG', sgFile(upTo(5000).map((n) => n + 1)))
  expect(report.refused.total).toBe(5000)
  const lines = report.refused.shown.map(({ line }: { line: number }) => line)
  expect(lines).toEqual(upTo(101).slice(1))
})

/** An import whose body the test sends piece by piece. */
function open(prefix: string, query = '') {
  const request = http.request(`${sequencer.url}/api/v1/sequences/${prefix}/import${query}`, {
    method: 'POST',
    headers: { 'Content-Type': 'text/csv', ...admin },
  })
  const answer = once(request, 'response').then(async ([response]: http.IncomingMessage[]) => {
    let text = ''
    for await (const chunk of response!) text += String(chunk)
    return { status: response!.statusCode, body: JSON.parse(text) }
  })
  answer.catch(() => {})
  request.write('number\n')
  return {
    request,
    answer,
    write: (values: number[]) => request.write(values.map((value) => `${sg(value)}\n`).join('')),
  }
}
const lastValue = async (prefix: string) => {
  const [row] = await queryAsAdmin<{ max: string | null }>(
    database,
    'SELECT max(last_value) FROM counters WHERE prefix = $1',
    [prefix],
  )
  return Number(row!.max)
}

test('a connection that is cut leaves what came whole, never half a line; the file goes on when it is sent again', async () => {
  const { request, write } = open('SG')
  write(upTo(1500))
  await until(async () => (await lastValue('SG')) === 1000)
  // A part of SG0015010, say.
  request.write('SG001501')
  await sleep(50)
  request.destroy()
  await until(async () => (await lastValue('SG')) === 1500)
  expect(await valuesIn(database, 'SG')).toEqual(upTo(1500))
  expect(await importCsv('SG', sgFile(upTo(3000)))).toMatchObject({
    complete: true,
    imported: 1500,
    already_there: 1500,
  })
  expect(await valuesIn(database, 'SG')).toEqual(upTo(3000))
})

test('of two imports of one file at once each says what it did, and together they did it once', async () => {
  const file = sgFile(upTo(5000))
  const [a, b] = await Promise.all([importCsv('SG', file), importCsv('SG', file)])
  expect(a.imported + b.imported).toBe(5000)
  for (const { imported, already_there, refused, complete } of [a, b])
    expect([imported + already_there, refused.total, complete]).toEqual([5000, 0, true])
  expect(await valuesIn(database, 'SG')).toEqual(upTo(5000))
})

test('issuing goes on in other periods and sequences; in the same period nothing is given twice', async () => {
  let importing = true
  const got: string[] = []
  const client = async () => {
    while (importing) got.push(await next('INV', { business_date: '2026-01-01' }))
  }
  const { request, answer } = open('INV')
  const write = (values: number[]) =>
    request.write(values.map((value) => `INV2025-${String(value).padStart(4, '0')}\n`).join(''))
  write(upTo(2500))
  await until(async () => (await lastValue('INV')) === 2000)
  const clients = upTo(4).map(client)
  // While some of the file was imported and some was not.
  await until(() => got.length > 20)
  write(upTo(5000).slice(2500))
  request.end()
  const { body } = await answer
  importing = false
  await Promise.all(clients)
  expect(body).toMatchObject({ complete: true, imported: 5000 })
  expect(new Set(got).size).toBe(got.length)
})

test('an import into a period in which numbers are issued gives none of them away', async () => {
  const { request, answer, write } = open('SG')
  write(upTo(1500))
  await until(async () => (await lastValue('SG')) === 1000)
  expect(await next('SG')).toBe(sg(1001))
  write(upTo(2500).slice(1500))
  request.end()
  const { body } = await answer
  expect(body).toMatchObject({ imported: 2499, complete: true, refused: { total: 1 } })
  expect(body.refused.shown[0]).toMatchObject({
    number: sg(1001),
    reason: expect.stringContaining('issued here'),
  })
  expect(await valuesIn(database, 'SG')).toEqual(upTo(2500))
})

test('an import ends when the rules change under it, and says so', async () => {
  const { request, answer, write } = open('SG')
  write(upTo(1500))
  await until(async () => (await lastValue('SG')) === 1000)
  await sequencer.api.put('/api/v1/sequences/SG', { template: '{prefix}-{seq:6}' }, { headers: admin })
  write(upTo(2000).slice(1500))
  request.end()
  expect((await answer).body).toMatchObject({
    complete: false,
    imported: 1000,
    stopped: { code: 'rules_changed' },
  })
  expect(await next('SG')).toBe('SG-001001')
})

test('a client that sends faster than the database writes is made to wait', async () => {
  await next('SG')
  const blocker = new Client(database.url)
  await blocker.connect()
  await blocker.query('BEGIN')
  await blocker.query(`SELECT FROM counters WHERE prefix = 'SG' FOR UPDATE`)
  const { request, answer } = open('SG')
  const line = `${sg(2)}\n`.repeat(10_000)
  let taken = 0
  for (let stalled = false; !stalled && taken < 200_000_000;) {
    taken += line.length
    if (!request.write(line))
      stalled = !(await Promise.race([once(request, 'drain'), sleep(1_500, undefined)]))
  }
  // The rest waits at the sender: the socket's buffers, and a chunk or two here.
  expect(taken).toBeLessThan(20_000_000)
  await blocker.query('COMMIT')
  await blocker.end()
  request.end()
  expect((await answer).body).toMatchObject({ complete: true, imported: 1 })
})

test('100,000 numbers go in with a statement for each thousand', async () => {
  const n = 100_000
  const body = sgFile(upTo(n)).join('\n')
  expect(body.length).toBeGreaterThan(800_000) // beyond the limit on the body of any other request
  expect((await send('SG', body)).body).toMatchObject({ imported: n, refused: { total: 0 } })
  const [counts] = await queryAsAdmin<{ batches: string; values: string }>(
    database,
    'SELECT (SELECT count(*) FROM batches) AS batches, (SELECT count(DISTINCT value) FROM ledger) AS values',
  )
  expect(counts).toEqual({ batches: String(n / 1000), values: String(n) })
})

describe('with a connection that is cut', () => {
  test.each<[CutMoment]>([['before'], ['after'], ['silence']])(
    '%s the database got a piece, every number is imported once, and counted once',
    async (moment) => {
      const url = new URL(database.runtimeUrl)
      const proxy = await createCutProxy({ host: url.hostname, port: Number(url.port) })
      url.port = String(proxy.port)
      const cut = await startSequencer({ url: database.url, runtimeUrl: url.href }, env)
      // A statement small enough to go in one piece: what comes after the text would be dropped.
      proxy.cutAt(`import ${sg(75)}`, moment)
      const { body } = await cut.api.request({
        method: 'POST',
        path: '/api/v1/sequences/SG/import?max_hole=10',
        rawBody: sgFile(upTo(100).filter((n) => n % 10 > 2)).join('\n'),
        headers: { 'Content-Type': 'text/csv', ...admin },
      })
      expect(proxy.cuts).toBe(1)
      expect(body).toMatchObject({ stopped: null, complete: true, already_there: 0, refused: { total: 0 } })
      expect(body.imported + body.skipped).toBe((await valuesIn(database, 'SG')).length)
      expect(await valuesIn(database, 'SG')).toEqual(upTo(99))
      await cut.stop()
      await proxy.close()
    },
  )
})

test('only an administrator imports, and only into a sequence that is in use', async () => {
  for (const role of ['viewer', 'operator'] as const)
    expect(outcome(await send('SG', 'number\nSG000001', { headers: await bearer(role) }))).toEqual([
      403,
      'role_too_low',
    ])
  const anonymous = await sequencer.api.request({
    method: 'POST',
    path: '/api/v1/sequences/SG/import',
    rawBody: 'number\nSG000001',
    headers: { 'Content-Type': 'text/csv' },
  })
  expect(outcome(anonymous)).toEqual([401, 'authentication_required'])
  expect(outcome(await send('NONE', 'number\nNONE1'))).toEqual([404, 'sequence_not_found'])
  await sequencer.api.delete('/api/v1/sequences/SG', { headers: admin })
  expect(outcome(await send('SG', 'number\nSG000001'))).toEqual([404, 'sequence_not_found'])
  expect(await valuesIn(database, 'SG')).toEqual([])
})

test('a key of the form that imports use cannot be given by a caller', async () => {
  const key = { headers: { 'Idempotency-Key': `import ${sg(1)}` } }
  expect(outcome(await sequencer.api.post('/api/v1/next/SG', {}, key))).toEqual([
    400,
    'invalid_idempotency_key',
  ])
})

test('every link of the chain names the events and their requests', async () => {
  await importCsv('SG', sgFile([1, 4]), '?max_hole=2')
  const keys = await queryAsAdmin(
    database,
    'SELECT idempotency_key, item, position FROM ledger ORDER BY value',
  )
  expect(keys).toEqual([
    { idempotency_key: `import ${sg(1)}`, item: 0, position: 1 },
    { idempotency_key: `skip ${sg(2)}`, item: 0, position: 2 },
    { idempotency_key: `skip ${sg(2)}`, item: 1, position: 3 },
    { idempotency_key: `import ${sg(4)}`, item: 0, position: 4 },
  ])
})
