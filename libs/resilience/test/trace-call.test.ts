import { createLogger } from '@ordinal/logging'
import { collectLog, startTraceCollector } from '@ordinal/testing'
import { createTracing } from '@ordinal/tracing'
import { clientOf, endAll, get, refusingUrl, startServer } from './servers'

afterEach(endAll)

const callers = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

test('each attempt of a call is a span of its own, which the called service goes on with', async () => {
  const collector = await startTraceCollector()
  const log = createLogger({ service: 'test', level: 'info', stream: collectLog().stream })
  const settings = { otlpEndpoint: collector.url }
  const tracing = createTracing({ name: 'test', version: '1', settings, log })!
  tracing.start()
  const span = tracing.follow(callers, 'POST /orders', 'server')!
  const traceparents: unknown[] = []
  const answers = [503, 404]
  const server = await startServer((request, response) => {
    traceparents.push(request.headers.traceparent)
    response.writeHead(answers[traceparents.length - 1]!, { 'Content-Type': 'application/problem+json' })
    response.end(JSON.stringify({ code: 'user_not_found', detail: 'ada@example.com' }))
  })
  const client = clientOf(server.url, { retries: 1 })
  const asked = { ...get, template: '/users/{id}', headers: { traceparent: callers }, span }
  await client.request(asked)
  await clientOf(await refusingUrl())
    .request(asked)
    .catch(() => undefined)
  span.end()
  await tracing.stop()
  await collector.close()

  const parent = collector.spans.at(-1)!
  const [first, second, refused] = collector.spans
  expect(traceparents).toEqual([first, second].map((each) => `00-${each!.traceId}-${each!.spanId}-01`))
  for (const each of [first, second, refused])
    expect(each).toMatchObject({
      name: 'GET /users/{id}',
      kind: 'client',
      parentSpanId: parent.spanId,
      failed: true,
      attributes: { 'http.request.method': 'GET', 'url.template': '/users/{id}' },
    })
  expect(first!.attributes).toMatchObject({ 'error.type': 'status' })
  expect(second!.attributes).toMatchObject({
    'http.request.resend_count': 1,
    'http.response.status_code': 404,
    'server.address': '127.0.0.1',
    'server.port': server.port,
    'error.type': 'user_not_found',
  })
  expect(refused!.attributes).toMatchObject({ 'error.type': 'refused' })
  expect(JSON.stringify(collector.spans)).not.toContain('ada@')
})
