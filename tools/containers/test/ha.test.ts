import { eventually } from './docker'
import { drawUntilStopped, nodes, startCluster, type Cluster } from './ha-stack'

let cluster: Cluster
beforeAll(async () => void (cluster = await startCluster()), 1_200_000)
afterAll(() => cluster?.stop(), 120_000)

test('an order gets its number from services that HAProxy leads to, and one of three nodes leads', async () => {
  const user = { email: 'a@example.com', name: 'Ada', age: 36 }
  const created = await cluster.post<{ id: number }>('users', '/api/v1/users', user, 'user')
  expect(created.status).toBe(201)
  const order = { user_id: created.body.id, product_id: 'PROD-1', quantity: 1, total_price: 1 }
  const placed = await cluster.post<{ order_number: string }>('orders', '/api/v1/orders', order, 'order')
  expect(placed).toMatchObject({ status: 201, body: { order_number: expect.stringMatching(/^ORD-/) } })
  const leader = await cluster.leader()
  expect(nodes).toContain(leader)
  for (const node of nodes.filter((name) => name !== leader)) await cluster.follows(node)
})

test('when the leader is killed numbers go on, none is lost or comes twice, and it follows when it is back', async () => {
  const killed = (await cluster.leader())!
  const others = nodes.filter((node) => node !== killed)
  const { acknowledged, stop } = drawUntilStopped(8)
  const count = () => Promise.resolve(acknowledged.length)
  await eventually(count, (so) => so > 100, 60_000)
  await cluster.kill(killed)
  const killedAtMs = performance.now()
  const atKill = acknowledged.length
  const next = await eventually(
    () => cluster.leader(others),
    (name) => name !== undefined && name !== killed,
    60_000,
  )
  expect(others).toContain(next)
  await eventually(count, (so) => so > atKill + 100, 60_000)
  await cluster.start(killed)
  await cluster.follows(killed)
  const back = acknowledged.length
  await eventually(count, (so) => so > back + 100, 60_000)
  await stop()

  const times = [killedAtMs, ...acknowledged.map(({ atMs }) => atMs).filter((atMs) => atMs > killedAtMs)]
  const longestMs = Math.max(...times.slice(1).map((atMs, index) => atMs - times[index]!))
  const said = `${acknowledged.length} numbers, none for ${(longestMs / 1000).toFixed(1)} s after ${killed} was killed`
  process.stdout.write(`${said}\n`)

  const held = acknowledged.map(({ number }) => number).sort()
  expect(new Set(held).size).toBe(held.length)
  expect(await cluster.sql(`SELECT number FROM ledger WHERE prefix = 'SG' ORDER BY number`)).toEqual(held)
  const [range] = await cluster.sql(
    `SELECT min(value) || '..' || max(value) || ' ' || count(*) FROM ledger WHERE prefix = 'SG'`,
  )
  expect(range).toBe(`1..${held.length} ${held.length}`)
  // Each key has the number that was answered, though its node has gone.
  for (const { key, number } of acknowledged.filter((_, index) => index % 20 === 0)) {
    const again = await cluster.post<{ full_number: string }>('numbers', '/api/v1/next/SG', {}, key)
    expect([again.status, again.body.full_number]).toEqual([200, number])
  }
}, 300_000)
