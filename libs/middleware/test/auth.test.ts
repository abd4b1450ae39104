import crypto, { createHash } from 'node:crypto'
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { json } from 'node:stream/consumers'
import { callerIdentifier, identifyCaller, parseApiKey } from '../src'
import { answer, closeServers, serve } from './serve'

afterAll(closeServers)
afterEach(() => void jest.restoreAllMocks())

const entry = (name: string, key: string) => `${name}:${createHash('sha256').update(key).digest('hex')}`
const keys = [entry('order-service', 'old'), entry('order-service', 'new'), entry('console', 'other')].map(
  (text) => parseApiKey(text)!,
)

test('a known key names its caller; two keys may have one name, so that one can replace the other', async () => {
  const { get } = await serve(() => [identifyCaller(callerIdentifier(keys)), answer])
  const callers = await Promise.all(
    ['old', 'new', 'other'].map(async (key) => (await get('/', { 'X-API-Key': key })).body.caller),
  )
  expect(callers).toEqual(['order-service', 'order-service', 'console'])
})

test('without a key the caller is anonymous, whether there are keys or not', async () => {
  for (const known of [keys, []]) {
    const { get } = await serve(() => [identifyCaller(callerIdentifier(known)), answer])
    expect((await get()).body.caller).toBe('anonymous')
  }
})

test.each(['wrong', '', 'old%20', 'OLD', 'old, new', createHash('sha256').update('old').digest('hex')])(
  'the key %j is none: 401',
  async (key) => {
    const { get } = await serve(() => [identifyCaller(callerIdentifier(keys)), answer])
    const { status, body } = await get('/', { 'X-API-Key': key })
    expect([status, body.code]).toEqual([401, 'invalid_api_key'])
    if (key.length > 3) expect(JSON.stringify(body)).not.toContain(key)
  },
)

test('of two tokens none is chosen: 400', async () => {
  const { port } = await serve(() => [identifyCaller(callerIdentifier(keys)), answer])
  const send = async (...names: string[]) => {
    const headers = ['Host', 'localhost', ...names.flatMap((name) => [name, 'Bearer a'])]
    const [response] = (await once(request({ port, headers, host: '127.0.0.1' }).end(), 'response')) as [
      IncomingMessage,
    ]
    return { status: response.statusCode, body: (await json(response)) as { code: string; detail: string } }
  }
  const { status, body } = await send('Authorization', 'authorization')
  expect([status, body.code]).toEqual([400, 'malformed_request'])
  expect(body.detail).toBe('There is more than one header Authorization')
  expect((await send('Authorization')).status).toBe(200)
})

test('a key is answered with 401 where none are configured', async () => {
  const { get } = await serve(() => [identifyCaller(callerIdentifier([])), answer])
  expect((await get('/', { 'X-API-Key': 'old' })).status).toBe(401)
})

test('every key is compared, in constant time, whichever it is that fits', async () => {
  const compared = jest.spyOn(crypto, 'timingSafeEqual')
  const { get } = await serve(() => [identifyCaller(callerIdentifier(keys)), answer])
  for (const key of ['old', 'other', 'wrong']) await get('/', { 'X-API-Key': key })
  expect(compared).toHaveBeenCalledTimes(3 * keys.length)
})

test.each([
  'order-service',
  'order-service:',
  ':' + 'a'.repeat(64),
  'a b:' + 'a'.repeat(64),
  'x:' + 'a'.repeat(63),
  'x:' + 'g'.repeat(64),
  // The digest of an empty key.
  `shop:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855`,
])('the entry %j of API_KEYS is of another form', (text) => {
  expect(parseApiKey(text)).toBeUndefined()
})

test('no key can have the name of those who have none', () => {
  expect(parseApiKey(entry('anonymous', 'k'))).toBeUndefined()
})
