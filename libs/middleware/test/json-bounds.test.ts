import type { RequestHandler } from 'express'
import fc from 'fast-check'
import { parseJsonBody } from '../src'
import { jsonBoundsFault, jsonBoundsFor } from '../src/json-bounds'
import { closeServers, serve } from './serve'

afterAll(closeServers)

const limitBytes = 102_400
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
const flat = (fields: number) => `[${Array(fields).fill('1').join(',')}]`

/** The depth and the number of fields and elements of a value, counted in it. */
function measured(value: unknown): { depth: number; values: number } {
  if (typeof value !== 'object' || value === null) return { depth: 0, values: 0 }
  const inner = Object.values(value).map(measured)
  return {
    depth: 1 + Math.max(0, ...inner.map(({ depth }) => depth)),
    // An empty one counts as well: it costs as much as one with a field.
    values: Math.max(1, inner.length) + inner.reduce((sum, { values }) => sum + values, 0),
  }
}

test('depth and number are those that the value has, whatever its strings hold', () => {
  const texts = fc.json({ maxDepth: 6, stringUnit: fc.constantFrom('"', '\\', '{', '[', ',', 'a', '\u2028') })
  fc.assert(
    fc.property(texts, fc.constantFrom(undefined, 2), (json, indent) => {
      const value: unknown = JSON.parse(json)
      const text = JSON.stringify(value, null, indent)
      const { depth, values } = measured(value)
      expect(jsonBoundsFault(text, { depth, values })).toBeUndefined()
      if (depth > 0) {
        expect(jsonBoundsFault(text, { depth: depth - 1, values })).toMatch(/within each other/)
        expect(jsonBoundsFault(text, { depth, values: values - 1 })).toMatch(/fields and elements/)
      }
    }),
    { numRuns: 500 },
  )
})

const read: RequestHandler = (_req, res) => void res.json({ read: true })

test.each(['application/json', 'application/json; charset=utf-8', 'application/json; charset=utf-16le'])(
  'a body of %s is refused beyond its bounds, and says what, where and how to fix it',
  async (contentType) => {
    const { url } = await serve(() => [parseJsonBody(limitBytes), read])
    const send = async (text: string) => {
      const body = contentType.includes('16') ? Buffer.from(text, 'utf16le') : text
      const response = await fetch(url, { method: 'POST', body, headers: { 'content-type': contentType } })
      return { status: response.status, body: (await response.json()) as Record<string, unknown> }
    }
    expect(await send(nested(32))).toMatchObject({ status: 200 })
    expect(await send(flat(10_240))).toMatchObject({ status: 200 })
    const deep = await send(`{"a":${nested(32)}}`)
    expect(deep).toMatchObject({ status: 400, body: { code: 'json_too_complex' } })
    expect(deep.body.detail).toBe('More than 32 objects and lists within each other, at character 37')
    const wide = await send(flat(10_241))
    expect(wide).toMatchObject({ status: 400, body: { code: 'json_too_complex' } })
    expect(wide.body.detail).toBe('More than 10240 fields and elements, at character 20481')
    // As deep as the bytes allow.
    expect(await send('{"a":'.repeat(8_000))).toMatchObject({ body: { code: 'json_too_complex' } })
  },
)

test('a charset that is not looked into is refused', async () => {
  const { url } = await serve(() => [parseJsonBody(limitBytes), read])
  const headers = { 'content-type': 'application/json; charset=utf-32' }
  const { status } = await fetch(url, { method: 'POST', body: 'abcd', headers })
  expect(status).toBe(415)
})

test('looking takes one pass: a text of nothing but escapes and quotes too', () => {
  const bounds = jsonBoundsFor(limitBytes)
  for (const text of ['"' + '\\"'.repeat(500_000), '"' + '\\\\'.repeat(500_000), '"'.repeat(1_000_000)])
    expect(jsonBoundsFault(text, bounds)).toBeUndefined()
})
