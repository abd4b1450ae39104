import { join } from 'node:path'
import { FsTree } from 'nx/src/generators/tree'
import { endpoint, library, service } from '../src/generators'

// Jest cannot load prettier; the test of a generated service checks the format.
process.env.NX_SKIP_FORMAT = 'true'

// The repository as it is; what is written to the tree is not written to the disk.
const tree = () => new FsTree(join(__dirname, '../../..'), false)
const make = (name: string, resource = 'invoice', more: object = {}) =>
  service(tree(), { name, resource, finish: false, ...more })

test.each<[what: string, name: string, reason: RegExp]>([
  ['upper case', 'Billing', /lower case letters, digits and single hyphens/],
  ['a path', '../billing', /lower case letters/],
  ['two hyphens', 'bill--ing', /lower case letters/],
  ['nothing', '', /lower case letters/],
  ['a service that is there', 'user-service', /apps\/user-service is there already; nothing is overwritten/],
  ['a project that is there', 'local-stack', /tools\/local-stack has that name/],
  ['the short name of another', 'order', /order-service is called order, too/],
  ['a container of another', 'grafana', /has a container of that name/],
  ['a database of another', 'user-db', /has a container of that name/],
  ['the variables of all', 'jwt', /its variables would begin with JWT_, as JWT_/],
  ['the variables of another', 'sequencer-two', /sequencer would take its variables for misspelt ones/],
  ['what make has already', 'integration', /make test-integration is something else/],
  ['a part of the client', 'numbers', /the client uses "numbers" for something else/],
  ['a module of the client', 'retry-service', /the client uses "retry" for something else/],
  ['an option of the client', 'token', /the client uses "token" for something else/],
  ['a word of the code', 'key-sweeper', /the code of a service uses it/],
])('a service cannot be called as %s: %j', async (_what, name, reason) => {
  await expect(make(name)).rejects.toThrow(reason)
})

test.each<[what: string, resource: string, reason: RegExp]>([
  ['upper case', 'Invoice', /lower case letters/],
  ['a word of TypeScript', 'class', /a word of TypeScript/],
  ['a word of SQL', 'reference', /a word of SQL/],
  ['a variable of the code', 'route', /the code of a service uses it/],
  ['a type of the code', 'pool', /the code of a service uses it/],
  ['a type of the client', 'operation', /the code of a service uses it/],
])('a service cannot keep what is called as %s: %j', async (_what, resource, reason) => {
  await expect(make('billing', resource)).rejects.toThrow(reason)
})

test('a port of another service is refused', async () => {
  await expect(make('billing', 'invoice', { port: 8081 })).rejects.toThrow('Port 8081 is that of another')
})

test.each([
  ['nothing', /There is no service "nothing": there are user-service/],
  ['order-service', /was not generated \(it has no .*\): see "Add an endpoint" in CONTRIBUTING.md/],
  ['user-service', /was not generated/],
])('a resource is refused in %s', async (name, reason) => {
  await expect(endpoint(tree(), { resource: 'invoice', service: name, finish: false })).rejects.toThrow(
    reason,
  )
})

test.each([
  ['errors', /libs\/errors is there already; nothing is overwritten/],
  ['class', /a word of TypeScript/],
  ['tools/x', /lower case letters/],
])('a library cannot be called %s', async (name, reason) => {
  await expect(library(tree(), { name, about: 'x', scope: 'shared' })).rejects.toThrow(reason)
})

test('nothing is made twice', async () => {
  const made = tree()
  const invoices = { name: 'billing', resource: 'invoice', finish: false }
  const notes = { resource: 'credit-note', service: 'billing', finish: false }
  const rates = { name: 'tax-rates', about: 'rates', scope: 'shared' }
  await service(made, invoices)
  await endpoint(made, notes)
  await library(made, rates)
  const before = made.listChanges().map(({ path, content }) => [path, content?.toString()])
  await expect(service(made, invoices)).rejects.toThrow(
    'apps/billing is there already; nothing is overwritten',
  )
  for (const resource of ['invoice', 'credit-note'])
    await expect(endpoint(made, { ...notes, resource })).rejects.toThrow(
      /is there already; nothing is overwritten/,
    )
  await expect(library(made, rates)).rejects.toThrow('libs/tax-rates is there already')
  expect(made.listChanges().map(({ path, content }) => [path, content?.toString()])).toEqual(before)
})

test('a second service has the ports after the first, and is named by what names all', async () => {
  const both = tree()
  await service(both, { name: 'billing', resource: 'invoice', finish: false })
  await service(both, { name: 'payment-service', resource: 'company', finish: false })
  const services = JSON.parse(both.read('services.json', 'utf8')!) as { name: string; port: number }[]
  expect(services.slice(-2)).toEqual([
    expect.objectContaining({ name: 'billing', title: 'Billing service', port: 8084, debugPort: 6064 }),
    expect.objectContaining({
      name: 'payment-service',
      title: 'Payment service',
      port: 8085,
      database: 'paymentdb',
    }),
  ])
  expect(both.read('monitoring/rules/services.rules.yml', 'utf8')).toContain(
    '(user_service|order_service|sequencer|billing|payment_service)_requests_total',
  )
  expect(both.read('monitoring/rules/services.rules.yml', 'utf8')).toContain(
    'up{job=~"(user-service|order-service|sequencer|billing|payment-service)"} == 0',
  )
  const compose = both.read('docker-compose.yml', 'utf8')!
  expect(compose).toMatch(/\n {2}billing-db:\n[^]*\n {2}payment-db:\n[^]*\n {2}redis:\n/)
  expect(compose.match(/&superuser-password/g)).toHaveLength(1)
  expect(both.exists('apps/payment-service/src/companies/routes.ts')).toBe(true)
  const client = (file: string) => both.read(`packages/client/src/${file}.ts`, 'utf8')!
  expect(client('options')).toContain('  sequencer?: string\n  billing?: string\n  payment?: string\n')
  expect(client('index')).toContain(`export type * as Payment from './payment-types'\n`)
  expect(client('ordinal')).toMatch(/diagnostics: \{[^}]*sequencer: [^}]*billing: [^}]*payment: [^}]*\}/)
  expect(client('ordinal')).toContain(`payment: paymentOf(sender('payment', options)),\n`)
  expect(client('payment')).toContain('companies: resourceOf<Payment.Company, Payment.NewCompany,')
  expect(client('payment-types')).toContain('export type CompanyPage = ')
  const made = both.listChanges().filter(({ path }) => path.startsWith('apps/'))
  expect(made.filter(({ path, content }) => /sample|demo.?widget/i.test(path + String(content)))).toEqual([])
})
