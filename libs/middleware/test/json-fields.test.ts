import type { RequestHandler } from 'express'
import fc from 'fast-check'
import { parseJsonBody } from '../src'
import { repeatedField } from '../src/json-fields'
import { closeServers, serve } from './serve'

afterAll(closeServers)

/** An object as it is written: each name as a literal of JSON, so that it may be there twice, and escaped or not. */
type Node = string | Node[] | { fields: [literal: string, value: Node][] }

const literals = fc.constantFrom('"a"', '"b"', '"\\u0061"', '"a\\""', '"{"', '":"', '"__proto__"', '""')
const { node } = fc.letrec<{ node: Node }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom('1', 'null', '"a"', '"a:b,{"', '"\\\\"'),
    fc.array(tie('node'), { maxLength: 3 }),
    fc.record({ fields: fc.array(fc.tuple(literals, tie('node')), { maxLength: 4 }) }),
  ),
}))

function textOf(node: Node): string {
  if (typeof node === 'string') return node
  if (Array.isArray(node)) return `[${node.map(textOf).join(', ')}]`
  return `{${node.fields.map(([literal, value]) => `${literal} : ${textOf(value)}`).join(',')}}`
}

function hasRepeated(node: Node): boolean {
  if (typeof node === 'string') return false
  if (Array.isArray(node)) return node.some(hasRepeated)
  const names = node.fields.map(([literal]) => JSON.parse(literal) as string)
  return new Set(names).size < names.length || node.fields.some(([, value]) => hasRepeated(value))
}

test('a field that an object has twice is found, whatever its name, however it is written, and no other', () => {
  const property = fc.property(node, (made) => {
    expect(repeatedField(textOf(made)) !== undefined).toBe(hasRepeated(made))
  })
  fc.assert(property, { numRuns: 2_000 })
})

test('a text that is no JSON is looked at to its end without a fault', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'{}[]":,\\a') }), (text) => void repeatedField(text)),
  )
})

const echo: RequestHandler = (req, res) => void res.json({ read: req.body as unknown })
const bytes = (...parts: (string | number[])[]) =>
  Buffer.concat(parts.map((part) => Buffer.from(part as string)))

// The second media type takes the way of the body parser.
test.each(['application/json', 'application/json; charset=utf-8'])(
  'a body of %s with a field twice, or that is not UTF-8, is refused',
  async (type) => {
    const { url } = await serve(() => [parseJsonBody(1_000), echo])
    const send = async (body: Buffer) => {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': type },
        body: Uint8Array.from(body),
      })
      return [response.status, ((await response.json()) as { detail?: string }).detail]
    }
    expect(await send(bytes('{"a":1,"b":{"a":2}}'))).toEqual([200, undefined])
    expect(await send(bytes('{"a":1,"b":2,"a":3}'))).toEqual([
      400,
      'The field "a" is there twice in one object',
    ])
    expect(await send(bytes('{"a":"', [0xe9], '"}'))).toEqual([400, 'The body has bytes that are not UTF-8'])
    expect(await send(bytes('{"a":"', [0xed, 0xa0, 0x80], '"}'))).toEqual([
      400,
      'The body has bytes that are not UTF-8',
    ])
  },
)
