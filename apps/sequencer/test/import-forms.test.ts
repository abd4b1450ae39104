import http from 'node:http'
import fc from 'fast-check'
import { until, type ApiAnswer, type TestDatabase } from '@ordinal/testing'
import { fileOfForm } from '../src/imports/form'
import { createLedgerDatabase, startSequencer, upTo, valuesIn } from './sequencer'
import { bearer, secret } from './tokens'

let database: TestDatabase & { runtimeUrl: string }
let sequencer: Awaited<ReturnType<typeof startSequencer>>
let admin: Record<string, string>

beforeAll(async () => void (admin = await bearer('admin')))
beforeEach(async () => {
  database = await createLedgerDatabase()
  sequencer = await startSequencer(database, { JWT_SECRET: secret })
})
afterEach(async () => {
  await sequencer.stop()
  await database.drop()
})

const send = (type: string, rawBody: string | Uint8Array<ArrayBuffer>, query = '') =>
  sequencer.api.request({
    method: 'POST',
    path: `/api/v1/sequences/SG/import${query}`,
    rawBody,
    headers: { ...admin, 'Content-Type': type },
  })
const sg = (value: number) => `SG${String(value).padStart(6, '0')}`
const csv = ['number', ...upTo(3).map(sg)].join('\n')
const file = (text: string, name: string, type = '') => new File([text], name, { type })
const outcome = ({ status, body }: ApiAnswer) => [status, body.code]

/** What a browser or `curl -F` sends. */
async function encoded(parts: readonly [name: string, value: File | string][]) {
  const form = new FormData()
  for (const [name, value] of parts) form.append(name, value)
  const sent = new Response(form)
  return { type: sent.headers.get('content-type')!, bytes: new Uint8Array(await sent.arrayBuffer()) }
}
async function sendForm(parts: readonly [string, File | string][], query = '') {
  const { type, bytes } = await encoded(parts)
  return send(type, bytes, query)
}

test.each([
  ['text/csv', file(csv, 'numbers', 'text/csv')],
  ['as Windows calls CSV', file(csv.replaceAll('\n', '\r\n'), 'a.csv', 'application/vnd.ms-excel')],
  ['of no type, by its name', file(csv, 'Numbers 2025.CSV')],
  ['with tabs', file(csv.replaceAll(',', '\t'), 'a.tsv', 'text/tab-separated-values')],
  ['text/plain, by its name', file(csv, 'numbers.txt', 'text/plain')],
  [
    'NDJSON, by its name',
    file(
      upTo(3)
        .map((n) => `{"number":"${sg(n)}"}`)
        .join('\n'),
      'a.jsonl',
    ),
  ],
])('a form with a file that is %s is imported as the file', async (_what, one) => {
  const { body } = await sendForm([['file', one]])
  expect(body).toMatchObject({ complete: true, rows: 3, imported: 3, refused: { total: 0 } })
  expect(await valuesIn(database, 'SG')).toEqual([1, 2, 3])
})

test('the options of the URL hold for the file of a form', async () => {
  const one = file('Invoice Number;Date;Amount\nSG000001;1.2.2025;7', 'a.csv', 'text/csv')
  const query = '?columns=number:Invoice%20Number,business_date:Date&date_format=dd.mm.yyyy'
  expect((await sendForm([['upload', one]], `${query}&strict=true`)).body.detail).toContain('"Amount"')
  expect((await sendForm([['upload', one]], query)).body).toMatchObject({
    imported: 1,
    ignored_columns: ['Amount'],
  })
})

const one: [string, File] = ['file', file(csv, 'a.csv', 'text/csv')]
test.each<[string, [string, File | string][], string]>([
  ['no file', [], 'no file'],
  ['two files', [one, one], 'more than one file'],
  ['a field after the file', [one, ['strict', 'true']], 'a field beside its file'],
  ['a field before the file', [['strict', 'true'], one], 'a field beside its file'],
  ['a field only', [['file', csv]], 'a field beside its file'],
])('a form with %s is refused, and nothing is imported', async (_what, parts, detail) => {
  const answer = await sendForm(parts)
  expect(outcome(answer)).toEqual([400, 'import_unreadable'])
  expect(answer.body.detail).toContain(detail)
  expect(await valuesIn(database, 'SG')).toEqual([])
})

test.each([
  ['a type that is not taken', file(csv, 'a.pdf', 'application/pdf')],
  ['no type and another ending', file(csv, 'a.xlsx')],
])('a file with %s is 415', async (_what, other) => {
  expect(outcome(await sendForm([['file', other]]))).toEqual([415, 'unsupported_media_type'])
})

test('a form in which no file was chosen has none', async () => {
  const { status, body } = await sendForm([['file', file('', '')]])
  expect([status, body.detail]).toEqual([400, 'The form has no file: choose one'])
})

test.each([
  ['without a boundary', 'multipart/form-data', 'x'],
  ['that is cut off', 'multipart/form-data; boundary=b', '--b\r\nContent-Disposition: form-data; na'],
  [
    'whose file is cut off',
    'multipart/form-data; boundary=b',
    '--b\r\nContent-Disposition: form-data; name="f"; filename="a.csv"\r\n\r\nnumber\nSG000001\n',
  ],
  ['that is none', 'multipart/form-data; boundary=b', 'number\nSG000001'],
])('a form %s is refused', async (_what, type, body) => {
  expect(outcome(await send(type, body))).toEqual([400, 'import_unreadable'])
  expect(await valuesIn(database, 'SG')).toEqual([])
  expect((await sequencer.api.get('/health/live')).status).toBe(200)
})

test('a client that goes away in the middle of a form ends its import, and the service stays', async () => {
  const request = http.request(`${sequencer.url}/api/v1/sequences/SG/import`, {
    method: 'POST',
    headers: { ...admin, 'Content-Type': 'multipart/form-data; boundary=b' },
  })
  request.on('error', () => {})
  const begun = '--b\r\nContent-Disposition: form-data; name="f"; filename="a.csv"\r\n\r\nnumber\nSG0'
  await new Promise((resolve) => request.write(begun, resolve))
  request.destroy()
  const issued = async () => (await sequencer.api.post('/api/v1/next/SG')).status === 200
  await until(issued)
  expect(await issued()).toBe(true)
  expect((await sequencer.api.get('/health/ready')).status).toBe(200)
})

test('a file of a form comes out as it is, whatever is in it and wherever it is cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 300 }),
      fc.integer({ min: 1, max: 80 }),
      async (content, pieceLength) => {
        const { type, bytes } = await encoded([['f', new File([Buffer.from(content)], 'a.csv')]])
        async function* chunks() {
          await Promise.resolve()
          for (let at = 0; at < bytes.length; at += pieceLength)
            yield Buffer.from(bytes.subarray(at, at + pieceLength))
        }
        const found = await fileOfForm({ media: '', contentType: type, chunks: chunks() })
        const read: Buffer[] = []
        for await (const chunk of found.chunks) read.push(chunk)
        expect(Buffer.concat(read).equals(content)).toBe(true)
      },
    ),
    { numRuns: 50 },
  )
})

test.each([
  ['dd.mm.yyyy', '29.02.2025'],
  ['mm/dd/yyyy', '31/12/2025'],
  ['yyyy-mm-dd', '2025-02-29'],
])('a date that is none of the form %s is said to be so: %s', async (form, date) => {
  const { body } = await send('text/csv', `number,business_date\n${sg(1)},${date}`, `?date_format=${form}`)
  expect(body.refused.shown).toMatchObject([{ reason: `business_date: is no date of the form ${form}` }])
})

test('fields of NDJSON may have other names, and those that are not ours are reported', async () => {
  const lines = [
    { 'Invoice Number': sg(1), Customer: 'erp', Amount: 7, generated_by: null },
    { 'invoice-number': sg(2), 'Generated By': 'ada', Paid: true },
    { 'Invoice Number': sg(3), invoice_number: sg(4) },
    { 'Invoice Number': sg(3), Stauts: 'void' },
  ]
  const body = lines.map((line) => JSON.stringify(line)).join('\n')
  const query = '?columns=number:Invoice%20Number,client_id:Customer'
  const type = 'application/x-ndjson'
  const strict = (await send(type, body, `${query}&strict=true&dry_run=true`)).body
  expect(strict.refused.shown.map(({ reason }: { reason: string }) => reason)).toEqual([
    expect.stringContaining('the field "Amount" is none of number'),
    expect.stringContaining('the field "Paid" is none of number'),
    'the field "invoice_number" comes twice',
    expect.stringContaining('did you mean "status"'),
  ])
  // Of two fields that are both the number, the last one.
  expect(strict.refused.shown.map(({ number }: { number: string }) => number)).toEqual([1, 2, 4, 3].map(sg))
  expect((await send(type, body, query)).body).toMatchObject({
    rows: 4,
    imported: 2,
    ignored_columns: ['Amount', 'Paid'],
    refused: { total: 2 },
  })
})
