import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { growthOf } from '../instrument/statistics'
import type { Finished, MeasuredComparison, Series, Suite, Thoroughness } from '../instrument/suite'
import { post, requireSuccess, type Load } from '../load'
import { type Contestant, type Stage } from '../stage'
import { loadSteadily } from '../steady'

const perSecond = { orders: 200, numbers: 500 }
const connections = 16
const userCount = 1_000
const sampleSeconds = 5
/** What the start has left is not what idling takes. */
const idleSeconds = 15
const mostIdleMb = 120
const mostLoadedMb = 250
/** A tenth of the limit. By garbage collection alone the line of a half of ten minutes moves by up to 14 MB. */
const mostGrowthMb = 25

/** Memory of the three services, idle and then under a load that stays the same for minutes. */
export const memory: Suite = {
  name: 'memory',
  title: 'Memory under steady load',
  counts: 'requests',
  services: ['sequencer', 'order-service', 'user-service'],

  async open(stage, settings, tell) {
    const services = await startAll(stage)
    return {
      competitors: [],
      comparisons: [],
      finish: () => measureMemory(stage, services, settings, tell),
    }
  },
}

type Services = Record<'user service' | 'order service' | 'sequencer', Contestant>

async function startAll(stage: Stage): Promise<Services> {
  const users = await stage.startOnDatabase('user-service', 'USER_SERVICE', 'users')
  await stage.asAdmin('users', (admin) =>
    admin.query(
      `INSERT INTO users (email, name, age) SELECT 'u' || n || '@example.com', 'User', 30 FROM generate_series(1, $1) n`,
      [userCount],
    ),
  )
  const sequencer = await stage.startSequencer('numbers')
  const orders = await stage.startOnDatabase('order-service', 'ORDER_SERVICE', 'orders', {
    ORDER_SERVICE_USER_SERVICE_URL: `http://127.0.0.1:${users.port}`,
    ORDER_SERVICE_SEQUENCER_URL: `http://127.0.0.1:${sequencer.port}`,
  })
  return { 'user service': users, 'order service': orders, sequencer }
}

async function measureMemory(
  stage: Stage,
  services: Services,
  { minutes }: Pick<Thoroughness, 'minutes'>,
  tell: (line: string) => void,
): Promise<Finished> {
  const seconds = minutes * 60
  // A quick run has its few samples, too.
  const everySeconds = Math.min(sampleSeconds, seconds / 10)
  await delay(Math.min(idleSeconds, seconds) * 1000)
  const names = Object.keys(services) as (keyof Services)[]
  const idleMb = names.map((name) => services[name].residentMb())
  const samples = new Map(names.map((name) => [name, [] as number[]]))

  tell(`${perSecond.orders} orders and ${perSecond.numbers} numbers a second for ${minutes} min.`)
  let isEnding = false
  const sampling = (async () => {
    const startedAt = performance.now()
    for (let sample = 0; !isEnding && sample * everySeconds <= seconds; sample += 1) {
      await delay(Math.max(0, startedAt + sample * everySeconds * 1000 - performance.now()))
      for (const name of names) samples.get(name)!.push(services[name].residentMb() ?? 0)
      const passed = (sample * everySeconds) / 60
      if (sample > 0 && Number.isInteger(passed)) tell(`${passed} of ${minutes} min: ${textOf(samples)}`)
    }
  })()
  const steady = (port: number, perSecond: number, makeRequest: () => string) =>
    loadSteadily({ port, perSecond, makeRequest, connections }, seconds)
  const loads = await Promise.all([
    steady(services['order service'].port, perSecond.orders, newOrder),
    steady(services.sequencer.port, perSecond.numbers, newNumber),
  ]).finally(() => (isEnding = true))
  await sampling
  await requireExact(stage, loads)

  const [orders, numbers] = loads
  const series = names.map((name) => ({ title: name, everySeconds, values: samples.get(name)! }))
  return {
    settings: { seconds, rounds: 1 },
    rounds: [
      { name: 'orders', title: `orders, ${perSecond.orders} a second`, rounds: [orders] },
      { name: 'numbers', title: `numbers, ${perSecond.numbers} a second`, rounds: [numbers] },
    ],
    // Where there is no /proc nothing is known.
    ...(idleMb.every((mb) => mb !== undefined) && { series, comparisons: comparisonsOf(series, idleMb) }),
    notes: [
      `Resident memory, every ${everySeconds} s, of ${seconds} s. Growth is that of the regression line over the last half; flat is at most ${mostGrowthMb} MB, twice of what garbage collection alone does to that line: in ten minutes a leak of half a kilobyte an order would show`,
    ],
  }
}

function comparisonsOf(series: readonly Series[], idleMb: readonly number[]): MeasuredComparison[] {
  const unit = 'MB' as const
  return series.flatMap(({ title, values }, index) => {
    const lastHalf = values.slice(Math.floor(values.length / 2))
    return [
      { title: `${title}, idle`, unit, must: mostIdleMb, values: [idleMb[index]!] },
      { title: `${title}, the most under load`, unit, must: mostLoadedMb, values: [Math.max(...values)] },
      { title: `${title}, growth in the last half`, unit, must: mostGrowthMb, values: [growthOf(lastHalf)] },
    ]
  })
}

/** @throws Error if an answer was not as it has to be, or the ledger has not exactly what was answered */
async function requireExact(stage: Stage, loads: readonly Load[]): Promise<void> {
  for (const load of loads) requireSuccess('steady load', load)
  const answered = loads.reduce((sum, { requests }) => sum + requests, 0)
  if (!(await stage.isDense('numbers', answered)))
    throw new Error(`the ledger has not exactly the ${answered} numbers that were answered, without a hole`)
}

const textOf = (samples: ReadonlyMap<string, readonly number[]>) =>
  [...samples].map(([name, values]) => `${name} ${values.at(-1)} MB`).join(', ')

let ordered = 0
function newOrder(): string {
  ordered += 1
  const order = { user_id: (ordered % userCount) + 1, product_id: 'PROD-1', quantity: 1, total_price: 9.99 }
  const headers = ['Content-Type: application/json', `Idempotency-Key: ${randomUUID()}`]
  return post('/api/v1/orders', headers, JSON.stringify(order))
}

const newNumber = () => post('/api/v1/next/SG', [`Idempotency-Key: ${randomUUID()}`])
