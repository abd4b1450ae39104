import type { TestDatabase } from '@ordinal/testing'
import { randomFrom } from './random'
import { createLedgerDatabase, startSequencer, upTo } from './sequencer'
import { bearer, secret } from './tokens'

let database: TestDatabase & { runtimeUrl: string }
let sequencer: Awaited<ReturnType<typeof startSequencer>>

beforeAll(async () => {
  database = await createLedgerDatabase()
  sequencer = await startSequencer(database, { JWT_SECRET: secret })
})
afterAll(async () => {
  await sequencer.stop()
  await database.drop()
})

type State = 'free' | 'void' | 'reserved'
interface Issued {
  full_number: string
  counter: number
}

const get = async (place: string) => (await sequencer.api.get(`/api/v1/${place}`)).body
const map = (query = '') => get(`gaps/INV/map?period=2020&${query}`)

/** What each value of INV in 2020 is, if not issued. */
const states = new Map<number, State>()
const last = 120

beforeAll(async () => {
  const random = randomFrom(18)
  const headers = await bearer('operator')
  const draw = async (count: number, more: object) =>
    (await sequencer.api.post('/api/v1/next/INV', { count, business_date: '2020-03-01', ...more })).body
      .numbers as Issued[]
  const issued = await draw(last - 20, {})
  for (const { counter } of await draw(20, { hold_seconds: 86_400, client_id: 'shop' }))
    states.set(counter, 'reserved')
  const given = issued.filter(() => random.chance(0.3))
  for (const { full_number, counter } of given) {
    const state = random.oneOf(['free', 'void'] as const)
    const step = state === 'free' ? 'release' : 'void'
    const { status } = await sequencer.api.post(
      `/api/v1/numbers/${full_number}/${step}`,
      { reason: 'test' },
      { headers },
    )
    expect(status).toBe(200)
    states.set(counter, state)
  }
  expect(new Set(states.values()).size).toBe(3)
})

const countsIn = (from: number, to: number) => {
  const counts = { free: 0, void: 0, reserved: 0 }
  for (const [value, state] of states) if (value >= from && value <= to) counts[state] += 1
  return counts
}

test.each([
  [1, last, 200],
  [1, last, 120],
  [1, last, 119],
  [1, last, 7],
  [1, last, 1],
  [30, 90, 10],
  [100, 120, 4],
  [17, 17, 5],
])(
  'of the values %d to %d, in %d buckets at most, each state is counted where it is',
  async (from, to, n) => {
    const found = await map(`from=${from}&to=${to}&buckets=${n}`)
    const size = Math.max(1, Math.ceil((to - from + 1) / n))
    expect(found).toMatchObject({ first_value: 1, last_value: last, from, to, bucket_size: size })
    expect(found).toMatchObject(countsIn(1, last))
    const expected = upTo(Math.ceil((to - from + 1) / size))
      .map((bucket) => from + (bucket - 1) * size)
      .map((low) => ({ from: low, ...countsIn(low, Math.min(to, low + size - 1)) }))
      .filter((bucket) => bucket.free + bucket.void + bucket.reserved > 0)
    expect(found.buckets).toEqual(expected)
    const reserved = [...states].filter(
      ([value, state]) => state === 'reserved' && value >= from && value <= to,
    )
    expect((found.leases as { counter: number }[]).map(({ counter }) => counter)).toEqual(
      reserved.map(([value]) => value),
    )
  },
)

test('a reserved value has who holds it, and until when', async () => {
  const { leases } = await map()
  const { history } = await get(`numbers/${leases[0].full_number}?prefix=INV`)
  expect(leases[0]).toMatchObject({ caller: history[0].caller, at: history[0].at })
  expect(Date.parse(leases[0].expires_at as string) - Date.parse(leases[0].at as string)).toBe(86_400_000)
})

test('a stretch beyond the counter, or beside what there is, is cut to what there is', async () => {
  expect(await map('from=110&to=9000000000')).toMatchObject({ from: 110, to: last })
  expect(await map('from=500&to=600')).toMatchObject({ buckets: [], leases: [], last_value: last })
  expect(await map('from=90&to=30')).toMatchObject({ buckets: [], leases: [] })
})

test('a period without numbers is empty, and the periods are listed, the latest first', async () => {
  await sequencer.api.post('/api/v1/next/INV', { business_date: '2021-03-01' })
  const empty = await get('gaps/INV/map?period=1999')
  expect(empty).toMatchObject({ first_value: 1, last_value: 0, free: 0, void: 0, reserved: 0, buckets: [] })
  expect(empty.periods.slice(-2)).toEqual(['2021', '2020'])
})

test('the list of gaps goes from one value to another, and names who made each', async () => {
  const wanted = [...states].filter(([value, state]) => state !== 'reserved' && value >= 40 && value <= 80)
  const { data } = await get('gaps/INV?period=2020&page_size=100&from=40&to=80')
  expect(data.map(({ counter, state }: { counter: number; state: State }) => [counter, state])).toEqual(
    wanted.sort(([a], [b]) => a - b),
  )
  const { history } = await get(`numbers/${data[0].full_number}?prefix=INV`)
  expect(data[0].caller).toBe(history.at(-1).caller)
})

test.each([
  ['gaps/NONE/map', 'sequence_not_found'],
  ['gaps/NONE/map?period=2020', 'sequence_not_found'],
  ['gaps/INV/map?from=0', 'validation_failed'],
  ['gaps/INV/map?buckets=1001', 'validation_failed'],
  ['gaps/INV/map?period=%00', 'validation_failed'],
])('%s is refused: %s', async (place, code) => {
  expect((await get(place)).code).toBe(code)
})
