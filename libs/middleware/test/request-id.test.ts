import { answer, closeServers, serve } from './serve'

afterAll(closeServers)

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const traceparent = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/

test.each(['r-1', '0197c2a4-6b1d-7f3e-8a55-3f1c9d2e7b60', 'a.b_c:d/e+f=g@h', 'x'.repeat(128)])(
  'the sane request id %s is taken and answered',
  async (sent) => {
    const { get } = await serve(() => [answer])
    const { headers, body } = await get('/', { 'X-Request-Id': sent })
    expect([headers.get('x-request-id'), body.requestId]).toEqual([sent, sent])
  },
)

test.each([
  '',
  'two words',
  'quote"',
  '<script>',
  '{"a":1}',
  'tab\there',
  'ümlaut',
  'x'.repeat(129),
  '%0d%0aSet-Cookie: a=b',
])('the hostile request id %j is replaced by one of our own', async (sent) => {
  const { get } = await serve(() => [answer])
  const { headers, body } = await get('/', { 'X-Request-Id': sent })
  expect(headers.get('x-request-id')).toMatch(uuid)
  expect(body.requestId).toBe(headers.get('x-request-id'))
})

test('a request without an id gets one, each its own', async () => {
  const { get } = await serve(() => [answer])
  const [first, second] = [await get(), await get()]
  expect(first.headers.get('x-request-id')).toMatch(uuid)
  expect(second.headers.get('x-request-id')).not.toBe(first.headers.get('x-request-id'))
})

test('an error is answered and logged under the request id that was sent', async () => {
  const { get } = await serve(() => [])
  const { status, body } = await get('/nowhere', { 'X-Request-Id': 'r-7' })
  expect([status, body.request_id]).toEqual([404, 'r-7'])
})

test("a caller's trace goes on, with its flags and a span of our own", async () => {
  const { get } = await serve(() => [answer])
  const sent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00'
  const { headers, body } = await get('/', { traceparent: sent })
  const answered = headers.get('traceparent')!
  expect(answered).toMatch(/^00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-00$/)
  expect(answered).not.toBe(sent)
  expect(body.traceparent).toBe(answered)
})

test.each([
  '00-00000000000000000000000000000000-00f067aa0ba902b7-01',
  '00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01',
  '00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01',
  'ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7',
  'nonsense',
])('the traceparent %s is none: a new trace begins', async (sent) => {
  const { get } = await serve(() => [answer])
  const { headers } = await get('/', { traceparent: sent })
  expect(headers.get('traceparent')).toMatch(traceparent)
  expect(headers.get('traceparent')).not.toContain('4bf92f3577b34da6a3ce929d0e0e4736')
  expect(headers.get('traceparent')).not.toContain('0'.repeat(32))
})
