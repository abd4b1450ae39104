import { createLogger } from '@ordinal/logging'
import { collectLog, startTraceCollector, until, type TraceCollector } from '@ordinal/testing'
import { createTracing, endWith, spanOfMany, type Tracing, type TracingSettings } from '../src'

let collector: TraceCollector
const started: Tracing[] = []

beforeEach(async () => {
  collector = await startTraceCollector()
})

afterEach(async () => {
  await collector.close()
  await Promise.all(started.splice(0).map((tracing) => tracing.stop()))
})

function tracingOf(settings: TracingSettings = {}) {
  const logged = collectLog()
  const log = createLogger({ service: 'test', level: 'info', stream: logged.stream })
  const all = { otlpEndpoint: collector.url, ...settings }
  const tracing = createTracing({ name: 'test', version: '1.2.3', settings: all, log })!
  tracing.start()
  started.push(tracing)
  return { tracing, logged }
}

const callers = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

test('without an endpoint there is nothing', () => {
  const log = createLogger({ service: 'test', level: 'info', stream: collectLog().stream })
  expect(createTracing({ name: 'test', version: '1', settings: {}, log })).toBeUndefined()
})

test('a stop exports what has ended, with the service that made it', async () => {
  const { tracing } = tracingOf({ otlpHeaders: { 'x-collector-key': 'secret' } })
  const span = tracing.follow(callers, 'GET /things', 'server', { 'http.route': '/things' })!
  const part = span.child('SELECT things', 'client')
  part.fail('23505')
  part.end()
  span.child('never ended')
  span.end()
  span.end()
  await tracing.stop()
  expect(collector.requests[0]!.headers).toMatchObject({ 'x-collector-key': 'secret' })
  const [first, second] = collector.spans
  expect(collector.spans).toHaveLength(2)
  expect(first).toMatchObject({
    name: 'SELECT things',
    kind: 'client',
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    parentSpanId: second!.spanId,
    failed: true,
    attributes: { 'error.type': '23505' },
  })
  expect(second).toMatchObject({
    kind: 'server',
    parentSpanId: '00f067aa0ba902b7',
    failed: false,
    attributes: { 'http.route': '/things' },
    resource: { 'service.name': 'test', 'service.version': '1.2.3', 'service.namespace': 'ordinal' },
  })
  expect(second!.endMs).toBeGreaterThanOrEqual(first!.endMs)
  expect(Math.abs(second!.startMs - Date.now())).toBeLessThan(60_000)
})

test.each([
  [undefined],
  [''],
  ['00-00000000000000000000000000000000-00f067aa0ba902b7-01'],
  ['00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01'],
  ['00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01'],
  ['00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more'],
  ['ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'],
  ['00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00'],
])('what is no traceparent of a recorded trace is not followed: %s', (traceparent) => {
  const { tracing } = tracingOf()
  expect(tracing.follow(traceparent, 'send', 'producer')).toBeUndefined()
})

test('work for several is a child of the first that is recorded, linked with all, and they with it', async () => {
  const { tracing } = tracingOf()
  const others = callers.replace('4bf9', '5bf9')
  const [one, two] = [callers, others].map((traceparent) => tracing.follow(traceparent, 'one', 'server')!)
  const span = spanOfMany([undefined, one, two, two], 'group commit')!
  for (const each of [span, one!, two!]) each.end()
  await tracing.stop()
  const [batch, first, second] = collector.spans
  expect(batch).toMatchObject({ traceId: first!.traceId, parentSpanId: first!.spanId })
  expect(batch!.attributes['ordinal.batch.size']).toBe(4)
  const place = ({ traceId, spanId }: { traceId: string; spanId: string }) => ({ traceId, spanId })
  expect(batch!.links).toEqual([place(first!), place(second!)])
  expect([first!.links, second!.links]).toEqual([[], [place(batch!)]])
  expect(spanOfMany([undefined], 'group commit')).toBeUndefined()
})

test('an error is recorded by its code, or its class, and never by its message', async () => {
  const { tracing } = tracingOf()
  const failing = async (error: unknown) => {
    const span = tracing.follow(callers, 'work', 'internal')!
    await endWith(span, Promise.reject(error as Error)).catch(() => undefined)
  }
  await failing(Object.assign(new Error('ada@example.com is taken'), { code: 'email_taken' }))
  await failing(new TypeError('password=hunter2'))
  await failing('a text')
  await tracing.stop()
  expect(collector.spans.map(({ attributes }) => attributes['error.type'])).toEqual([
    'email_taken',
    'TypeError',
    'unknown',
  ])
  expect(collector.requests.map(({ text }) => text).join()).not.toMatch(/ada@|hunter2/)
})

test('a collector that fails is logged once, and again when it works', async () => {
  process.env.OTEL_BSP_SCHEDULE_DELAY = '20'
  const { tracing, logged } = tracingOf()
  delete process.env.OTEL_BSP_SCHEDULE_DELAY
  const exportOne = () => tracing.follow(callers, 'work', 'internal')!.end()
  collector.answer('failing')
  for (let sent = 1; sent <= 3; sent += 1) {
    exportOne()
    await until(() => collector.requests.length >= sent)
  }
  await until(() => logged.entries.length > 0)
  collector.answer('usual')
  exportOne()
  await until(() => collector.spans.length > 0)
  await until(() => logged.entries.length > 1)
  expect(logged.entries.map(({ level, message }) => [level, message])).toEqual([
    ['warn', 'traces cannot be exported'],
    ['info', 'traces are exported again'],
  ])
})

test('what a silent collector does not take is dropped beyond a bound, and a stop ends', async () => {
  const { tracing } = tracingOf()
  collector.answer('silent')
  const end = (count: number) => {
    for (let each = 0; each < count; each += 1) tracing.follow(callers, 'work', 'internal')!.end()
  }
  end(512)
  await until(() => collector.requests.length > 0)
  end(20_000)
  await tracing.stop()
  // One export was under way; the queue holds 2,048 spans, which go 512 at a time.
  expect(collector.requests).toHaveLength(5)
  const sent = collector.requests.map(({ text }) => text.match(/"spanId"/g)!.length)
  expect(sent).toEqual([512, 512, 512, 512, 512])
})
