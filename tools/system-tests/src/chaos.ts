import { setTimeout as delay } from 'node:timers/promises'
import { inspectLedger, startTestPostgres, type LedgerReport, type TestPostgres } from '@ordinal/testing'
import { ask, eventually, upTo, type Answer } from './calls'
import { createDatabaseOn, query, type ServiceDatabase } from './databases'
import { randomFrom } from './random'
import { createService, type ServiceProcess } from './service'
import { API_KEYS } from './system'

interface ChaosOptions {
  seconds: number
  /** Repeats which are killed when, and what the clients ask for, but not the order in which they come. */
  seed: number
  clients?: number
  /** Told of each kill, and of how far it is every few seconds. */
  say?: (line: string) => void
}

interface ChaosReport {
  kills: Record<Victim, number>
  /** Requests that were answered, and the numbers that were in the answers. */
  requests: number
  numbers: number
  /** How often a request was sent again, by what came in place of an answer: `no answer`, or a code. */
  retries: Record<string, number>
  /** How often the answer to a request that had been answered before was asked for again, and was the same. */
  repeats: number
  ledger: LedgerReport
  /** What is wrong with the ledger, or differs from what the clients were told; empty if all is well. */
  faults: string[]
}

type Victim = 'first sequencer' | 'second sequencer' | 'PostgreSQL'

/** What is killed at once. */
const blows: Victim[][] = [
  ['first sequencer'],
  ['second sequencer'],
  ['PostgreSQL'],
  ['first sequencer', 'second sequencer'],
  ['first sequencer', 'PostgreSQL'],
]

interface World {
  postgres: TestPostgres
  database: ServiceDatabase
  sequencers: [ServiceProcess, ServiceProcess]
}

/**
 * Two sequencers on one database, clients that send each request with its key until it is answered, and kill -9 of
 * either sequencer and of PostgreSQL at random. Then the ledger is compared with what the clients were told.
 */
export async function runChaos({ seconds, seed, clients = 64, say = () => {} }: ChaosOptions) {
  const world = await createWorld()
  try {
    const population = startClients(world, clients, seed)
    const kills = await killAtRandom(world, seconds, seed, population, say).catch(async (error: unknown) => {
      await population.giveUp()
      throw error
    })
    await population.stop()
    await leasesAreSwept(world)
    const report = await prove(world, population, kills)
    for (const line of summaryOf(report)) say(line)
    return report
  } finally {
    await Promise.all(world.sequencers.map((sequencer) => sequencer.remove()))
    await world.postgres.remove()
  }
}

async function createWorld(): Promise<World> {
  const postgres = await startTestPostgres()
  try {
    const database = await createDatabaseOn(postgres, 'sequencer')
    const environment = { API_KEYS, SEQUENCER_LOG_LEVEL: 'warn', ...database.environment }
    const sequencers = [
      await createService('sequencer', environment),
      await createService('sequencer', environment),
    ] as World['sequencers']
    for (const sequencer of sequencers) await sequencer.start()
    await query(
      database,
      `INSERT INTO sequences (prefix, version, template, reset, gap_policy, created_by)
       VALUES ('STRICT', 1, '{prefix}{seq}', 'never', 'strict', 'chaos')`,
    )
    return { postgres, database, sequencers }
  } catch (error) {
    await postgres.remove()
    throw error
  }
}

/** Kills for so long, each time until what was killed is back and clients are served; gives how often it was what. */
async function killAtRandom(
  world: World,
  seconds: number,
  seed: number,
  population: Population,
  say: (line: string) => void,
): Promise<ChaosReport['kills']> {
  const random = randomFrom(seed)
  const kills = { 'first sequencer': 0, 'second sequencer': 0, PostgreSQL: 0 }
  const startedAt = Date.now()
  const elapsed = () => Math.round((Date.now() - startedAt) / 1000)
  // The first blows fall on each in turn, so that a short run has met them all, and a slow one, too.
  for (let blow = 0; blow < blows.length || elapsed() < seconds; blow += 1) {
    await Promise.race([delay(200 + random() * 1_300), population.failed])
    const struck = blows[blow < blows.length ? blow : Math.floor(random() * blows.length)]!
    for (const victim of struck) {
      kills[victim] += 1
      if (victim === 'PostgreSQL') await world.postgres.kill9()
      else await sequencerOf(world, victim).end('SIGKILL')
    }
    await delay(random() * 400)
    // A sequencer does not start without its database.
    if (struck.includes('PostgreSQL')) await world.postgres.restart()
    for (const victim of struck) if (victim !== 'PostgreSQL') await sequencerOf(world, victim).start()
    const before = population.told.size
    await Promise.race([
      eventually(
        () => population.told.size,
        (now) => now > before,
        60_000,
      ),
      population.failed,
    ])
    say(
      `${String(elapsed()).padStart(4)} s  killed ${struck.join(' and ')}; so far ` +
        `${count(population.told.size)} answers, ${count(sum(population.retries))} retries`,
    )
  }
  return kills
}

const sequencerOf = ({ sequencers }: World, victim: Victim) =>
  sequencers[victim === 'first sequencer' ? 0 : 1]

/** A number as it was answered. */
interface Told {
  full_number: string
  counter: number
  state: string
}

interface Population {
  /** What was answered to the request with each key. */
  told: Map<string, Told[]>
  retries: Map<string, number>
  repeats: () => number
  /** Rejects as soon as a client gets an answer that it should not get. */
  failed: Promise<never>
  /** Lets each client get the answer that it waits for. */
  stop(): Promise<void>
  /** Lets no client wait any more. */
  giveUp(): Promise<void>
}

// A crash recovery of PostgreSQL may take minutes.
const patienceMs = 300_000
const sequences = ['SG', 'SG', 'SG', 'STRICT', 'INV'] as const

function startClients({ sequencers }: World, clients: number, seed: number): Population {
  const told = new Map<string, Told[]>()
  const retries = new Map<string, number>()
  let repeats = 0
  let stopping = false
  let givenUp = false

  async function client(id: number): Promise<void> {
    const random = randomFrom(seed * 1_000 + id)
    const keys: [key: string, path: string, body: object][] = []

    for (let n = 1; !stopping; n += 1) {
      const prefix = sequences[Math.floor(random() * sequences.length)]!
      const path = `/api/v1/next/${prefix}`
      const kind = random()
      if (kind < 0.5) await carryOut(`${id}-${n}`, path, { client_id: 'chaos' })
      else if (kind < 0.65) await carryOut(`${id}-${n}`, path, { count: 2 + Math.floor(random() * 9) })
      else if (kind < 0.9) await reserve(`${id}-${n}`, path, random())
      else await repeat()
    }

    async function reserve(key: string, path: string, what: number): Promise<void> {
      // What is neither confirmed nor released goes back by itself.
      const [number] = await carryOut(key, path, { hold_seconds: what < 0.8 ? 600 : 1 })
      const steps = `/api/v1/numbers/${number!.full_number}`
      if (what < 0.5) await carryOut(`${key}-confirm`, `${steps}/confirm`, {})
      else if (what < 0.8) await carryOut(`${key}-release`, `${steps}/release`, { reason: 'chaos' })
    }

    async function repeat(): Promise<void> {
      const known = keys[Math.floor(random() * keys.length)]
      if (!known) return
      const [key, path, body] = known
      const again = numbersOf(await answerTo(key, path, body))
      if (JSON.stringify(again) !== JSON.stringify(told.get(key)))
        throw new Error(`${key} got ${JSON.stringify(told.get(key))}, and later ${JSON.stringify(again)}`)
      repeats += 1
    }

    async function carryOut(key: string, path: string, body: object): Promise<Told[]> {
      const numbers = numbersOf(await answerTo(key, path, body))
      told.set(key, numbers)
      keys.push([key, path, body])
      return numbers
    }

    /** Sends a request to either sequencer until one answers. */
    async function answerTo(key: string, path: string, body: object): Promise<Answer> {
      for (
        const startedAt = Date.now();
        !givenUp && Date.now() - startedAt < patienceMs;
        await delay(20 + random() * 60)
      ) {
        const sequencer = sequencers[random() < 0.5 ? 0 : 1]
        const answer = await ask(sequencer, 'POST', path, body, { 'Idempotency-Key': key }).catch(
          () => undefined,
        )
        if (answer?.status === 200) return answer
        const why = answer ? (answer.body.code as string) : 'no answer'
        if (answer && answer.status !== 503) throw new Error(`${key}: ${path} was answered with ${why}`)
        retries.set(why, (retries.get(why) ?? 0) + 1)
      }
      throw new Error(`${key} has no answer after ${patienceMs} ms`)
    }
  }

  const all = upTo(clients).map(client)
  const working = Promise.all(all)
  const failed = working.then(() => new Promise<never>(() => {}))
  // Told by `stop`, and to whoever waits for it.
  failed.catch(() => {})
  return {
    told,
    retries,
    repeats: () => repeats,
    failed,
    async stop() {
      stopping = true
      await working
    },
    async giveUp() {
      stopping = givenUp = true
      await Promise.allSettled(all)
    },
  }
}

const numbersOf = ({ body }: Answer): Told[] =>
  ((body.numbers ?? [body]) as Told[]).map(({ full_number, counter, state }) => ({
    full_number,
    counter,
    state,
  }))

const leasesAreSwept = ({ database }: World) =>
  eventually(
    () => query(database, 'SELECT FROM leases WHERE expires_at < clock_timestamp()'),
    (ended) => ended.length === 0,
    30_000,
  )

/** Compares the ledger with what the clients were told. */
async function prove({ database }: World, population: Population, kills: ChaosReport['kills']) {
  const { told } = population
  const kept = new Map<string, Told[]>()
  const ledger = await inspectLedger(database, ({ caller, idempotency_key, number, value, state }) => {
    if (caller === 'sequencer') return
    const numbers = kept.get(idempotency_key!) ?? []
    numbers.push({ full_number: number, counter: Number(value), state })
    kept.set(idempotency_key!, numbers)
  })
  const faults = [...ledger.faults]
  for (const [key, numbers] of told) {
    const its = JSON.stringify(kept.get(key))
    if (its !== JSON.stringify(numbers))
      faults.push(`${key} was told ${JSON.stringify(numbers)}, the ledger has ${its}`)
  }
  for (const key of kept.keys())
    if (!told.has(key)) faults.push(`${key} is in the ledger, and was told to nobody`)
  return {
    kills,
    requests: told.size,
    numbers: [...told.values()].reduce((numbers, its) => numbers + its.length, 0),
    retries: Object.fromEntries(population.retries),
    repeats: population.repeats(),
    ledger,
    faults: faults.slice(0, 20),
  }
}

function summaryOf({ kills, requests, numbers, retries, repeats, ledger, faults }: ChaosReport): string[] {
  const list = (counts: Record<string, number>) =>
    Object.entries(counts)
      .map(([name, n]) => `${name} ${count(n)}`)
      .join(', ')
  return [
    `kills -9:  ${list(kills)}`,
    `requests:  ${count(requests)} answered with ${count(numbers)} numbers; sent again: ${list(retries)}`,
    `repeats:   ${count(repeats)} asked for again later, each with the same answer`,
    `ledger:    ${count(ledger.batches)} batches, ${count(ledger.steps)} steps; values: ${list(ledger.values)}`,
    ...(faults.length > 0
      ? ['FAULTS:', ...faults]
      : [
          'proved:    no number twice, none acknowledged that is missing, every value accounted for, the chain is whole',
        ]),
  ]
}

const count = (n: number) => n.toLocaleString('en')
const sum = (counts: Map<string, number>) => [...counts.values()].reduce((a, b) => a + b, 0)
