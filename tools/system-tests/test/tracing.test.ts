import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadProtos } from '@ordinal/grpc'
import {
  createGrpcClient,
  startTestRedis,
  startTraceCollector,
  until,
  withRedis,
  type CollectedSpan,
  type TestRedis,
  type TraceCollector,
} from '@ordinal/testing'
import { ask, createUser, eventually, orderOf, placeOrder, upTo } from '../src/calls'
import { query } from '../src/databases'
import { drawTrace } from '../src/draw-trace'
import { apiKey, startSystem, type System } from '../src/system'

const collectorKey = 'the-key-of-the-collector'
const callersSpan = '00f067aa0ba902b7'
let made = 0
/** The traceparent of a caller that records its trace. */
const newTrace = () => {
  const traceId = `4bf92f3577b34da6a3ce929d${String((made += 1)).padStart(8, '0')}`
  return { traceId, headers: { traceparent: `00-${traceId}-${callersSpan}-01` } }
}

withRedis('with tracing', () => {
  let collector: TraceCollector
  let redis: TestRedis
  let system: System
  let userId: number
  beforeAll(async () => {
    collector = await startTraceCollector()
    redis = await startTestRedis()
    system = await startSystem({
      REDIS_URL: redis.url,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_HEADERS: `x-collector-key=${collectorKey}`,
      OTEL_BSP_SCHEDULE_DELAY: '50',
    })
    userId = await createUser(system)
    // The first of everything takes longer.
    for (let nth = 0; nth < 20; nth += 1) await placeOrder(system, userId)
    // An event that comes beside theirs would share its confirmation with them.
    await until(async () => {
      const sql = `SELECT reference FROM orders WHERE status = 'pending'`
      return (await query(system.databases.orders, sql)).length === 0
    }, 60_000)
  })
  afterAll(async () => {
    await system.stop()
    await redis.remove()
    await collector.close()
  })

  /** The spans of a trace, once the event of its order has been handled and has led to the next. */
  async function traceOf(traceId: string): Promise<CollectedSpan[]> {
    await until(() => isWhole(collector.ofTrace(traceId)), 60_000)
    return collector.ofTrace(traceId)
  }

  /** Each service exports when it likes: whether both events are sent, and nothing is missing between two spans. */
  function isWhole(spans: readonly CollectedSpan[]): boolean {
    const ids = new Set(['', callersSpan, ...spans.map(({ spanId }) => spanId)])
    const parents = new Set(spans.map(({ parentSpanId }) => parentSpanId))
    const calls = spans.filter(
      ({ kind, attributes }) => kind === 'client' && 'http.request.method' in attributes,
    )
    return (
      spans.filter(({ kind }) => kind === 'producer').length === 2 &&
      spans.every(({ parentSpanId }) => ids.has(parentSpanId)) &&
      calls.every(({ spanId }) => parents.has(spanId))
    )
  }

  /** The one span with this name that is a part of another. */
  function partOf(spans: readonly CollectedSpan[], parent: CollectedSpan, name: string): CollectedSpan {
    const found = spans.filter((span) => span.parentSpanId === parent.spanId && span.name === name)
    expect([name, found.length]).toEqual([name, 1])
    const span = found[0]!
    expect(span.startMs).toBeGreaterThanOrEqual(parent.startMs - clockMs)
    return span
  }
  // Processes read the clock of the machine at different times.
  const clockMs = 50

  const serviceOf = ({ resource }: CollectedSpan) => resource['service.name']

  /** What is behind the request of an order, hop by hop, whichever way it came. */
  function expectHops(spans: readonly CollectedSpan[], placed: CollectedSpan): void {
    const statement = {
      kind: 'client',
      failed: false,
      attributes: { 'db.system.name': 'postgresql', 'server.address': expect.any(String) },
    }
    const asked = partOf(spans, placed, 'GET /api/v1/users/{id}')
    expect(asked).toMatchObject({
      kind: 'client',
      attributes: {
        'http.request.method': 'GET',
        'http.response.status_code': 200,
        'server.port': Number(new URL(system.users.url).port),
        'url.template': '/api/v1/users/{id}',
      },
    })
    const user = partOf(spans, asked, 'GET /api/v1/users/{id}')
    expect(user).toMatchObject({ kind: 'server', resource: { 'service.name': 'user-service' } })
    expect(partOf(spans, user, 'find_users')).toMatchObject(statement)

    expect(partOf(spans, placed, 'commit_intents')).toMatchObject(statement)
    const number = partOf(spans, placed, 'POST /api/v1/next/{prefix}')
    const issued = partOf(spans, number, 'POST /api/v1/next/{prefix}')
    expect(issued).toMatchObject({
      kind: 'server',
      resource: { 'service.name': 'sequencer', 'service.namespace': 'ordinal' },
      attributes: { 'http.route': '/api/v1/next/{prefix}', 'url.path': '/api/v1/next/ORD' },
    })
    const commit = partOf(spans, issued, 'group commit')
    expect(commit).toMatchObject({ kind: 'internal', attributes: { 'ordinal.batch.size': 1 } })
    expect(commit.links).toEqual([{ traceId: issued.traceId, spanId: issued.spanId }])
    expect(partOf(spans, commit, 'issue_numbers')).toMatchObject({
      ...statement,
      attributes: { 'db.operation.name': 'SELECT', 'db.query.summary': 'issue_numbers' },
    })
    expect(partOf(spans, placed, 'commit_conclusions')).toMatchObject(statement)

    const sendings = spans.filter(({ kind }) => kind === 'producer')
    const created = sendings.find(({ parentSpanId }) => parentSpanId === placed.spanId)!
    expect(created).toMatchObject({
      name: 'send orders:events',
      attributes: {
        'messaging.system': 'redis',
        'messaging.destination.name': 'orders:events',
        'messaging.operation.type': 'send',
        'cloudevents.event_type': 'order.created',
      },
    })
    // Webhooks have a consumer of their own, at its own time.
    const ofOthers = ({ attributes }: CollectedSpan) =>
      attributes['messaging.consumer.group.name'] !== 'webhooks'
    const handled = partOf(spans.filter(ofOthers), created, 'process orders:events')
    expect(handled).toMatchObject({
      kind: 'consumer',
      links: [{ traceId: placed.traceId, spanId: placed.spanId }],
      attributes: {
        'messaging.consumer.group.name': 'confirm-orders',
        'messaging.operation.type': 'process',
      },
    })
    expect(handled.attributes['messaging.message.id']).toBe(created.attributes['messaging.message.id'])
    expect(partOf(spans, handled, 'UPDATE orders')).toMatchObject(statement)
    partOf(spans, handled, 'COMMIT')
    expect(partOf(spans, handled, 'send orders:events').attributes).toMatchObject({
      'cloudevents.event_type': 'order.updated',
    })
    for (const span of spans) expect([span.name, span.failed]).toEqual([span.name, false])
  }

  /** Writes the picture of a trace into the folder that is named, if one is. */
  function draw(file: string, spans: readonly CollectedSpan[], title: string): void {
    const folder = process.env.SYSTEM_TEST_TRACE_PICTURES
    if (folder) writeFileSync(join(folder, file), drawTrace(spans, title))
  }

  test('an order over REST is one trace, from its caller to the consumer of its event', async () => {
    const { traceId, headers } = newTrace()
    const answer = await placeOrder(system, userId, { ...headers, 'Idempotency-Key': 'traced-1' })
    expect(answer.status).toBe(201)
    const spans = await traceOf(traceId)
    const placed = spans.find(({ parentSpanId }) => parentSpanId === callersSpan)!
    expect(placed).toMatchObject({
      name: 'POST /api/v1/orders',
      kind: 'server',
      attributes: {
        'http.request.method': 'POST',
        'http.route': '/api/v1/orders',
        'http.response.status_code': 201,
        'url.path': '/api/v1/orders',
        'url.scheme': 'http',
      },
    })
    expect(serviceOf(placed)).toBe('order-service')
    expect(answer.headers.get('traceparent')).toBe(`00-${traceId}-${placed.spanId}-01`)
    expect(partOf(spans, placed, 'find_requests').attributes).toMatchObject({ 'db.operation.name': 'SELECT' })
    expectHops(spans, placed)
    draw('tracing.svg', spans, 'An order, from its request to the consumer of its event')
    // From the span to the log and back. Each writes its lines at its own time.
    for (const service of [system.orders, system.users, system.sequencer])
      await until(() => service.log().includes(`"trace_id":"${traceId}"`))
  })

  test('an order over gRPC is one, too', async () => {
    const { traceId, headers } = newTrace()
    const protos = loadProtos(__dirname, 'orders.proto')
    const client = createGrpcClient(system.orders.grpcAt, protos, 'orders.OrderService')
    const metadata = { ...headers, 'x-api-key': apiKey, 'x-request-id': 'order-of-till-7' }
    const { code } = await client.call('CreateOrder', orderOf(userId), { metadata })
    client.close()
    expect(code).toBe('OK')
    const spans = await traceOf(traceId)
    const placed = spans.find(({ parentSpanId }) => parentSpanId === callersSpan)!
    expect(placed).toMatchObject({
      name: 'orders.OrderService/CreateOrder',
      kind: 'server',
      attributes: {
        'rpc.system.name': 'grpc',
        'rpc.method': 'orders.OrderService/CreateOrder',
        'rpc.response.status_code': 'OK',
        'ordinal.request_id': 'order-of-till-7',
      },
    })
    expectHops(spans, placed)
    draw('tracing-grpc.svg', spans, 'The same over gRPC')
  })

  test('orders that come together share spans, which are linked with all of them in both directions', async () => {
    const traces = upTo(40).map(newTrace)
    const answers = await Promise.all(traces.map(({ headers }) => placeOrder(system, userId, headers)))
    expect(answers.map(({ status }) => status)).toEqual(traces.map(() => 201))
    await Promise.all(traces.map(({ traceId }) => traceOf(traceId)))
    const spans = traces.flatMap(({ traceId }) => collector.ofTrace(traceId))
    const byId = new Map(spans.map((span) => [span.spanId, span]))
    // Events are relayed later, when the requests have ended.
    const shared = spans.filter(
      ({ name, attributes }) => name !== 'relay events' && Number(attributes['ordinal.batch.size']) > 1,
    )
    expect(shared.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['store orders', 'ask sequencer together', 'commit answers']),
    )
    for (const batch of shared)
      for (const { spanId, traceId } of batch.links) {
        const member = byId.get(spanId)!
        expect(member.traceId).toBe(traceId)
        const isParent = batch.parentSpanId === spanId
        const back = member.links.some((link) => link.spanId === batch.spanId)
        expect([batch.name, isParent || back]).toEqual([batch.name, true])
      }
    // Each order leads to the answer that was committed for it.
    for (const { traceId } of traces) {
      const [placed] = spans.filter((span) => span.traceId === traceId && span.parentSpanId === callersSpan)
      const alone = spans.some(
        (span) => span.parentSpanId === placed!.spanId && span.name === 'commit_conclusions',
      )
      const together = shared.some(
        ({ name, links }) =>
          name === 'commit answers' && links.some(({ spanId }) => spanId === placed!.spanId),
      )
      expect(alone || together).toBe(true)
    }
  })

  test.each([
    ['an order that is read', 'orders', 'GET', '/api/v1/orders/1', 'findFirst Order'],
    ['a user who is changed', 'users', 'PATCH', '/api/v1/users/1', 'updateManyAndReturn User'],
    ['rules that are read', 'sequencer', 'GET', '/api/v1/sequences/ORD', 'findMany Sequence'],
  ] as const)('%s: what Prisma asks is a part of the request', async (_, at, method, path, query) => {
    const { traceId, headers } = newTrace()
    const body = method === 'PATCH' ? { age: 37 } : undefined
    expect((await ask(system[at], method, path, body, headers)).status).toBe(200)
    await until(() => collector.ofTrace(traceId).some(({ parentSpanId }) => parentSpanId === callersSpan))
    const spans = collector.ofTrace(traceId)
    const request = spans.find(({ parentSpanId }) => parentSpanId === callersSpan)!
    const [operation, model] = query.split(' ')
    expect(partOf(spans, request, query)).toMatchObject({
      kind: 'client',
      failed: false,
      attributes: {
        'db.system.name': 'postgresql',
        'db.namespace': expect.any(String) as unknown,
        'db.operation.name': operation,
        'db.collection.name': model,
      },
    })
  })

  test('an error is in the span of whom it is the fault of, by its code', async () => {
    const { traceId, headers } = newTrace()
    expect((await placeOrder(system, 999_999, headers)).status).toBe(422)
    await until(() => collector.ofTrace(traceId).some(({ parentSpanId }) => parentSpanId === callersSpan))
    const spans = collector.ofTrace(traceId)
    const refused = spans.find(({ parentSpanId }) => parentSpanId === callersSpan)!
    expect(refused).toMatchObject({ failed: false, attributes: { 'ordinal.error.code': 'user_unknown' } })
    expect(partOf(spans, refused, 'GET /api/v1/users/{id}')).toMatchObject({
      failed: true,
      attributes: { 'http.response.status_code': 404, 'error.type': 'user_not_found' },
    })
  })

  test.each(['REST', 'gRPC'])(
    'a tracestate comes by %s, and goes on to the called services and into the events',
    async (by) => {
      const { traceId, headers } = newTrace()
      const tracestate = `vendor=of-${by}, other@system=1`
      const metadata = { ...headers, tracestate, 'x-api-key': apiKey }
      const orders = createGrpcClient(
        system.orders.grpcAt,
        loadProtos(__dirname, 'orders.proto'),
        'orders.OrderService',
      )
      if (by === 'gRPC')
        expect((await orders.call('CreateOrder', orderOf(userId), { metadata })).code).toBe('OK')
      else expect((await placeOrder(system, userId, { ...headers, tracestate })).status).toBe(201)
      orders.close()
      await traceOf(traceId)
      const events = await query<{ event: { type: string; tracestate?: string } }>(
        system.databases.orders,
        `SELECT event FROM outbox WHERE event->>'traceparent' LIKE '00-${traceId}-%' ORDER BY position`,
      )
      expect(events.map(({ event }) => [event.type, event.tracestate])).toEqual([
        ['order.created', tracestate],
        ['order.updated', tracestate],
      ])
      expect(collector.requests.map(({ text }) => text).join('\n')).not.toContain(`of-${by}`)
    },
  )

  test('what a service does by itself has a trace of its own, and nothing to do has none', async () => {
    const named = (name: string) => collector.spans.filter((span) => span.name === name)
    const held = await ask(system.sequencer, 'POST', '/api/v1/next/SG', { hold_seconds: 1 })
    expect(held.status).toBe(200)
    await system.sequencer.end('SIGKILL')
    const later = await placeOrder(system, userId)
    expect(later.status).toBe(201)
    await system.sequencer.start()
    await until(() => named('number orders').some(({ failed }) => !failed), 60_000)
    const numbering = named('number orders').find(({ failed }) => !failed)!
    // The relay ends its span after what it has sent is handled.
    await until(
      () => collector.ofTrace(numbering.traceId).some(({ name }) => name === 'relay events'),
      60_000,
    )
    const spans = await traceOf(numbering.traceId)
    expect(numbering).toMatchObject({ parentSpanId: '', kind: 'internal' })
    const asked = partOf(spans, numbering, 'POST /api/v1/next/{prefix}')
    partOf(spans, partOf(spans, asked, 'POST /api/v1/next/{prefix}'), 'group commit')
    partOf(spans, numbering, 'send orders:events')
    const relayed = partOf(spans, numbering, 'relay events')
    partOf(spans, relayed, 'mark_delivered')

    await until(() => named('release expired leases').length > 0, 60_000)
    const [released] = named('release expired leases')
    await until(() => collector.ofTrace(released!.traceId).length > 2)
    expect(released).toMatchObject({ parentSpanId: '', attributes: { 'ordinal.batch.size': 1 } })
    partOf(collector.ofTrace(released!.traceId), released!, 'group commit')
    for (const idle of ['sweep outbox', 'fold counts', 'sweep idempotency keys'])
      expect(named(idle).filter(({ attributes }) => !attributes['ordinal.batch.size'])).toEqual([])
  })

  test('a trace that its caller does not record has no span in any service', async () => {
    const { traceId, headers } = newTrace()
    const unrecorded = { traceparent: headers.traceparent.replace(/01$/, '00') }
    const answer = await placeOrder(system, userId, unrecorded)
    expect(answer.headers.get('traceparent')).toMatch(/-00$/)
    const { traceId: next, headers: ofNext } = newTrace()
    await placeOrder(system, userId, ofNext)
    await traceOf(next)
    expect(collector.ofTrace(traceId)).toEqual([])
  })

  test.each([
    ['no traceparent at all', 'x'.repeat(8_000)],
    ['zeros', `00-${'0'.repeat(32)}-${'0'.repeat(16)}-01`],
    ['a version that there is not', `ff-${'a'.repeat(32)}-${'b'.repeat(16)}-01`],
    ['more than one', `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01, 00-${'c'.repeat(32)}-${'d'.repeat(16)}-01`],
    ['markup', '<script>alert(1)</script>'],
  ])('a traceparent that is %s begins a new trace, whatever the tracestate is', async (_, traceparent) => {
    const tracestate = `vendor=${'y'.repeat(4_000)},,=;\t`
    const answer = await placeOrder(system, userId, { traceparent, tracestate })
    expect(answer.status).toBe(201)
    const [, traceId] = /^00-([0-9a-f]{32})-[0-9a-f]{16}-01$/.exec(answer.headers.get('traceparent')!)!
    await traceOf(traceId!)
    expect(collector.ofTrace(traceId!).filter(({ parentSpanId }) => parentSpanId === '')).toHaveLength(1)
    expect(collector.requests.at(-1)!.text).not.toMatch(/script|yyyy|xxxx/)
  })

  test('nothing secret and nothing personal is in a span, and the collector gets its own key', async () => {
    await ask(system.users, 'GET', '/api/v1/users?search=ada-secret@example.com')
    await ask(system.orders, 'GET', '/api/v1/orders', undefined, { Authorization: 'Bearer a-secret-token' })
    const sent = () => collector.requests.map(({ text }) => text).join('\n')
    await until(() => sent().includes('GET /api/v1/users"'))
    expect(sent()).not.toMatch(/@example\.com|Ada|a-secret-token|PROD-123|99\.99/)
    for (const secret of [apiKey, collectorKey, redis.url]) expect(sent()).not.toContain(secret)
    for (const { environment } of Object.values(system.databases))
      for (const [name, value] of Object.entries(environment))
        if (name.endsWith('_URL')) expect(sent()).not.toContain(new URL(value).password || value)
    expect(new Set(collector.requests.map(({ headers }) => headers['x-collector-key']))).toEqual(
      new Set([collectorKey]),
    )
  })

  test('a bucket of durations leads to a trace, for who asks in OpenMetrics', async () => {
    const { traceId, headers } = newTrace()
    await placeOrder(system, userId, headers)
    const scrape = async (accept: string) =>
      ask(system.orders, 'GET', '/metrics', undefined, { Accept: accept })
    // A request is counted a moment after its answer was sent.
    const open = await eventually(
      () => scrape('application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3'),
      ({ body }) => String(body).includes(traceId),
    )
    expect(open.headers.get('content-type')).toBe(
      'application/openmetrics-text; version=1.0.0; charset=utf-8',
    )
    expect(open.body).toContain(`# {trace_id="${traceId}"}`)
    const plain = await scrape('*/*')
    expect(plain.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(plain.body).not.toContain(traceId)
  })

  test('probes and scrapes are in no trace', async () => {
    await ask(system.orders, 'GET', '/metrics')
    expect(collector.spans.filter(({ name }) => /health|metrics/.test(name))).toEqual([])
  })

  test('with a collector that is away orders are placed, one line of the log says so, and a service stops in time', async () => {
    await collector.close()
    const linesBefore = system.orders.log().split('traces cannot be exported').length
    for (let round = 0; round < 3; round += 1) {
      const answers = await Promise.all(upTo(20).map(() => placeOrder(system, userId)))
      expect(answers.map(({ status }) => status)).toEqual(upTo(20).map(() => 201))
    }
    await system.orders.says('traces cannot be exported')
    expect(await system.orders.end()).toBe(0)
    const lines = system.orders.log().split('traces cannot be exported').length - linesBefore
    expect(lines).toBe(1)
  })
})
