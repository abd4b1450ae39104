import fc from 'fast-check'
import { pathTable } from '../src/path-table'

const found = (templates: string[], path: string) =>
  pathTable(templates.map((template) => ({ path: template })))(path).map(({ entry, params }) => [
    entry.path,
    params(),
  ])

test('a path has what its template names, decoded', () => {
  const templates = ['/users', '/users/{id}', '/users/{id}/orders/{order}']
  expect(found(templates, '/users/7')).toEqual([['/users/{id}', { id: '7' }]])
  expect(found(templates, '/users/a%2Fb/orders/%C3%A9/')).toEqual([
    ['/users/{id}/orders/{order}', { id: 'a/b', order: 'é' }],
  ])
  expect(found(templates, '/users/')).toEqual([['/users', {}]])
})

test.each(['', '*', 'users', '/', '//', '/Users', '/users//', '/users/7/', '/users/7//orders/1', '/user%73'])(
  '"%s" is the path of none of them',
  (path) => {
    expect(found(['/users', '/users/{id}/orders/{order}'], path)).toEqual([])
  },
)

test('a colon may be encoded, in a name and in a value', () => {
  const templates = ['/users:batchGet', '/users/{id}']
  expect(found(templates, '/users%3AbatchGet')).toEqual([['/users:batchGet', {}]])
  expect(found(templates, '/users/a%3ab%25')).toEqual([['/users/{id}', { id: 'a:b%' }]])
  expect(found(templates, '/users/a%253Ab')).toEqual([['/users/{id}', { id: 'a%3Ab' }]])
})

test('several that fit come in the order in which they were given', () => {
  const templates = ['/a/{x}', '/a/b', '/{y}/b', '/a/{z}']
  expect(found(templates, '/a/b').map(([path]) => path)).toEqual(templates)
  expect(found(templates.toReversed(), '/a/b').map(([path]) => path)).toEqual(templates.toReversed())
})

test('what cannot be decoded fails only where its value is asked for', () => {
  const [fitting] = pathTable([{ path: '/users/{id}' }])('/users/%zz')
  expect(() => fitting!.params()).toThrow(URIError)
})

const segment = fc.constantFrom('a', 'b', 'a.json', 'a:b', '__proto__')
const template = fc
  .array(fc.oneof(segment, fc.constantFrom('{x}', '{y}')), { minLength: 1, maxLength: 4 })
  .map((parts) => `/${parts.map((part, index) => part.replace('}', `${index}}`)).join('/')}`)
const path = fc.oneof(
  fc
    .array(fc.oneof(segment, fc.constantFrom('', 'c', '%61')), { maxLength: 5 })
    .map((parts) => `/${parts.join('/')}`),
  fc.string(),
)

/** A template as the regular expression that Express would make of it. */
const patternOf = (template: string) =>
  new RegExp(`^${template.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}/?$`)

test('it finds what trying one after the other finds', () => {
  fc.assert(
    fc.property(fc.uniqueArray(template, { maxLength: 8 }), path, (templates, path) => {
      const fitting = templates.filter((template) => path !== '' && patternOf(template).test(path))
      const table = pathTable(templates.map((template) => ({ path: template })))
      // Without the values, some of which cannot be decoded.
      expect(table(path).map(({ entry }) => entry.path)).toEqual(fitting)
    }),
    { numRuns: 2_000 },
  )
})
