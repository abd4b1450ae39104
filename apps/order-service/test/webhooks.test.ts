import { readFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Webhook } from 'standardwebhooks'
import { callersOf, startProgram, tableShapes, type TestCallers } from '@ordinal/testing'
import { anOrder, createWorld, until, type Instance, type World } from './world'

const path = '/api/v1/webhooks'
const pathOf = (id: number, more = '') => `${path}/${id}${more}`
const read = (file: string) => readFileSync(join(__dirname, file), 'utf8')

let world: World
let service: Instance
let callers: TestCallers
let receiver: Server
let url: string
let nth = 0
let seen: { body: string; headers: Record<string, string> }[]

beforeAll(async () => {
  callers = await callersOf([])
  world = await createWorld()
  service = await world.startService({
    ...callers.env,
    ORDER_SERVICE_WEBHOOK_ALLOWED_NETWORKS: '127.0.0.1',
    ORDER_SERVICE_WEBHOOK_PAUSES: '0.05',
    ORDER_SERVICE_WEBHOOK_MAX: '3',
    ORDER_SERVICE_WEBHOOK_KEYS: Buffer.alloc(32, 7).toString('base64'),
  })
  receiver = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      // What a test has left to be delivered may come while the next one runs.
      if (url.endsWith(request.url!)) seen.push({ body, headers: request.headers as Record<string, string> })
      response.writeHead(200).end('thanks')
    })
  })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
})
afterAll(async () => {
  await world.end()
  await new Promise((resolve) => receiver.close(resolve))
})
beforeEach(async () => {
  seen = []
  nth += 1
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook-${nth}?token=t`
  await world.query('DELETE FROM webhooks')
})

const wanted = () => ({ url, event_types: ['order.created', 'order.updated'] })
const send = (method: string, at: string, body?: object, headers: Record<string, string> = {}) =>
  service.api.request({ method, path: at, headers: { ...callers.admin, ...headers }, ...(body && { body }) })
const make = async (more: object = {}) => (await send('POST', path, { ...wanted(), ...more })).body
const place = async () =>
  (await service.api.post('/api/v1/orders', anOrder, { headers: callers.operator })).body

test('the tables have the schema that the library of webhooks wants', async () => {
  const { wanted, found } = await tableShapes(world.query, read('../../../libs/webhooks/schema.sql'))
  expect(wanted.columns.length).toBeGreaterThan(30)
  expect(found).toEqual(wanted)
})

test('an order that is placed and changed is told to a webhook, signed, in the trace of the request', async () => {
  const { id, secret } = await make()
  const placed = await place()
  await service.api.patch(
    `/api/v1/orders/${placed.id}`,
    { status: 'confirmed' },
    { headers: callers.operator },
  )
  await service.api.delete(`/api/v1/orders/${placed.id}`, { headers: callers.operator })
  await until(() => seen.length === 2)
  const events = seen.map(({ body, headers }) => new Webhook(secret).verify(body, headers) as never)
  expect(events).toMatchObject([
    { type: 'order.created', subject: placed.reference, data: placed },
    { type: 'order.updated', subject: placed.reference, data: { id: placed.id, status: 'confirmed' } },
  ])
  expect(seen[0]!.headers.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/)

  await until(async () => (await send('GET', pathOf(id, '/deliveries?state=waiting'))).body.data.length === 0)
  const { data } = (await send('GET', pathOf(id, '/attempts'))).body
  expect(data).toMatchObject([
    { nth: 1, status: 200, answer: 'thanks', error: null },
    { nth: 1, status: 200, answer: 'thanks', error: null },
  ])
  expect((await send('GET', pathOf(id))).body.last_success_at).not.toBeNull()
  expect(await service.metric('order_service_webhook_attempts_total{outcome="delivered"}')).toBeGreaterThan(1)
})

test('a secret is shown once, and again only to the same request, is sealed in the database, and in no log', async () => {
  const headers = { 'Idempotency-Key': 'make-1' }
  const first = await send('POST', path, wanted(), headers)
  const again = await send('POST', path, wanted(), headers)
  expect([first.status, again.status]).toEqual([201, 201])
  expect(again.body).toEqual(first.body)
  expect(again.headers.get('idempotency-replayed')).toBe('true')
  expect(first.headers.get('cache-control')).toContain('no-store')
  expect(first.headers.get('location')).toBe(pathOf(first.body.id))
  const { secret, ...shown } = first.body
  expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
  expect((await send('GET', pathOf(shown.id))).body).toEqual(shown)
  expect((await send('GET', path)).body.data).toEqual([shown])
  const other = await send('POST', path, { ...wanted(), description: 'another' }, headers)
  expect([other.status, other.body.code]).toEqual([422, 'idempotency_key_reused'])

  const rotated = await send('POST', pathOf(shown.id, '/rotate'), { overlap_seconds: 60 })
  expect(rotated.body).toMatchObject({ id: shown.id, version: 2, secret: expect.stringMatching(/^whsec_/) })
  expect(rotated.body.secret).not.toBe(secret)
  expect(rotated.body.previous_secret_until).not.toBeNull()
  const late = await send('POST', path, wanted(), headers)
  expect([late.status, late.body.code]).toEqual([422, 'idempotency_key_reused'])
  await send('POST', pathOf(shown.id, '/test'))
  await until(() => seen.length === 1)
  for (const one of [secret, rotated.body.secret])
    expect(new Webhook(one).verify(seen[0]!.body, seen[0]!.headers)).toMatchObject({ type: 'webhook.test' })

  const [row] = await world.query<{ kept: string }>('SELECT webhooks::text AS kept FROM webhooks')
  for (const one of [secret, rotated.body.secret]) {
    expect(row!.kept).not.toContain(one.slice(6))
    expect(JSON.stringify(service.log.entries)).not.toContain(one.slice(6))
  }
  expect(JSON.stringify(service.log.entries)).not.toContain('token=t')
})

test('what is done once for each key is answered again as it is now, and marked as replayed', async () => {
  const { id } = await make()
  await send('POST', pathOf(id, '/test'))
  await until(async () => (await send('GET', pathOf(id, '/deliveries?state=delivered'))).body.data.length > 0)
  const { id: delivery } = (await send('GET', pathOf(id, '/deliveries'))).body.data[0]
  for (const [more, body] of [
    ['/rotate', { overlap_seconds: 60 }],
    ['/test'],
    [`/deliveries/${delivery}/replay`],
    ['/replay', { since: '2026-01-01T00:00:00Z' }],
  ] as const) {
    const ask = (key: string) => send('POST', pathOf(id, more), body, { 'Idempotency-Key': key })
    const [first, again] = [await ask(`"${more}"`), await ask(more)]
    expect([more, first.status, again.status]).toEqual([more, first.status, first.status])
    expect(first.status).toBeLessThan(300)
    const marks = [first, again].map(({ headers }) => headers.get('idempotency-replayed'))
    expect([more, ...marks]).toEqual([more, null, 'true'])
    for (const field of ['id', 'secret', 'replayed'] as const)
      expect(again.body[field]).toEqual(first.body[field])
    // Of another request, and of an order.
    const other = await send(
      'POST',
      pathOf(id, '/rotate'),
      { overlap_seconds: 7 },
      { 'Idempotency-Key': more },
    )
    expect([other.status, other.body.code]).toEqual([422, 'idempotency_key_reused'])
    const order = await service.api.post('/api/v1/orders', anOrder, {
      headers: { ...callers.admin, 'Idempotency-Key': more },
    })
    expect([order.status, order.body.code]).toEqual([422, 'idempotency_key_reused'])
  }
})

test('a webhook is changed in the version that the caller knows, switched off and on, and deleted', async () => {
  const { id } = await make()
  const changed = await send('PATCH', pathOf(id), { description: 'ERP' }, { 'If-Match': '"1"' })
  expect([changed.status, changed.body.description, changed.headers.get('etag')]).toEqual([200, 'ERP', '"2"'])
  for (const [method, body] of [
    ['PATCH', { description: 'x' }],
    ['DELETE'],
    ['POST', { overlap_seconds: 0 }],
  ] as const) {
    const at = pathOf(id, method === 'POST' ? '/rotate' : '')
    const refused = await send(method, at, body, { 'If-Match': '"1"' })
    expect([method, refused.status, refused.body.code]).toEqual([method, 412, 'version_mismatch'])
  }
  const off = (await send('PATCH', pathOf(id), { enabled: false })).body
  expect(off).toMatchObject({ enabled: false, off_reason: 'requested', off_at: expect.any(String) })
  const tested = await send('POST', pathOf(id, '/test'))
  expect([tested.status, tested.body.code]).toEqual([409, 'webhook_off'])
  await place()
  await until(async () => (await send('GET', pathOf(id, '/deliveries'))).body.data.length === 1)
  expect(seen).toEqual([])
  expect((await send('PATCH', pathOf(id), { enabled: true })).body).toMatchObject({
    enabled: true,
    off_reason: null,
  })
  await until(() => seen.length === 1)

  expect((await send('DELETE', pathOf(id), undefined, { 'If-Match': '"4"' })).status).toBe(204)
  for (const more of ['', '/deliveries', '/attempts', '/deliveries/1'])
    expect((await send('GET', pathOf(id, more))).body.code).toBe('webhook_not_found')
  expect((await send('POST', pathOf(id, '/replay'), { since: new Date().toISOString() })).status).toBe(404)
})

test.each([
  ['ftp://receiver.example', 'an http or https URL'],
  ['receiver.example', 'an http or https URL'],
  ['javascript:alert(1)', 'an http or https URL'],
  ['https://user:password@receiver.example', 'no user and no password'],
  ['https://receiver.example/#part', 'no fragment'],
  ['http://10.0.0.1/', 'a public address'],
  ['http://127.0.0.2/', 'a public address'],
  ['http://2130706434/', 'a public address'],
  ['http://169.254.169.254/latest/meta-data', 'a public address'],
  ['http://[::1]/', 'a public address'],
  ['http://[::ffff:169.254.169.254]/', 'a public address'],
])('%s is refused', async (bad, message) => {
  for (const [method, at, more] of [
    ['POST', path, { event_types: ['order.created'] }],
    ['PATCH', pathOf((await make()).id), {}],
  ] as const) {
    const { status, body } = await send(method, at, { url: bad, ...more })
    expect([status, body.code, body.errors[0].path]).toEqual([400, 'validation_failed', 'body.url'])
    expect(body.errors[0].message).toContain(message)
  }
})

test('a name that leads to another address than those that are allowed is found out at the delivery', async () => {
  const { id } = await make({ url: 'http://localhost:1/' })
  // Of 127.0.0.1 and ::1 one is allowed; where it has the first alone, nothing listens there.
  await send('POST', pathOf(id, '/test'))
  await until(async () => (await send('GET', pathOf(id, '/attempts'))).body.data.length > 0)
  const [{ status, error }] = (await send('GET', pathOf(id, '/attempts'))).body.data
  expect(status).toBeNull()
  expect(error).toMatch(/ADDRESS_REFUSED: ::1|ECONNREFUSED/)
})

test('types that there are not, unknown fields and too many webhooks are refused', async () => {
  for (const body of [
    { ...wanted(), event_types: [] },
    { ...wanted(), event_types: ['order.created', 'order.created'] },
    { ...wanted(), event_types: ['user.created'] },
    { ...wanted(), secret: 'mine' },
  ])
    expect((await send('POST', path, body)).status).toBe(400)
  const { id } = await make()
  expect((await send('PATCH', pathOf(id), {})).status).toBe(400)
  const at = upTo(6).map(() => send('POST', path, wanted()))
  const codes = (await Promise.all(at)).map(({ status, body }) => body.code ?? status)
  expect(codes.sort()).toEqual([201, 201, ...Array(4).fill('too_many_webhooks')])
})

test('the log is read by cursor, and filtered; deliveries are replayed, one or all since a time', async () => {
  const { id } = await make()
  for (let n = 0; n < 5; n += 1) await send('POST', pathOf(id, '/test'))
  await until(
    async () => (await send('GET', pathOf(id, '/deliveries?state=delivered'))).body.data.length === 5,
  )
  for (const list of ['deliveries', 'attempts']) {
    const all = (await send('GET', pathOf(id, `/${list}`))).body.data
    const pieces: { id: number }[] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const query: string = cursor === '' ? '' : `&cursor=${cursor}`
      const { data, pagination } = (await send('GET', pathOf(id, `/${list}?page_size=2${query}`))).body
      pieces.push(...data)
      cursor = pagination.next_cursor
    }
    expect(pieces).toEqual(all)
    const { next_cursor } = (await send('GET', pathOf(id, `/${list}?page_size=2`))).body.pagination
    const filter = list === 'attempts' ? 'delivery_id=1' : 'state=failed'
    expect((await send('GET', pathOf(id, `/${list}?cursor=${next_cursor}&${filter}`))).status).toBe(400)
  }
  const [latest] = (await send('GET', pathOf(id, '/deliveries'))).body.data
  const replayed = await send('POST', pathOf(id, `/deliveries/${latest.id}/replay`))
  expect([replayed.status, replayed.body.state]).toEqual([202, 'waiting'])
  await until(() => seen.length === 6)
  await until(
    async () => (await send('GET', pathOf(id, `/attempts?delivery_id=${latest.id}`))).body.data.length === 2,
  )
  expect((await send('GET', pathOf(id, `/deliveries/${latest.id}`))).body).toMatchObject({
    id: latest.id,
    state: 'delivered',
  })
  const { body } = await send('POST', pathOf(id, '/replay'), { since: '2026-01-01T00:00:00Z' })
  expect(body).toEqual({ replayed: 5 })
  await until(() => seen.length === 11)
  const none = await send('POST', pathOf(id, '/deliveries/999999/replay'))
  expect([none.status, none.body.code]).toEqual([404, 'webhook_delivery_not_found'])
})

test('the receiver that the documentation shows takes what is delivered, and nothing that is altered', async () => {
  const [, sample] = /```js\n(.*?)```/s.exec(read('../../../docs/webhooks.md'))!
  const library = pathToFileURL(require.resolve('standardwebhooks')).href
  const folder = mkdtempSync(join(tmpdir(), 'ordinal-receiver-'))
  const file = join(folder, 'receiver.mjs')
  writeFileSync(
    file,
    sample!
      .replace(`'standardwebhooks'`, JSON.stringify(library))
      .replace(
        '.listen(process.env.PORT)',
        `.listen(0, '127.0.0.1', function () { console.log('port', this.address().port) })`,
      ),
  )
  const { id, secret } = await make()
  const { child, output, ended } = startProgram([file], { WEBHOOK_SECRET: secret })
  const [, port] = await until(() => /port (\d+)/.exec(output()) ?? undefined)
  await send('PATCH', pathOf(id), { url: `http://127.0.0.1:${port}/` })
  const placed = await place()
  await until(() => output().includes(`order.created ${placed.reference} ${placed.order_number} pending`))
  const { id: delivery } = (await send('GET', pathOf(id, '/deliveries'))).body.data[0]
  await send('POST', pathOf(id, `/deliveries/${delivery}/replay`))
  await until(async () => (await send('GET', pathOf(id, '/attempts'))).body.data.length === 2)
  expect((await send('GET', pathOf(id, '/attempts'))).body.data).toMatchObject([
    { status: 204 },
    { status: 204 },
  ])
  expect(output().split('order.created')).toHaveLength(2)
  const forged = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: '{}' })
  expect(forged.status).toBe(400)
  child.kill()
  await ended()
  rmSync(folder, { recursive: true })
})

const upTo = (n: number) => Array.from({ length: n }, (_, index) => index + 1)
