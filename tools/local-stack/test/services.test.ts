import { listedServices } from '../src/service-list'
import { defineServices } from '../src/services'
import { readSettings } from '../src/settings'

const postgres = { url: (database: string) => `postgres://localhost/${database}` }
const secrets = { tokens: 'for tokens', signing: 'for signing' }

test('another sequence of the order service is in the scopes of its key, and of no other', () => {
  const { services } = readSettings(__dirname)
  const users = services.find(({ name }) => name === 'user-service')!
  const scopes = ['numbers:issue:ORD', 'orders:read']
  const environment = { ORDER_SERVICE_SEQUENCE: 'INV' }
  const [first] = defineServices(
    { services: [...services, { ...users, name: 'billing', scopes }], environment },
    postgres,
    secrets,
  )
  const limits = first!.environment.API_KEYS!.split(',').map((entry) => entry.replace(/:[0-9a-f]{64}:/, ' '))
  expect(limits).toHaveLength(listedServices.filter(({ followsKeys }) => followsKeys).length + 1)
  expect(limits).toContain('order-service users:read+numbers:issue:INV+api-keys:follow')
  expect(limits).toContain('billing numbers:issue:ORD+orders:read+api-keys:follow')
})
