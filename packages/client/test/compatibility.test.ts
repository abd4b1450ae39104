import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const client = join(__dirname, '..')
const run = (program: string, ...args: string[]) =>
  execFileSync(process.execPath, [join(client, program), ...args], { encoding: 'utf8' })

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ordinal-client-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('the types are those of the documents', () => {
  expect(run('generate.mjs', '--check')).toBe('')
})

test.each(readdirSync(join(client, 'released')))(
  'callers that were written for the last release, with its %s, still work',
  (name) => {
    const [released, today] = ['released', 'openapi'].map((folder) => join(client, folder, name)) as [
      string,
      string,
    ]
    expect(JSON.parse(run('compatibility.mjs', released, today))).toEqual([])
  },
)

describe('a change that breaks callers is found, and one that does not is none', () => {
  const source = readFileSync(join(client, 'openapi/orders.json'), 'utf8')

  // A document is any JSON.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  type Document = any

  function changed(change: (document: Document) => void): string[] {
    const document = JSON.parse(source)
    change(document)
    const file = join(folder, 'new.json')
    writeFileSync(file, JSON.stringify(document))
    return JSON.parse(run('compatibility.mjs', join(client, 'openapi/orders.json'), file))
  }
  const placing = (document: Document) => document.paths['/api/v1/orders'].post
  const newOrder = (document: Document) => placing(document).requestBody.content['application/json'].schema

  test('what breaks callers', () => {
    const found = changed((document) => {
      const { paths, components } = document
      delete paths['/api/v1/orders/by-number/{number}'].get
      newOrder(document).properties.currency = { type: 'string' }
      newOrder(document).required.push('currency')
      delete newOrder(document).properties.quantity
      components.schemas.status.enum.splice(0, 1, 'lost')
      delete components.schemas.Order.properties.reference
      components.schemas.Order.required = components.schemas.Order.required.filter(
        (name: string) => name !== 'reference',
      )
      paths['/api/v1/orders'].get.parameters.splice(1, 1)
    }).join('\n')
    for (const expected of [
      /GET \/api\/v1\/orders\/by-number\/\{number\} is gone/,
      /POST \/api\/v1\/orders refuses a request that it took.*currency/,
      /POST \/api\/v1\/orders refuses a request that it took.*body.quantity/,
      /PATCH \/api\/v1\/orders\/\{id\} refuses a request that it took.*pending/,
      /GET \/api\/v1\/orders refuses a request that it took.*query.cursor/,
      /GET \/api\/v1\/orders\/\{id\} answers what it did not.*lost/,
      /POST \/api\/v1\/orders answers what it did not.*reference/,
    ])
      expect(found).toMatch(expected)
  })

  test('more may be taken, and more answered', () => {
    expect(
      changed((document) => {
        newOrder(document).properties.currency = { type: 'string' }
        document.components.schemas.Order.properties.currency = { type: 'string' }
        document.paths['/api/v1/orders/{id}'].get.parameters.push({
          name: 'fields',
          in: 'query',
          schema: { type: 'string' },
        })
        document.paths['/api/v1/returns'] = { get: { operationId: 'get_returns', responses: {} } }
      }),
    ).toEqual([])
  })
})
