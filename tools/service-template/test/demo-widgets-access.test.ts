import { callersOf, hostileCallers, type TestCallers } from '@ordinal/testing'
import { demoWidgetAccess } from '../src/demo-widgets/access'
import { setUp } from './sample-service'

let running: Awaited<ReturnType<typeof setUp>>
let callers: TestCallers
const scopes = ['users:read', 'users:write', 'audit:read+api-keys:follow']
beforeAll(async () => {
  callers = await callersOf(scopes)
  running = await setUp(callers.env)
})
afterAll(() => running.tearDown())

type Headers = Record<string, string>
const root = '/api/v1/demo-widgets'

/** Who may do what, once more: viewers read, operators also write, administrators also delete. */
const expected: Record<string, { role: 'viewer' | 'operator' | 'admin'; scope?: string }> = {
  'GET /api/v1/demo-widgets': { role: 'viewer', scope: 'users:read' },
  'POST /api/v1/demo-widgets': { role: 'operator', scope: 'users:write' },
  'GET /api/v1/demo-widgets/{id}': { role: 'viewer', scope: 'users:read' },
  'PATCH /api/v1/demo-widgets/{id}': { role: 'operator', scope: 'users:write' },
  'DELETE /api/v1/demo-widgets/{id}': { role: 'admin' },
}
const operations = Object.keys(expected)

async function call(operation: string, headers: Headers) {
  const { body } = await running.api.post(root, { name: 'One' }, { headers: callers.operator })
  const [method = '', path = ''] = operation.split(' ')
  return running.api.request({
    method,
    path: path.replace('{id}', String(body.id)),
    headers,
    ...(['POST', 'PATCH'].includes(method) && { body: { name: 'Other' } }),
  })
}

test('each operation has its row', () => {
  expect(Object.keys(demoWidgetAccess).sort()).toEqual([...operations].sort())
})

test.each(operations)('%s: by each role, each scope, and nobody', async (operation) => {
  const { role, scope } = expected[operation]!
  const rank = ['viewer', 'operator', 'admin']
  const may = (suffices: boolean) => (suffices ? undefined : 403)
  const cases: [string, Headers, number | undefined][] = [
    ['nobody', callers.nobody, 401],
    ['no role', callers.noRole, 403],
    ['a customer', await callers.customer(1), 403],
    ...rank.map((each, index): [string, Headers, number | undefined] => [
      each,
      callers[each as 'viewer'],
      may(rank.indexOf(role) <= index),
    ]),
    ['a key', callers.machine, may(role !== 'admin')],
    ...scopes.map((of): [string, Headers, number | undefined] => [
      of,
      callers.withScopes(of),
      may(of === scope),
    ]),
  ]
  for (const [who, headers, refused] of cases) {
    const { status } = await call(operation, headers)
    expect([who, refused ? status : Math.floor(status / 100)]).toEqual([who, refused ?? 2])
  }
})

test('what is wrong is 401 on every operation', async () => {
  for (const [what, headers] of Object.entries(await hostileCallers()))
    await Promise.all(
      operations.map(async (operation) =>
        expect([what, operation, (await call(operation, headers)).status]).toEqual([what, operation, 401]),
      ),
    )
})
