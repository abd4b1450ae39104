import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import type { Dice } from './dice'
import type { Document, Operation } from './document'
import type { Known, Thing } from './known'
import { oddNumbers, oddTexts, oddValues, valuesOf, type Schema } from './values'

/** A request, as it is sent. */
export interface HttpRequest {
  method: string
  /** Path and query. */
  url: string
  headers: [name: string, value: string][]
  body?: Buffer | undefined
}

/** What a request is made from. */
export interface Making {
  service: string
  document: Document
  known: Known
  dice: Dice
  /** What the request is about, as far as it has such fields. */
  about?: Thing
}

/**
 * A request of an operation that should be taken: it fits the schemas, and refers to what earlier answers had.
 *
 * @returns its parts, for `mutated` to spoil
 */
export function validRequest(operation: Operation, given: Making): HttpRequest {
  const { dice, known, service } = given
  const making = dice.percent(60)
    ? { ...given, about: known.thing(service, namesIn(operation), dice) }
    : given
  const url = `${pathOf(operation, making)}${queryOf(operation, making)}`
  const headers = headersOf(operation, making, url)
  const chosen = operation.bodies.length > 0 && dice.pick(operation.bodies)
  if (!chosen) return { method: operation.method, url, headers }
  const [media, schema] = chosen
  const body = media.endsWith('json') ? JSON.stringify(valueOf(schema, '', making)) : fileOf(media, making)
  headers.push(['Content-Type', media === form ? `${form}; boundary=${boundary}` : media])
  return { method: operation.method, url, headers, body: Buffer.from(body) }
}

/** The fields that a request of an operation must have. */
const namesIn = ({ parameters, bodies }: Operation) => [
  ...parameters.filter(({ in: place, required }) => place === 'path' || required).map(({ name }) => name),
  ...(bodies[0]?.[1].required ?? []),
]

/** A value of a field: often one that is known, in whatever depth it is. */
function valueOf(schema: Schema, name: string, making: Making): unknown {
  return withKnown(making.dice.draw(valuesOf(making.document, schema, name)), name, making)
}

function withKnown(value: unknown, name: string, making: Making): unknown {
  if (Array.isArray(value)) return value.map((each) => withKnown(each, name, making))
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withKnown(each, key, making)]))
  const { dice, known, service, about } = making
  const recalled = dice.percent(75) ? known.recall(service, name, dice, about) : undefined
  return recalled !== undefined && typeof recalled === typeof value ? recalled : value
}

function pathOf(operation: Operation, making: Making): string {
  return operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const { schema } = operation.parameters.find(
      (parameter) => parameter.in === 'path' && parameter.name === name,
    )!
    return encodeURIComponent(toText(parameterValue(schema, name, making))) || 'x'
  })
}

function queryOf(operation: Operation, making: Making): string {
  const taken = operation.parameters.filter((parameter) => parameter.in === 'query')
  const given = taken.filter(({ required }) => required || making.dice.percent(taken.length > 4 ? 15 : 35))
  const pairs = given.map(
    ({ name, schema }) => `${name}=${encodeURIComponent(toText(parameterValue(schema, name, making)))}`,
  )
  return pairs.length > 0 ? `?${pairs.join('&')}` : ''
}

function parameterValue(schema: Schema, name: string, making: Making): unknown {
  const { dice, known, service, about } = making
  const recalled = dice.percent(85) ? known.recall(service, name, dice, about) : undefined
  return recalled ?? valueOf(schema, name, making)
}

const toText = (value: unknown) => wellFormed((Array.isArray(value) ? value : [value]).map(String).join(','))
// A lone surrogate has no UTF-8.
const wellFormed = (text: string) => Buffer.from(text).toString()

function headersOf(operation: Operation, making: Making, url: string): HttpRequest['headers'] {
  const { dice, known, service } = making
  const headers: HttpRequest['headers'] = []
  for (const parameter of operation.parameters.filter(({ in: place }) => place === 'header')) {
    if (!dice.percent(35)) continue
    const value = headerValue(parameter.name)
    if (value !== undefined) headers.push([parameter.name, value])
  }
  return headers

  function headerValue(name: string): string | undefined {
    if (name === 'Idempotency-Key')
      return dice.percent(60) ? `key-${dice.below(40)}` : `new-${dice.below(2 ** 31)}`
    if (name === 'X-Request-Timeout-Ms') return String(dice.pick([1, 1, 2, 20, 5_000, 30_000]))
    return known.tagOf(service, url)
  }
}

const form = 'multipart/form-data'
const boundary = 'fuzzed'

const textOf = (value: unknown, otherwise: string) => (typeof value === 'string' ? value : otherwise)

/** A file of numbers to import. */
function fileOf(media: string, { dice, known, service }: Making): string {
  const prefix = textOf(known.recall(service, 'prefix', dice), 'SG')
  const numbers = Array.from({ length: dice.below(6) }, () => {
    const recalled = dice.percent(40) ? known.recall(service, 'full_number', dice) : undefined
    return textOf(recalled, `${prefix}-${1 + dice.below(30)}`)
  })
  if (media === 'application/x-ndjson')
    return numbers.map((number) => `${JSON.stringify({ number, client_id: 'fuzz' })}\n`).join('')
  const separator = media === 'text/tab-separated-values' ? '\t' : dice.pick([',', ';'])
  const csv = [['number', 'client_id'], ...numbers.map((number) => [number, 'fuzz'])]
    .map((row) => `${row.join(separator)}\r\n`)
    .join('')
  if (media !== form) return csv
  return `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\nContent-Type: text/csv\r\n\r\n${csv}\r\n--${boundary}--\r\n`
}

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
