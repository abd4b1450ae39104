import { createHash, randomBytes } from 'node:crypto'
import { duration, type Competitor, type Suite } from '../instrument/suite'
import { exchangeAll, post } from '../load'
import type { Contestant } from '../stage'
import { pages } from './lists'

const database = 'gaps'
const apiKey = randomBytes(32).toString('base64url')
/** Of the numbers, so many of a hundred thousand are released, and as many made void, evenly over all values. */
const gapsIn100k = 500
const reserved = 5_000
const mustMs = 300

/** How long the map of gaps and their list take in a ledger of many numbers, as the console asks for them. */
export const gaps: Suite = {
  name: 'gaps',
  title: 'Gaps of a large ledger, one caller',
  counts: 'answers',
  services: ['sequencer'],

  async open(stage, settings, tell) {
    const numbers = settings.ledger
    tell(`Filling a ledger with ${numbers.toLocaleString('en')} numbers.`)
    await stage.fill(database, numbers, (done) => tell(`${done.toLocaleString('en')} numbers`))
    const sequencer = await stage.startSequencer(database, {
      API_KEYS: `bench:${createHash('sha256').update(apiKey).digest('hex')}`,
    })
    const made = await makeGaps(sequencer, numbers)
    tell(`${made.toLocaleString('en')} of them are free or void, ${reserved.toLocaleString('en')} reserved.`)
    const whole = '/api/v1/gaps/SG/map?buckets=500'
    // Where a click leads: a five hundredth of the range, somewhere.
    const stretch = Math.max(500, Math.ceil(numbers / 500))
    const random = (of: number) => Math.floor(Math.random() * of)
    const somewhere = () => `from=${1 + random(Math.max(1, numbers - stretch))}`
    const zoomed = () => {
      const from = 1 + random(Math.max(1, numbers - stretch))
      return `${whole}&from=${from}&to=${from + stretch - 1}`
    }
    const { port } = sequencer
    const competitor = (name: string, title: string, path: () => string): Competitor =>
      pages(port, name, title, path)
    return {
      competitors: [
        competitor('map', 'the map of all values, in 500 buckets', () => whole),
        competitor('zoomed', 'the map of a five hundredth of them', zoomed),
        competitor('list', 'the first 100 gaps', () => '/api/v1/gaps/SG?page_size=100'),
        competitor('deep', '100 gaps from anywhere on', () => `/api/v1/gaps/SG?page_size=100&${somewhere()}`),
        competitor('status', 'for comparison: where the counter is', () => '/api/v1/status/SG'),
      ],
      comparisons: [
        duration('the map of all values, p99', 'map', 'p99Ms', { must: mustMs, aim: 100 }),
        duration('the map of a stretch, p99', 'zoomed', 'p99Ms', { must: mustMs, aim: 100 }),
        duration('the first gaps, p99', 'list', 'p99Ms', { must: mustMs, aim: 50 }),
        duration('gaps from anywhere on, p99', 'deep', 'p99Ms', { must: mustMs, aim: 50 }),
      ],
    }
  },
}

/** Releases numbers and makes others void, evenly over the whole range, and reserves some; gives how many gaps that were. */
async function makeGaps({ port }: Contestant, numbers: number): Promise<number> {
  const step = Math.max(2, Math.floor(100_000 / gapsIn100k))
  const count = Math.floor(numbers / step)
  const headers = [`X-API-Key: ${apiKey}`, 'Content-Type: application/json']
  const body = JSON.stringify({ reason: 'a gap of the benchmark' })
  const changeOf = (nth: number, name: 'release' | 'void') => {
    const value = nth * step + (name === 'void' ? 2 : 1)
    return post(`/api/v1/numbers/SG${String(value).padStart(6, '0')}/${name}`, headers, body)
  }
  const requests = Array.from({ length: count }, (_, nth) => [
    changeOf(nth, 'release'),
    changeOf(nth, 'void'),
  ])
  const reserving = Array.from({ length: reserved / 1_000 }, () =>
    post('/api/v1/next/SG', headers, JSON.stringify({ count: 1_000, hold_seconds: 86_400 })),
  )
  await exchangeAll(port, [...requests.flat(), ...reserving])
  return 2 * count
}
