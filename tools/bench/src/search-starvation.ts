import { randomUUID } from 'node:crypto'
import { get, post } from './load'
import type { Scenario, StarvationSettings } from './starvation-scenario'
import type { Contestant, Stage } from './stage'

const customers = 1_000
const connections = 16

/** Orders beside searches of users and lists of orders: what an order waits for is a user by id. */
export async function searchScenarios(
  stage: Stage,
  { users: count }: StarvationSettings,
  tell: (line: string) => void,
): Promise<Scenario[]> {
  tell(`Filling users and orders, ${count.toLocaleString('en')} of each.`)
  const users = await stage.startOnDatabase('user-service', 'USER_SERVICE', 'searched_users')
  await stage.asAdmin('searched_users', async (admin) => {
    await admin.query(
      `INSERT INTO users (email, name, age)
       SELECT 'u' || n || '@example.com', md5(n::text) || ' Lovelace', 30 FROM generate_series(1, $1::int) n`,
      [count],
    )
    await admin.query('VACUUM ANALYZE')
  })
  const sequencer = await stage.startSequencer('searched_numbers')
  const orders = await stage.startOnDatabase('order-service', 'ORDER_SERVICE', 'searched_orders', {
    ORDER_SERVICE_USER_SERVICE_URL: urlOf(users),
    ORDER_SERVICE_SEQUENCER_URL: urlOf(sequencer),
  })
  await stage.asAdmin('searched_orders', async (admin) => {
    await admin.query(
      `INSERT INTO orders (reference, order_number, user_id, product_id, quantity, total_price, status)
       SELECT gen_random_uuid(), 'OLD-' || n, n % 1000 + 1, 'PROD-' || n % 100, 1, 9.99, 'confirmed'
       FROM generate_series(1, $1::int) n`,
      [count],
    )
    await admin.query('VACUUM ANALYZE')
  })
  const main = { service: orders, request: newOrder, connections }
  const searches = ['nobody-has-this', 'Lovelace', 'u4', 'e', 'a%b', '7f3'].map((text) =>
    get(`/api/v1/users?page_size=100&search=${encodeURIComponent(text)}`),
  )
  const pages = [get(`/api/v1/users?page=${Math.floor(count / 200)}&page_size=100`)]
  const lists = [
    'page=1',
    'status=confirmed&page=1',
    `page=${Math.floor(count / 100)}`,
    'product_id=none',
  ].map((query) => get(`/api/v1/orders?page_size=100&${query}`))
  return [
    {
      name: 'search users, 20 connections',
      wanted: 0.25,
      main,
      reads: users,
      reading: { requests: searches, connections: 20 },
    },
    {
      name: 'search users, 50/s',
      wanted: 0.7,
      main,
      reads: users,
      reading: { requests: searches, connections: 500, perSecond: 50 },
    },
    {
      name: 'search users, late pages, 50/s',
      wanted: 0.7,
      main,
      reads: users,
      reading: { requests: pages, connections: 500, perSecond: 50 },
    },
    {
      name: 'search orders, 50/s',
      wanted: 0.7,
      main,
      reading: { requests: lists, connections: 500, perSecond: 50 },
    },
  ]
}

const urlOf = ({ port }: Contestant) => `http://127.0.0.1:${port}`

let ordered = 0
function newOrder(): string {
  ordered += 1
  const order = { user_id: (ordered % customers) + 1, product_id: 'PROD-1', quantity: 1, total_price: 9.99 }
  const headers = ['Content-Type: application/json', `Idempotency-Key: ${randomUUID()}`]
  return post('/api/v1/orders', headers, JSON.stringify(order))
}
