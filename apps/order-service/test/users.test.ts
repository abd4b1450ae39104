import { Registry } from 'prom-client'
import { Deadline, deadlineIn, noDeadline } from '@ordinal/deadline'
import { createServiceClient, type ServiceClient } from '@ordinal/resilience'
import { createUserMetrics } from '../src/metrics'
import { createUsers } from '../src/clients/users'

const trace = { requestId: 'r', traceparent: '00-0-0-01' }

/** Users behind a client that finds everybody active, until it is away. */
function usersOf(memorySeconds = 60) {
  const registry = new Registry()
  const away = createServiceClient({
    name: 'user-service',
    baseUrl: 'http://127.0.0.1:1',
    timeoutMs: 1000,
    maxConcurrent: 10,
    breaker: {
      resetTimeoutMs: 60_000,
      intervalMs: 60_000,
      maxRequests: 1,
      errorThresholdPercentage: 50,
      volumeThreshold: 1,
      consecutiveFailures: 1,
    },
  })
  let isAway = false
  const client: ServiceClient = {
    ...away,
    request: (request) =>
      isAway
        ? away.request(request)
        : Promise.resolve({
            status: 200,
            headers: {},
            data: { id: Number(request.path.split('/').pop()), active: true },
          }),
  }
  const users = createUsers(client, {
    memorySeconds,
    metrics: createUserMetrics(registry),
    timeoutMs: 5_000,
    batching: true,
  })
  return {
    require: (id: number, deadline = noDeadline) => users.requireActive(id, trace, deadline),
    goAway: () => (isAway = true),
    remembered: async () => {
      const [value] = (await registry.getSingleMetric('order_service_remembered_users')!.get()).values
      return value!.value
    },
    end: () => away.close(),
  }
}

test('no more than 10,000 users are remembered, those who ordered last', async () => {
  const { require, goAway, remembered, end } = usersOf()
  for (let id = 1; id <= 12_000; id += 1) expect(await require(id)).toBe('verified')
  expect(await remembered()).toBe(10_000)
  goAway()
  expect(await require(12_000)).toBe('remembered')
  expect(await require(2_001)).toBe('remembered')
  await expect(require(2_000)).rejects.toMatchObject({ code: 'user_service_unavailable' })
  end()
})

test('without a memory nobody is remembered', async () => {
  const { require, goAway, remembered, end } = usersOf(0)
  expect(await require(1)).toBe('verified')
  expect(await remembered()).toBe(0)
  goAway()
  await expect(require(1)).rejects.toMatchObject({ code: 'user_service_unavailable' })
  end()
})

test('once the deadline has passed or the caller has disconnected, no user is looked up, not even in the memory', async () => {
  const { require, goAway, end } = usersOf()
  await require(1)
  goAway()
  await expect(require(1, deadlineIn(0))).rejects.toMatchObject({ code: 'deadline_exceeded' })
  const gone = deadlineIn(60_000, () => AbortSignal.abort())
  await expect(require(1, gone)).rejects.toMatchObject({ code: 'caller_gone' })
  end()
})

test('a short deadline gets the answer of the memory while the user service is known to be away', async () => {
  const { require, goAway, end } = usersOf()
  await require(1)
  goAway()
  expect(await require(1)).toBe('remembered')
  // It stays short without passing, however slow the machine is.
  const short = new Deadline(Infinity)
  jest.spyOn(short, 'remainingMs').mockReturnValue(40)
  expect(await require(1, short)).toBe('remembered')
  end()
})
