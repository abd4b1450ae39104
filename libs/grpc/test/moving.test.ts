import { createGrpcClient, createTestDatabase, until, type TestDatabase } from '@ordinal/testing'
import { fakeName, protos, startFakeService } from './fake-service'

let database: TestDatabase
beforeAll(async () => void (database = await createTestDatabase()))
afterAll(() => database.drop())

/** Calls of one client of two instances, one of which stops meanwhile; gives how calls ended, and where. */
async function callWhileOneStops(policy: string, shutdownDrainMs: number) {
  const [leaving, staying] = [
    await startFakeService(database.url, { shutdownDrainMs }),
    await startFakeService(database.url),
  ]
  const client = createGrpcClient(
    `ipv4:127.0.0.1:${leaving.port},127.0.0.1:${staying.port}`,
    protos,
    fakeName,
    { 'grpc.service_config': JSON.stringify({ loadBalancingConfig: [{ [policy]: {} }] }) },
  )
  const ends: Record<string, number> = {}
  let done = false
  const callers = Array.from({ length: 16 }, async (_, n) => {
    while (!done) {
      const { code } = await client.call('Wait', { ms: n % 4 }, { deadlineMs: 10_000 })
      ends[code] = (ends[code] ?? 0) + 1
    }
  })
  const callsOf = ({ logged }: typeof leaving) => logged.of('request').length
  await until(() => callsOf(leaving) > 200)
  await leaving.service.stop()
  const before = callsOf(staying)
  await until(() => callsOf(staying) > before + 200)
  done = true
  await Promise.all(callers)
  client.close()
  await Promise.all([leaving.stop(), staying.stop()])
  return { ends, calls: [callsOf(leaving), callsOf(staying)] }
}

test.each([
  ['pick_first', 0],
  ['round_robin', 0],
  ['round_robin', 200],
])(
  'a client that never stops calling (%s) moves to another instance, after a drain of %s ms, and no call fails',
  async (policy, shutdownDrainMs) => {
    const { ends, calls } = await callWhileOneStops(policy, shutdownDrainMs)
    expect(Object.keys(ends)).toEqual(['OK'])
    expect(calls.every((count) => count > 200)).toBe(true)
  },
)
