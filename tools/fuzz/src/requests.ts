import type { Dice } from './dice'
import type { Document, Operation, Schema } from './document'
import { idOf, type Known, type Thing } from './known'
import { valuesOf } from './values'

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
 * @returns its parts, for `mutated` (mutations.ts) to spoil
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
const namesIn = ({ path, parameters, bodies }: Operation) => [
  ...parameters
    .filter(({ in: place, required }) => place === 'path' || required)
    .map(({ name }) => meaningOf(path, name)),
  ...(bodies[0]?.[1].required ?? []),
]

/** `webhook_id` for the `id` in `/webhooks/{id}/test`. */
const meaningOf = (path: string, name: string) =>
  name === 'id' ? idOf(/([\w-]+)\/\{id\}/.exec(path)?.[1] ?? '') : name

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
    const value = parameterValue(schema, meaningOf(operation.path, name), making)
    return encodeURIComponent(toText(value)) || 'x'
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
/** The text as UTF-8 has it: a lone surrogate has none. */
export const wellFormed = (text: string) => Buffer.from(text).toString()

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

export const form = 'multipart/form-data'
export const boundary = 'fuzzed'

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
