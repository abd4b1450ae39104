import fc from 'fast-check'
import { resolve, type Document, type Schema } from './document'

/** Values of fields whose schema is a text, and does not say their meaning. */
const meant: Record<string, readonly string[]> = {
  template: [
    '{prefix}{seq:6}',
    '{prefix}-{seq}',
    '{prefix}{YYYY}-{seq:4}',
    '%s%06d',
    'A{prefix}.{YYYY}{MM}{seq:3}',
  ],
  time_zone: ['UTC', 'Europe/Berlin', 'America/New_York', 'Pacific/Apia'],
  fiscal_year_start: ['04-06', '10-01'],
  columns: ['number:Invoice Number', 'number:No,client_id:Customer'],
  after: ['0'],
  cursor: ['0'],
  invoice_type: ['on-cycle', 'off-cycle'],
  business_date: ['2026-11-21'],
  status: ['confirmed', 'shipped', 'delivered', 'cancelled'],
  state: ['issued', 'free'],
  // Receivers that nothing may be delivered to, or hardly; those that there are the requests know (receiver.ts).
  url: [
    'https://receiver.example.com/orders',
    'http://user:password@receiver.example.com/',
    'https://receiver.example.com/#part',
    'http://169.254.169.254/latest/meta-data/',
    'http://[::ffff:10.0.0.1]:8080/',
    'http://0x7f.1/',
    'http://2130706433/',
    'http://localhost:1/',
    'file:///etc/passwd',
    'gopher://127.0.0.1:6379/_FLUSHALL',
    'https://münchen.example/ö?ü=1',
  ],
}

/** Texts that programs stumble over. */
export const oddTexts: readonly string[] = [
  '',
  ' ',
  '\u0000',
  'a\u0000b',
  '\ud800',
  'a\udc00b',
  '\u202egnp.exe',
  '\u200b',
  '\ufeffBOM',
  'ı',
  'İ',
  'ſ',
  'ß',
  'ﬁ',
  '𝒳'.repeat(20),
  '👩‍👩‍👧‍👦',
  'e\u0301'.repeat(40),
  'Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L',
  '．．／',
  '.',
  '..',
  '../../etc/passwd',
  '%s-{seq}',
  '%00',
  '%n%n%n%n',
  '{prefix}',
  '{{seq}}',
  "' OR 1=1 --",
  '"; DROP TABLE users; --',
  '$1',
  '\\',
  '\r\nX-Injected: 1',
  '<script>alert(1)</script>',
  '=1+1',
  '${jndi:ldap://x}',
  '__proto__',
  'constructor',
  'toString',
  'NaN',
  'null',
  '0x10',
  '1e3',
  '-0',
  '00',
  '+1',
  '9007199254740993',
  '99999999999999999999999999',
  '2026-02-30',
  '0000-00-00',
  '2026-11-21T24:00:00Z',
  '2026-12-31T23:59:60Z',
  '+012026-01-01',
  '٣',
  'a'.repeat(256),
  'é'.repeat(1_000),
  'x'.repeat(8_000),
]

export const oddNumbers: readonly number[] = [
  0,
  -0,
  -1,
  1,
  0.1,
  1.005,
  2 ** 31 - 1,
  2 ** 31,
  -(2 ** 31) - 1,
  2 ** 32,
  2 ** 53 - 1,
  2 ** 53,
  2 ** 63,
  2 ** 64,
  1e21,
  1e308,
  5e-324,
  1000,
  1001,
  100,
  101,
  0.30000000000000004,
]

/** What is of another type than it should be, whatever that is. */
export const oddValues: readonly unknown[] = [
  null,
  true,
  false,
  [],
  {},
  [[]],
  [null],
  { __proto__: null, toString: 1 },
  '1',
  1,
  ...oddTexts,
  ...oddNumbers,
]

const plainText = (min: number, max: number) =>
  fc
    .oneof(
      fc.stringMatching(/^[A-Za-z][A-Za-z0-9 .-]*$/, { size: 'small' }),
      fc.string({ unit: 'grapheme', minLength: min, maxLength: Math.min(max, 40) }),
    )
    .map((text) => text.slice(0, max).trim().padEnd(min, 'x'))

const made = new WeakMap<Schema, Map<string, fc.Arbitrary<unknown>>>()

/**
 * Values that fit a schema, or nearly so: what it says in words only is not known here.
 *
 * @param name of the field
 */
export function valuesOf(document: Document, schema: Schema, name = ''): fc.Arbitrary<unknown> {
  const byName = made.get(schema) ?? new Map<string, fc.Arbitrary<unknown>>()
  made.set(schema, byName)
  const arbitrary = byName.get(name) ?? newValues(document, schema, name)
  byName.set(name, arbitrary)
  return arbitrary
}

function newValues(document: Document, schema: Schema, name: string): fc.Arbitrary<unknown> {
  const { example, examples, ...rest } = schema
  const isFree = schema.type === 'string' && !schema.enum
  const known = [
    ...(isFree ? (meant[name] ?? []) : []),
    ...(examples ?? []),
    ...(example === undefined ? [] : [example]),
  ]
  const usual = fitting(document, rest, name)
  return known.length > 0 ? fc.oneof(fc.constantFrom(...known), usual) : usual
}

function fitting(document: Document, schema: Schema, name: string): fc.Arbitrary<unknown> {
  const { $ref, type, anyOf } = schema
  if ($ref !== undefined) return valuesOf(document, resolve<Schema>(document, { $ref }), name)
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum) return fc.constantFrom(...schema.enum)
  if (anyOf) return fc.oneof(...anyOf.map((each) => valuesOf(document, each, name)))
  if (Array.isArray(type))
    return fc.oneof(...type.map((each) => fitting(document, { ...schema, type: each }, name)))
  switch (type) {
    case 'integer':
      return integers(schema)
    case 'number':
      return integers({ ...schema, maximum: Math.min(schema.maximum ?? 1e6, 1e6) * 100 }).map(
        (value) => value / 100,
      )
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    case 'array':
      return fc.array(valuesOf(document, schema.items ?? {}, name), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? 5, 5),
      })
    case 'object':
      return objects(document, schema)
    default:
      return texts(schema)
  }
}

function integers({ minimum = 0, maximum = Number.MAX_SAFE_INTEGER }: Schema): fc.Arbitrary<number> {
  // Small ones are of use more often: a page, a count.
  const small = fc.integer({ min: minimum, max: Math.min(maximum, minimum + 20) })
  return fc.oneof(
    { weight: 4, arbitrary: small },
    fc.integer({ min: minimum, max: maximum }),
    fc.constantFrom(minimum, maximum),
  )
}

function texts({ format, pattern, minLength = 0, maxLength = 200 }: Schema): fc.Arbitrary<unknown> {
  if (format === 'date') return days
  if (format === 'date-time') return moments
  if (format === 'email') return fc.uuid().map((id) => `${id}@example.com`)
  if (format === 'uuid') return fc.uuid()
  if (pattern !== undefined && !pattern.includes('\\p{'))
    return fc.stringMatching(new RegExp(pattern), { size: 'small' })
  return plainText(minLength, maxLength)
}

// Around today, where rules about dates have their bounds.
const moments = fc
  .integer({ min: -400, max: 40 })
  .map((daysOff) => new Date(Date.now() + daysOff * 86_400_000).toISOString())
const days = moments.map((moment) => moment.slice(0, 10))

const mostOptional = 3

/** With what is required, and some of the rest: with all of it hardly any request would be taken. */
function objects(document: Document, { properties = {}, required = [] }: Schema): fc.Arbitrary<unknown> {
  const fields = Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [name, valuesOf(document, schema, name)]),
  )
  const optional = Object.keys(fields).filter((name) => !required.includes(name))
  return fc
    .shuffledSubarray(optional, { maxLength: Math.min(mostOptional, optional.length) })
    .chain((chosen) =>
      fc.record(Object.fromEntries([...required, ...chosen].map((name) => [name, fields[name]!]))),
    )
}
