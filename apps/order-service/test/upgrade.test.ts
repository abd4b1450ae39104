import { readFileSync } from 'node:fs'
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrate } from '@ordinal/database'
import { fingerprintOf } from '@ordinal/idempotency'
import { callersOf, createTestRole, tableShapes } from '@ordinal/testing'
import { anOrder, countUnnumbered, createWorld, expectNumbersToMatch, migrateToLatest, until } from './world'

const migrations = join(__dirname, '../prisma/migrations')
const oneShape = '20261129010000_one_shape_of_idempotency_records'
const webhookKeys = '20261205030000_webhook_keys'
const listCounts = '20261201030000_list_counts'
const listCountsOfBefore = '20261201030100_list_counts_of_before'

/** Brings a database to the schema before a migration. */
async function migrateToBefore(url: string, migration: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'ordinal-orders-'))
  for (const name of await readdir(migrations))
    if (name < migration) await cp(join(migrations, name), join(folder, name), { recursive: true })
  await migrate({ url, folder })
  await rm(folder, { recursive: true })
}

test('keys that an earlier release recorded are replayed or finished after the upgrade', async () => {
  const world = await createWorld({
    name: `order_service_before_${oneShape}`.slice(0, 50),
    migrate: (url) => migrateToBefore(url, oneShape),
  })
  const fingerprint = fingerprintOf({ userId: 1, productId: 'PROD-123', quantity: 2, totalPrice: 99.99 })
  const [answered, unanswered] = await world.query<{ id: string; reference: string }>(
    `INSERT INTO orders (reference, user_id, product_id, quantity, total_price, numbering_after)
     SELECT gen_random_uuid(), 1, 'PROD-123', 2, 99.99, now() + interval '1 hour' FROM generate_series(1, 2)
     RETURNING id, reference`,
  )
  const answer = { id: Number(answered!.id), version: 1, order_number: null }
  await world.query(
    `INSERT INTO idempotency_records (caller, key, fingerprint, order_id, answer, leased_until)
     VALUES ('anonymous', 'answered', $1, $2, $3, now()), ('anonymous', 'unanswered', $1, $4, NULL, now())`,
    [fingerprint, answered!.id, JSON.stringify(answer), unanswered!.id],
  )
  await migrateToLatest(world.env.ORDER_SERVICE_DATABASE_URL)

  const { url } = await world.startService()
  async function place(key: string) {
    const response = await fetch(`${url}/api/v1/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify(anOrder),
    })
    const replayed = response.headers.get('idempotency-replayed')
    return { status: response.status, replayed, body: await response.json() }
  }
  expect(await place('answered')).toEqual({ status: 201, replayed: 'true', body: answer })
  const finished = await place('unanswered')
  expect(finished).toMatchObject({
    status: 201,
    replayed: null,
    body: { reference: unanswered!.reference, order_number: 'ORD-1' },
  })
  expect(await place('unanswered')).toEqual({ ...finished, replayed: 'true' })
  await world.query('UPDATE orders SET numbering_after = now()')
  await until(async () => (await countUnnumbered(world)) === 0)
  await expectNumbersToMatch(world)
  await world.end()
})

test('orders of before the counts are counted once, also those that an earlier release writes during the upgrade', async () => {
  const world = await createWorld({
    name: 'order_service_before_counts',
    migrate: (url) => migrateToBefore(url, listCounts),
  })
  // What an earlier release may do, whose tables were granted before there were counts.
  const { name: earlier } = await createTestRole(world.database)
  await world.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON orders TO ${earlier};
    GRANT USAGE ON SEQUENCE orders_id_seq TO ${earlier}`)
  const placeAsEarlier = (count: number) =>
    world.query(
      `BEGIN; SET LOCAL ROLE ${earlier};
       INSERT INTO orders (reference, user_id, product_id, quantity, total_price)
       SELECT gen_random_uuid(), 1, 'P', 1, 1 FROM generate_series(1, ${count}); COMMIT`,
    )
  await placeAsEarlier(100)
  await world.query(`UPDATE orders SET status = 'confirmed' WHERE id <= 10;
    UPDATE orders SET deleted_at = now() WHERE id BETWEEN 6 AND 25`)
  await migrateToBefore(world.env.ORDER_SERVICE_DATABASE_URL, listCountsOfBefore)
  await placeAsEarlier(7)
  await world.query(
    `UPDATE orders SET status = 'confirmed' WHERE id BETWEEN 91 AND 93; DELETE FROM orders WHERE id = 100`,
  )
  await migrateToLatest(world.env.ORDER_SERVICE_DATABASE_URL)
  await placeAsEarlier(1)

  const { api } = await world.startService()
  const totalOf = async (query: string) =>
    (await api.get(`/api/v1/orders?page_size=1${query}`)).body.pagination.total as number
  expect(await Promise.all(['', '&status=pending', '&status=confirmed'].map(totalOf))).toEqual([87, 79, 8])
  await world.end()
})

test('a webhook of an earlier release is shown again to the request that made it, while it has its secret', async () => {
  const world = await createWorld({
    name: 'order_service_before_webhook_keys',
    migrate: (url) => migrateToBefore(url, webhookKeys),
  })
  const wanted = {
    url: 'https://receiver.example/',
    eventTypes: ['order.created'],
    description: '',
    enabled: true,
  }
  await world.query(
    `INSERT INTO webhooks (url, event_types, description, secret, previous_secret, created_by, idempotency_key, fingerprint)
     VALUES ($1, $2, '', 'whsec_a', NULL, 'anna', 'kept', $3),
       ($1, $2, '', 'whsec_b', 'whsec_a', 'anna', 'rotated', $3), ($1, $2, '', 'whsec_c', NULL, 'ada', NULL, NULL)`,
    [wanted.url, wanted.eventTypes, fingerprintOf(wanted).toString('hex')],
  )
  await migrateToLatest(world.env.ORDER_SERVICE_DATABASE_URL)
  const callers = await callersOf([])
  const { api } = await world.startService(callers.env)
  const make = (key: string, description?: string) =>
    api.post(
      '/api/v1/webhooks',
      { url: wanted.url, event_types: wanted.eventTypes, description },
      { headers: { ...callers.admin, 'idempotency-key': key } },
    )
  expect(await make('kept')).toMatchObject({ status: 201, body: { id: 1, secret: 'whsec_a' } })
  for (const refused of [await make('rotated'), await make('kept', 'another')])
    expect([refused.status, refused.body.code]).toEqual([422, 'idempotency_key_reused'])
  expect(await make('new')).toMatchObject({ status: 201, body: { id: 4 } })
  await world.end()
})

test.each(['list-totals', 'idempotency', 'events'])(
  'the tables of libs/%s have the shape that it has for all services',
  async (library) => {
    const world = await createWorld()
    const schema = readFileSync(join(__dirname, '../../../libs', library, 'schema.sql'), 'utf8')
    const { wanted, found } = await tableShapes(world.query, schema)
    expect(found.columns).toEqual(wanted.columns)
    expect(found.rules).toEqual(expect.arrayContaining(wanted.rules))
    await world.end()
  },
)
