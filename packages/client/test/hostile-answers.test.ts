import fc from 'fast-check'
import {
  createOrdinal,
  NotFoundError,
  OrdinalError,
  ServiceError,
  UnexpectedAnswerError,
  type Ordinal,
} from '../src'
import { problemOf } from '../src/problem'

/** A client whose every request has this answer, with how often it was asked. */
function answeredBy(answer: () => Response, more = {}) {
  const asked = jest.fn(() => Promise.resolve(answer()))
  const ordinal = createOrdinal({ orders: 'http://o', sequencer: 'http://s', fetch: asked, ...more })
  return { ordinal, asked }
}

const unavailable = (headers: Record<string, string>, body = '{}') =>
  new Response(body, { status: 503, headers })

test.each(['99999999999', 'Fri, 31 Dec 9999 23:59:59 GMT'])(
  'a stream does not wait for a Retry-After of %s, nor asks again meanwhile',
  async (header) => {
    const { ordinal, asked } = answeredBy(() => unavailable({ 'Retry-After': header }))
    await expect(ordinal.stream().next()).rejects.toBeInstanceOf(ServiceError)
    expect(asked).toHaveBeenCalledTimes(1)
  },
)

test('an answer whose JSON says less, or other, than a problem does is of the kind that its status says', async () => {
  const gateway = answeredBy(() => unavailable({}, '{"code":"UPSTREAM","message":"later","status":200}'), {
    retries: 1,
  })
  await expect(gateway.ordinal.orders.get(1)).rejects.toBeInstanceOf(ServiceError)
  expect(gateway.asked).toHaveBeenCalledTimes(2)

  const found = answeredBy(() => new Response('{"code":"gone","detail":7,"errors":"none"}', { status: 404 }))
  await expect(found.ordinal.orders.get(1)).rejects.toBeInstanceOf(NotFoundError)
})

test.each(['null', '7', '[]', '"text"', '{}', '', '<html>', '{"code":7}'])('%s is no problem', (text) => {
  expect(problemOf(502, text)).toMatchObject({ status: 502, code: 'no_problem_json', request_id: '' })
})

const page = (status: number, headers = {}) =>
  new Response('<html>hunter2</html>', { status, headers: { 'Content-Type': 'text/html', ...headers } })

test.each([
  ['a page of HTML', () => page(200)],
  ['a redirect', () => page(302, { Location: 'https://elsewhere.example' })],
  ['JSON of another form', () => Response.json({ data: 'none' })],
  ['nothing at all', () => new Response(null, { status: 204 })],
])('%s in place of an answer is an error at once, of a call, a list and the stream', async (_, answer) => {
  for (const begin of [
    ({ orders }: Ordinal) => orders.list().next(),
    ({ numbers }: Ordinal) => numbers.nextForEach([{ prefix: 'INV' }]),
    ({ sequences }: Ordinal) => sequences.list().next(),
    (ordinal: Ordinal) => ordinal.stream().next(),
  ]) {
    const { ordinal, asked } = answeredBy(answer)
    const error = await begin(ordinal).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(UnexpectedAnswerError)
    expect(String(error)).not.toContain('hunter2')
    expect(asked).toHaveBeenCalledTimes(1)
  }
})

test('an event that is no JSON ends the stream with an error that says so', async () => {
  const { ordinal } = answeredBy(
    () => new Response('data: <html>\n\n', { headers: { 'Content-Type': 'text/event-stream' } }),
  )
  await expect(ordinal.stream().next()).rejects.toBeInstanceOf(UnexpectedAnswerError)
})

test('whatever answers 200, a call ends with an answer or an error of the client', async () => {
  const calls = [
    ({ orders }: Ordinal) => orders.list().next(),
    ({ orders }: Ordinal) => orders.get(1),
    ({ numbers }: Ordinal) => numbers.nextBatch('INV', 2),
    ({ numbers }: Ordinal) => numbers.nextForEach([{ prefix: 'INV' }]),
    ({ sequences }: Ordinal) => sequences.list().next(),
    ({ apiKeys }: Ordinal) => apiKeys.revoke('k'),
  ]
  const form = fc.oneof(
    fc.json(),
    fc.string(),
    fc.record({ data: fc.jsonValue(), pagination: fc.jsonValue() }).map((value) => JSON.stringify(value)),
    fc.record({ results: fc.jsonValue(), numbers: fc.jsonValue() }).map((value) => JSON.stringify(value)),
  )
  await fc.assert(
    fc.asyncProperty(form, fc.constantFrom(...calls), async (text, begin) => {
      const { ordinal } = answeredBy(() => new Response(text))
      const error = await begin(ordinal).then(
        () => undefined,
        (thrown: unknown) => thrown,
      )
      expect(error === undefined || error instanceof OrdinalError).toBe(true)
    }),
  )
})

/** An answer whose JSON never ends, and how much of it was read. */
function endless(status = 200) {
  let pieces = 0
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      pieces += 1
      controller.enqueue(new TextEncoder().encode(pieces === 1 ? '{"data":"' : 'x'.repeat(1000)))
    },
  })
  return { response: new Response(body, { status }), pieces: () => pieces }
}

test.each([200, 404])('an answer (%i) without an end is read no further than the bound', async (status) => {
  const { response, pieces } = endless(status)
  const { ordinal, asked } = answeredBy(() => response, { largestAnswerBytes: 10_000 })
  const error = await ordinal.orders.get(1).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(UnexpectedAnswerError)
  expect(String(error)).toContain('more than 10000 bytes')
  expect(pieces()).toBeLessThan(20)
  expect(asked).toHaveBeenCalledTimes(1)
})

test('an answer of exactly so many bytes is one, and letters of several bytes are whole', async () => {
  const text = JSON.stringify({ name: 'Zoë, 東京 🗼'.repeat(1000) })
  const bytes = new TextEncoder().encode(text)
  const inPieces = () =>
    new Response(
      new ReadableStream({
        start(controller) {
          for (let at = 0; at < bytes.length; at += 7) controller.enqueue(bytes.slice(at, at + 7))
          controller.close()
        },
      }),
    )
  const { ordinal } = answeredBy(inPieces, { largestAnswerBytes: bytes.length })
  expect(await ordinal.orders.get(1)).toEqual(JSON.parse(text))
  const { ordinal: stricter } = answeredBy(inPieces, { largestAnswerBytes: bytes.length - 1 })
  await expect(stricter.orders.get(1)).rejects.toBeInstanceOf(UnexpectedAnswerError)
})

test('a time without end is no time that is over', async () => {
  const slow: typeof fetch = (_, request) =>
    new Promise((resolve, reject) => {
      setTimeout(() => resolve(Response.json({ id: 1 })), 50)
      request!.signal!.addEventListener('abort', () => reject(request!.signal!.reason as Error))
    })
  const ordinal = createOrdinal({
    orders: 'http://o',
    fetch: slow,
    timeoutMs: Infinity,
    attemptTimeoutMs: 1e12,
  })
  expect(await ordinal.orders.get(1)).toEqual({ id: 1 })
})

test.each([
  ['a token', { token: 'hunter2\nhunter2' }],
  ['a key', { apiKey: 'hunter2\nhunter2' }],
  ['an address', { orders: 'http://hunter2:hunter2@o' }],
])('%s that cannot be sent is in no error', async (_, more) => {
  const { ordinal, asked } = answeredBy(() => Response.json({}), more)
  const error = await ordinal.orders.get(1).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(TypeError)
  expect(String((error as Error).stack)).not.toContain('hunter2')
  expect(asked).not.toHaveBeenCalled()
})
