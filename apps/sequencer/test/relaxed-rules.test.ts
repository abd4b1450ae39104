import { createLedgerDatabase, startSequencer } from './sequencer'
import { bearer, secret } from './tokens'

const dayMs = 86_400_000
const day = (days: number) => new Date(Date.now() + days * dayMs).toISOString().slice(0, 10)
const loose = {
  template: '{prefix}{YYYY}-{seq:4}',
  reset: 'yearly',
  sealed_to: null,
  business_date_past_days: null,
  business_date_future_days: null,
}

let database: Awaited<ReturnType<typeof createLedgerDatabase>>
let sequencers: Awaited<ReturnType<typeof startSequencer>>[]
beforeAll(async () => {
  database = await createLedgerDatabase()
  const start = () => startSequencer(database, { JWT_SECRET: secret })
  sequencers = [await start(), await start()]
})
afterAll(async () => {
  for (const sequencer of sequencers) await sequencer.stop()
  await database.drop()
})

test.each<[rule: string, prefix: string, strict: object, code: string, body: object]>([
  ['a seal', 'RA', { sealed_to: 'shop' }, 'sequence_sealed', {}],
  [
    'a window of past days',
    'RB',
    { business_date_past_days: 1 },
    'business_date_out_of_window',
    { business_date: day(-9) },
  ],
  [
    'a window of future days',
    'RC',
    { business_date_future_days: 1 },
    'business_date_out_of_window',
    { business_date: day(9) },
  ],
  [
    'a template without such years',
    'RD',
    { template: '{prefix}{YY}-{seq:4}' },
    'validation_failed',
    { business_date: '2199-01-01' },
  ],
])(
  'an instance that has refused a request by %s carries it out once that is relaxed',
  async (_, prefix, strict, code, body) => {
    const admin = { headers: await bearer('admin') }
    const [changing, other] = sequencers as [(typeof sequencers)[0], (typeof sequencers)[0]]
    const define = { prefix, ...loose, ...strict }
    expect((await changing.api.post('/api/v1/sequences', define, admin)).status).toBe(201)
    const issue = async ({ api }: typeof other) => (await api.post(`/api/v1/next/${prefix}`, body)).body
    for (const each of sequencers) {
      // It knows the rules, and refuses by them.
      expect((await issue(each)).code).toBe(code)
      expect((await issue(each)).code).toBe(code)
    }
    const relaxed = { ...loose, reason: 'relaxed' }
    expect((await changing.api.put(`/api/v1/sequences/${prefix}`, relaxed, admin)).status).toBe(200)
    for (const each of [other, changing]) expect(await issue(each)).toMatchObject({ state: 'issued' })
  },
)
