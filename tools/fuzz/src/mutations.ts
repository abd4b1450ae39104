import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import type { Dice } from './dice'
import { boundary, form, wellFormed, type HttpRequest } from './requests'
import { oddNumbers, oddTexts, oddValues } from './values'

const anything = fc.oneof(fc.string({ unit: 'binary' }), fc.jsonValue())

type Mutation = (request: HttpRequest, dice: Dice) => HttpRequest

/** The request with up to three things wrong, odd or hostile. */
export function mutated(request: HttpRequest, dice: Dice): HttpRequest {
  let result = request
  for (let left = 1 + dice.below(3); left > 0; left--) result = dice.pick(mutations)(result, dice)
  return result
}

const mutations: Mutation[] = [
  mutateValue,
  mutateValue,
  mutateValue,
  mutateValue,
  mutateField,
  mutateField,
  mutateJsonText,
  mutateJsonText,
  mutateContentType,
  mutateEncoding,
  mutatePath,
  mutatePath,
  mutateQuery,
  mutateQuery,
  mutateMethod,
  addHeader,
  addHeader,
  addHeader,
]

/** Changes a JSON body, if it has one. */
function inJson(request: HttpRequest, change: (body: unknown) => unknown): HttpRequest {
  if (request.body === undefined) return request
  try {
    const body = change(JSON.parse(request.body.toString()))
    return { ...request, body: Buffer.from(JSON.stringify(body) ?? '') }
  } catch {
    return request
  }
}

/** Puts an odd value in the place of one, in whatever depth. */
function mutateValue(request: HttpRequest, dice: Dice): HttpRequest {
  const odd = () => dice.pick<unknown>([oddTexts, oddNumbers, oddValues, [dice.draw(anything)]].flat())
  const replace = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null || dice.percent(15)) return odd()
    const keys = Object.keys(value)
    if (keys.length === 0) return odd()
    const key = dice.pick(keys)
    const child = replace((value as Record<string, unknown>)[key])
    return Array.isArray(value) ? value.with(Number(key), child) : { ...value, [key]: child }
  }
  return inJson(request, replace)
}

/** Leaves a field out, or adds one. */
function mutateField(request: HttpRequest, dice: Dice): HttpRequest {
  return inJson(request, (body) => {
    if (typeof body !== 'object' || body === null) return [body]
    const entries = Object.entries(body as Record<string, unknown>)
    const dropped = dice.below(entries.length)
    if (dice.percent(50)) return Object.fromEntries(entries.filter((_, index) => index !== dropped))
    const [name, value] = entries.length > 0 ? dice.pick(entries) : ['x', 1]
    const camel = name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
    const added = dice.pick([camel, name.toUpperCase(), ` ${name}`, 'id', 'version', '$where', ...oddTexts])
    return Object.fromEntries([...entries, [added, value]])
  })
}

const nested = (depth: number, open: string, close: string) => `${open.repeat(depth)}1${close.repeat(depth)}`

/** Spoils the text of a body. */
function mutateJsonText(request: HttpRequest, dice: Dice): HttpRequest {
  const text = request.body?.toString() ?? '{}'
  const firstName = /"(\w+)":/.exec(text)?.[1] ?? 'a'
  const place = dice.below(text.length + 1)
  const texts: (() => string | Buffer)[] = [
    () => text.slice(0, place),
    () => `${text}${text}`,
    () => `\ufeff${text}`,
    () => text.replaceAll('"', "'"),
    () => text.replace(/\}$/, ',}'),
    () => text.replace(/^\{/, `{"${firstName}":null,`),
    () => text.replace(/\}$/, `,"${firstName}":1}`),
    () => text.replace(/^\{/, '{"__proto__":{"admin":true},'),
    () => text.replace(/"(\w)/, '"\\u0000$1'),
    () => text.replace(/:"/, ':"\\ud800'),
    () => text.replace(/:\d+/, ':1e400'),
    () => text.replace(/:\d+/, ':-0'),
    () => text.replace(/:\d+/, ':01'),
    () => nested(5_000, '[', ']'),
    () => nested(2_000, '{"a":', '}'),
    () => `{"${firstName}":${nested(500, '[', ']')}}`,
    () =>
      JSON.stringify(Object.fromEntries(Array.from({ length: 3_000 }, (_, index) => [`k${index}`, index]))),
    () => '',
    () => 'null',
    () => '[]',
    () => '"text"',
    () => '\u0000',
    () => Buffer.from([0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]),
    () =>
      Buffer.concat([
        Buffer.from(text.slice(0, place)),
        Buffer.from([0xed, 0xa0, 0x80]),
        Buffer.from(text.slice(place)),
      ]),
    () =>
      Buffer.concat([
        Buffer.from(text.slice(0, place)),
        Buffer.from([0xc0, 0xaf]),
        Buffer.from(text.slice(place)),
      ]),
    () => 'x'.repeat(110_000),
    () => `{"${firstName}":"${'é'.repeat(60_000)}"}`,
  ]
  return { ...request, body: Buffer.from(dice.pick(texts)()) }
}

const without = (headers: HttpRequest['headers'], name: string) =>
  headers.filter(([each]) => each.toLowerCase() !== name)

function mutateContentType(request: HttpRequest, dice: Dice): HttpRequest {
  const rest = without(request.headers, 'content-type')
  const type = dice.pick([
    ...[
      undefined,
      'text/plain',
      'application/xml',
      'application/json; charset=utf-16',
      'application/json; charset=latin1',
    ],
    ...[
      'application/json;charset=',
      'application/json; charset="utf-8"',
      'APPLICATION/JSON',
      'application/merge-patch+json',
    ],
    ...[
      'application/json, text/plain',
      'json',
      '/',
      'multipart/form-data',
      'multipart/form-data; boundary=',
      'text/csv',
    ],
    ...[
      'application/x-www-form-urlencoded',
      `${form}; boundary="${boundary}`,
      'text/csv; charset=utf-16',
      'application/x-ndjson',
    ],
  ])
  return { ...request, headers: type === undefined ? rest : [...rest, ['Content-Type', type]] }
}

function mutateEncoding(request: HttpRequest, dice: Dice): HttpRequest {
  if (!request.body) return request
  const { body } = request
  const [encoding, encoded] = dice.pick<[string, Buffer]>([
    ['gzip', gzipSync(body)],
    ['deflate', deflateSync(body)],
    ['br', brotliCompressSync(body)],
    ['gzip', body],
    ['br', body],
    ['gzip', gzipSync(body).subarray(0, 12)],
    ['gzip', gzipSync(Buffer.alloc(3_000_000, 32))],
    ['zstd', body],
    ['identity', body],
    ['gzip, gzip', gzipSync(gzipSync(body))],
    ['', body],
  ])
  return { ...request, body: encoded, headers: [...request.headers, ['Content-Encoding', encoding]] }
}

/** In a path or query, as it may arrive: encoded, half encoded, or not at all. */
function encodedOdd(dice: Dice): string {
  const odd = wellFormed(dice.pick(oddTexts))
  const encoded = encodeURIComponent(odd)
  return dice.pick([
    ...[encoded, encoded, encoded, encoded.toLowerCase(), encodeURIComponent(encoded)],
    ...[
      '%',
      '%zz',
      '%c0%af',
      '%ed%a0%80',
      '%ff',
      '%00',
      '%2e%2e',
      '%2F',
      '..%2f..%2f',
      '%E2%80%AE',
      '\u00ff',
      '+',
      ';a=b',
      ':batch',
    ],
  ])
}

function mutatePath(request: HttpRequest, dice: Dice): HttpRequest {
  const [path = '', ...query] = request.url.split('?')
  const segments = path.split('/')
  const at = 1 + dice.below(Math.max(segments.length - 1, 1))
  const changed = dice.pick([
    segments.with(Math.min(at, segments.length - 1), encodedOdd(dice)).join('/'),
    segments.with(-1, encodedOdd(dice)).join('/'),
    `${path}/`,
    `${path}/${encodedOdd(dice)}`,
    `/${path}`,
    path.replaceAll(/[a-z]/g, (letter) => letter.toUpperCase()),
    path.replace(/[a-z]/, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
    `http://localhost${path}`,
    `${path}#x`,
  ])
  return { ...request, url: [changed, ...query].join('?') }
}

function mutateQuery(request: HttpRequest, dice: Dice): HttpRequest {
  const [path = '', query = ''] = request.url.split(/\?(.*)/s)
  const pairs = query === '' ? [] : query.split('&')
  const name =
    pairs.length > 0
      ? dice.pick(pairs).replace(/=.*/, '')
      : dice.pick(['page', 'page_size', 'cursor', 'prefix', 'q'])
  const odd = encodedOdd(dice)
  const number = dice.pick(oddNumbers)
  const added = dice.pick([
    ...[
      `${name}=${odd}`,
      `${name}=${number}`,
      `${name}[]=${odd}`,
      `${name}[a]=1`,
      `${odd}=1`,
      name,
      `${name}=`,
      '&&',
      '=',
      odd,
    ],
    ...[
      `page=${number}`,
      `page_size=${number}`,
      `cursor=${odd}`,
      '__proto__=1',
      'constructor[prototype][x]=1',
      `${name}=1&${name}=2`,
    ],
  ])
  const kept = dice.percent(50) ? pairs.filter((pair) => !pair.startsWith(`${name}=`)) : pairs
  return { ...request, url: `${path}?${[...kept, added].join('&')}` }
}

function mutateMethod(request: HttpRequest, dice: Dice): HttpRequest {
  const method = dice.pick([
    'GET',
    'HEAD',
    'POST',
    'PUT',
    'PATCH',
    'DELETE',
    'OPTIONS',
    'TRACE',
    'PROPFIND',
    'QUERY',
  ])
  return { ...request, method: method === 'QUERY' && !canQuery ? 'PUT' : method }
}
const canQuery = Number(process.versions.node.split('.')[0]) >= 22

function addHeader(request: HttpRequest, dice: Dice): HttpRequest {
  const key = `key-${dice.below(40)}`
  const headers: [string, string][] = [
    ...['', ' ', '""', `"${key}"`, key, key, 'é', 'a b', 'x'.repeat(256)].map((each): [string, string] => [
      'Idempotency-Key',
      each,
    ]),
    ...['*', '"1"', '1', 'W/"1"', '"0"', '"', '"1-gzip"', '"1", "2"', '"9999999999999999999"', 'é', ''].map(
      (each): [string, string] => ['If-Match', each],
    ),
    ...['*', '"1"', 'W/"1"', ', ,', '"a'].map((each): [string, string] => ['If-None-Match', each]),
    ...['0', '1', '2', '-1', '1.5', '1e3', 'x', '99999999999', '', '3600001'].map(
      (each): [string, string] => ['X-Request-Timeout-Ms', each],
    ),
    ...['', 'a b', 'é', 'x'.repeat(200), '../..', '{"a":1}', '$(id)'].map((each): [string, string] => [
      'X-Request-Id',
      each,
    ]),
    ...['text/html', '*/*;q=0', 'application/xml', ',', 'application/problem+json', 'text/csv'].map(
      (each): [string, string] => ['Accept', each],
    ),
    ...['http://evil.example', 'null', 'http://localhost'].map((each): [string, string] => ['Origin', each]),
    ...['cross-site', 'same-origin', 'x'].map((each): [string, string] => ['Sec-Fetch-Site', each]),
    ...['1.2.3.4', '::1', 'x', '1.2.3.4, 5.6.7.8:9', '[::1]:80', ','].map((each): [string, string] => [
      'X-Forwarded-For',
      each,
    ]),
    ...['evil.example', '', 'a b', 'localhost:99999', '[::1', '127.0.0.1'].map((each): [string, string] => [
      'Host',
      each,
    ]),
    ['Expect', '200-ok'],
    ['Range', 'bytes=0-0'],
    ['If-Modified-Since', 'Sat, 21 Nov 2026 00:00:00 GMT'],
    ['If-Unmodified-Since', 'x'],
    ['Accept-Encoding', 'gzip;q=0, *;q=0'],
    ['Connection', 'close'],
    ['Upgrade', 'h2c'],
    ['Transfer-Encoding', 'chunked'],
    ['TE', 'trailers'],
    ['X-HTTP-Method-Override', 'DELETE'],
    ['Cookie', 'a=b; __proto__=1'],
    ['Prefer', 'return=minimal'],
    ['traceparent', '00-zz-zz-01'],
    ['traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'],
    ['baggage', 'x'.repeat(300)],
    ['Last-Event-ID', dice.pick(['0', 'x', '99999999999999999999', 'é'])],
    ['Authorization', dice.pick(['Bearer', 'Bearer é', 'Bearer a.b.c', 'Basic Og==', 'x', ''])],
    ['X-API-Key', dice.pick(['', 'x', 'é', 'x'.repeat(5_000)])],
    ['X-Long', 'x'.repeat(dice.pick([1_000, 20_000]))],
    ['é', '1'],
  ]
  const [name, value] = dice.pick(headers)
  // A client could not send such a name at all.
  if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name)) return request
  const rest = dice.percent(70) ? without(request.headers, name.toLowerCase()) : request.headers
  return { ...request, headers: [...rest, [name, value]] }
}
