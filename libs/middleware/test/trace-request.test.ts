import { createLogger } from '@ordinal/logging'
import { collectLog, startTraceCollector, type TraceCollector } from '@ordinal/testing'
import { createTracing, type TracingSettings } from '@ordinal/tracing'
import * as fc from 'fast-check'
import { newContext, requestContext, traceRequests } from '../src'
import { AppError } from '@ordinal/errors'
import { closeServers, serve } from './serve'

let collector: TraceCollector
beforeAll(async () => {
  collector = await startTraceCollector()
})
afterAll(async () => {
  await closeServers()
  await collector.close()
})

const callers = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

function tracingOf(settings: TracingSettings = {}) {
  const log = createLogger({ service: 'test', level: 'info', stream: collectLog().stream })
  const all = { otlpEndpoint: collector.url, ...settings }
  const tracing = createTracing({ name: 'test', version: '1', settings: all, log })!
  tracing.start()
  return tracing
}

test('a request is a span with what it was and how it ended, and with nothing of its query and headers but the request id', async () => {
  const tracing = tracingOf()
  const { get } = await serve(() => [
    requestContext(0, '', tracing),
    traceRequests(),
    (req, _res, next) => {
      if (req.path === '/health') req.context.quiet = true
      else req.context.route = '/things/{id}'
      next()
    },
    (req, res) => {
      if (req.path === '/things/8') throw new AppError('route_not_found', 'Nothing of ada@example.com')
      if (req.path === '/things/9') throw new Error('password=hunter2')
      res.end()
    },
  ])
  const sent = {
    traceparent: callers,
    'X-Request-Id': 'request-0815',
    Authorization: 'Bearer hunter2',
    'User-Agent': 'hunter2',
  }
  const { headers } = await get('/things/7?search=ada@example.com', sent)
  await get('/things/8', sent)
  await get('/things/9', sent)
  await get('/health', sent)
  await get('/ada@example.com', sent)
  await get(`/things/ordinal_7hKq2LmXw0Rt_${'hunter2'.repeat(6)}`, sent)
  await tracing.stop()

  const spans = collector.ofTrace('4bf92f3577b34da6a3ce929d0e0e4736')
  expect(spans).toHaveLength(5)
  expect(spans[0]).toMatchObject({
    name: 'GET /things/{id}',
    kind: 'server',
    parentSpanId: '00f067aa0ba902b7',
    failed: false,
    attributes: {
      'http.request.method': 'GET',
      'http.route': '/things/{id}',
      'http.response.status_code': 200,
      'url.path': '/things/7',
      'url.scheme': 'http',
      'network.protocol.version': '1.1',
      'ordinal.request_id': 'request-0815',
    },
  })
  // Whoever gets the answer finds the span of it.
  expect(headers.get('traceparent')).toBe(`00-${spans[0]!.traceId}-${spans[0]!.spanId}-01`)
  expect(spans[1]).toMatchObject({ failed: false, attributes: { 'ordinal.error.code': 'route_not_found' } })
  expect(spans[2]).toMatchObject({ failed: true, attributes: { 'error.type': 'internal_error' } })
  expect(collector.requests.map(({ text }) => text).join()).not.toMatch(/ada@|hunter2/)
})

const traceparentLike = fc.oneof(
  fc.string(),
  fc.stringMatching(/^[0-9a-f]{2}-[0-9a-fA-F]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/),
  fc.constantFrom(
    callers,
    callers.toUpperCase(),
    `${callers}-more`,
    '00-' + '0'.repeat(32) + callers.slice(35),
  ),
)

test('whatever a caller sends, a context has one sane traceparent, of the same trace as its span', async () => {
  const tracing = tracingOf()
  fc.assert(
    fc.property(traceparentLike, (given) => {
      const { traceparent, span } = newContext(undefined, given, undefined, tracing)
      expect(traceparent).toMatch(/^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-0[01]$/)
      expect(span?.traceparent ?? traceparent).toBe(traceparent)
      expect(traceparent.endsWith('01')).toBe(span !== undefined)
    }),
  )
  await tracing.stop()
})

test('a tracestate is passed on as it came, or not at all, and never without a traceparent', () => {
  const stateOf = (state: unknown, trace: unknown = callers) =>
    newContext(undefined, trace, undefined, undefined, state).tracestate
  for (const state of ['rojo=00f067aa0ba902b7', 'a=1,b@c=2', 'a=1, b=2,,', `a=${'x'.repeat(250)}`]) {
    expect(stateOf(state)).toBe(state)
    expect(stateOf(state, 'none')).toBeUndefined()
  }
  const strange = [
    '',
    ',,',
    'a=1\n',
    'a',
    '=1',
    'A=1',
    'a=1\r\nX-Evil: 1',
    'a=ü',
    `a=${'x'.repeat(257)}`,
    'a=1,'.repeat(129),
  ]
  for (const state of [...strange, Array.from({ length: 33 }, (_, n) => `a${n}=1`).join(), undefined, 7])
    expect([state, stateOf(state)]).toEqual([state, undefined])
  const unit = fc.constantFrom(...'aZ0_-*/@=, \t\u0000\n\u00fc\u{1f600}')
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit })), (given) => {
      const state = stateOf(given)
      if (state !== undefined) expect([state, /^[\x20-\x7e\t]{1,512}$/.test(state)]).toEqual([given, true])
    }),
  )
})

test('what is not sampled has no span, and says so to the next service', () => {
  const never = tracingOf({ tracesSampler: 'always_off' })
  const one = newContext(undefined, callers, undefined, never)
  expect([one.span, one.traceparent.slice(0, 36), one.traceparent.slice(-2)]).toEqual([
    undefined,
    callers.slice(0, 36),
    '00',
  ])
})

test('without tracing here, a trace goes on as its caller has it', () => {
  const { span, traceparent } = newContext(undefined, callers, undefined)
  expect([span, traceparent.slice(0, 36), traceparent.slice(-2)]).toEqual([
    undefined,
    callers.slice(0, 36),
    '01',
  ])
})
