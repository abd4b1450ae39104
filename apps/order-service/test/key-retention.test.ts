import {
  anOrder,
  createWorld,
  expectNumbersToMatch,
  longCalls,
  until,
  type Instance,
  type World,
} from './world'

let world: World
let service: Instance
beforeEach(async () => {
  world = await createWorld()
  service = await world.startService(longCalls)
})
afterEach(() => world.end())

const place = (key: string, { api } = service) =>
  api.post('/api/v1/orders', anOrder, { headers: { 'idempotency-key': key } })

/** Keys are swept when a service starts. */
const sweptBy = (days: number) => world.startService({ IDEMPOTENCY_KEY_DAYS: String(days) })

const keys = async () => {
  const rows = await world.query<{ key: string }>('SELECT key FROM idempotency_records ORDER BY key')
  return rows.map(({ key }) => key)
}
const age = (key: string, days: number) =>
  world.query(
    `UPDATE idempotency_records SET leased_until = leased_until - $2 * interval '1 day' WHERE key = $1`,
    [key, days],
  )

test('a key past its time is deleted, and its request is a new one; a key in its time is not', async () => {
  const [old, young] = [await place('old'), await place('young')]
  await age('old', 31)
  await age('young', 29)
  await sweptBy(30)
  await until(async () => (await keys()).length === 1)
  const again = await place('old')
  expect(again.status).toBe(201)
  expect(again.headers.has('idempotency-replayed')).toBe(false)
  expect(again.body.reference).not.toBe(old.body.reference)
  expect((await place('young')).body).toEqual(young.body)
  expect((await place('old')).body).toEqual(again.body)
  // The order itself stays.
  expect((await service.api.get(`/api/v1/orders/${old.body.id}`)).status).toBe(200)
  await expectNumbersToMatch(world)
})

test('its time is that of IDEMPOTENCY_KEY_DAYS', async () => {
  await place('older')
  await place('younger')
  await age('older', 3)
  await age('younger', 1)
  await sweptBy(2)
  await until(async () => (await keys()).length === 1)
  expect(await keys()).toEqual(['younger'])
})

test('a key under way is kept, however long ago it came first: what was left unanswered may be finished late', async () => {
  await place('dead')
  await place('late')
  await world.query('UPDATE idempotency_records SET answer = NULL')
  await age('dead', 40)
  await age('late', 40)
  const answer = world.sequencer.holdAnswers()
  await world.query('UPDATE orders SET order_number = NULL')
  world.sequencer.issued.clear()
  const finishing = place('late')
  await until(async () => {
    const [row] = await world.query(
      `SELECT 1 FROM idempotency_records WHERE key = 'late' AND leased_until > now()`,
    )
    return row
  })
  await sweptBy(30)
  await until(async () => (await keys()).length === 1)
  expect(await keys()).toEqual(['late'])
  answer()
  const { status, body } = await finishing
  expect(status).toBe(201)
  expect((await place('late')).body).toEqual(body)
})

test('many keys are deleted by several instances at once, a batch at a time', async () => {
  await world.query(`
    WITH placed AS (
      INSERT INTO orders (reference, user_id, product_id, quantity, total_price, order_number)
      SELECT gen_random_uuid(), 1, 'P', 1, 1, 'OLD-' || n FROM generate_series(1, 3500) AS n RETURNING id)
    INSERT INTO idempotency_records (caller, key, fingerprint, resource_id, answer, leased_until)
    SELECT 'anonymous', id, '', id, '{}', now() - interval '31 days' FROM placed`)
  const young = await place('young')
  const instances = await Promise.all([sweptBy(30), sweptBy(30), sweptBy(30)])
  await until(async () => (await keys()).length === 1)
  expect((await place('young', instances[0])).body).toEqual(young.body)
  for (const { log } of instances) {
    expect(log.of('idempotency keys past their time could not be deleted; retrying every minute')).toEqual([])
  }
})
