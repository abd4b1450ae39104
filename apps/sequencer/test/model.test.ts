import { setTimeout as sleep } from 'node:timers/promises'
import { AppError } from '../src/domain/errors'
import { inspectLedger, until, type TestDatabase } from '@ordinal/testing'
import { nextState, type NumberEvent, type NumberState } from '@ordinal/audit'
import { createLeaseSweeper } from '../src/numbers/lease-expiry'
import { expiredLeases } from '../src/numbers/queries'
import type { ChangeRequest, Issued, IssuedNumber, IssueRequest } from '../src/ledger/request'
import { createInstance } from './instance'
import { randomFrom, type Random } from './random'
import { createLedgerDatabase, queryAsAdmin, upTo } from './sequencer'

// Other commands: `TEST_SEED=random npx jest test/model.test.ts`; more: `SEQUENCER_TEST_COMMANDS=1000`.
const seed = Number(process.env.TEST_SEED)
const commandsEach = Number(process.env.SEQUENCER_TEST_COMMANDS ?? 150)
const clientsCount = 16
const instancesCount = 3

/** What a client is to do. Which number or request it is about depends on what there is by then. */
type Command =
  | { does: 'issue'; request: Omit<IssueRequest, 'caller' | 'request_id'>; keyed: boolean }
  | { does: 'change'; event: ChangeRequest['event']; pick: number; keyed: boolean }
  | { does: 'again'; pick: number }
  | { does: 'reuse key'; pick: number }
  | { does: 'change rules' }
  | { does: 'pause'; ms: number }

/** What a client asked for, and what it was answered. */
interface Observation {
  request: IssueRequest | ChangeRequest
  startedAtMs: number
  endedAtMs: number
  answer?: Issued
  refusal?: AppError
}

const sequences = [
  { prefix: 'SG' },
  { prefix: 'STRICT', template: '{prefix}{seq:4}', reset: 'never', gapPolicy: 'strict' },
  // Here a value that is issued again may have another number.
  { prefix: 'DAY', template: '{prefix}{YYYY}{MM}{DD}-{seq}', reset: 'yearly', gapPolicy: 'recycle' },
  { prefix: 'MONTH', template: '{prefix}{YYYY}{MM}-{seq:3}', reset: 'monthly', gapPolicy: 'strict' },
  // Its policy changes while numbers are issued.
  { prefix: 'FLIP', template: '{prefix}{seq}', reset: 'never', gapPolicy: 'recycle' },
]
const days = ['2020-01-31', '2020-02-01', '2020-02-29']

function anyCommand(random: Random): Command {
  const keyed = random.chance(0.5)
  const pick = random.below(1_000_000)
  const kind = random.below(100)
  if (kind < 45) {
    const { prefix, reset } = random.oneOf(sequences)
    const event = random.oneOf(['issue', 'issue', 'issue', 'reserve', 'reserve', 'suppress'] as const)
    const request = {
      prefix,
      event,
      count: random.chance(0.2) ? 1 + random.below(12) : 1,
      ...(event === 'reserve' && { hold_seconds: random.chance(0.5) ? 1 : 600 }),
      ...(event === 'suppress' && { reason: 'suppressed' }),
      ...(reset && reset !== 'never' && { business_date: random.oneOf(days) }),
      ...(random.chance(0.3) && { client_id: random.oneOf(['erp', 'Ünï "codé"']) }),
      ...(random.chance(0.3) && { site_id: random.oneOf(['site-1', 'site-2']), partition_id: 'partition-a' }),
    }
    return { does: 'issue', request, keyed }
  }
  if (kind < 80) {
    const event = random.oneOf(['confirm', 'confirm', 'release', 'release', 'void', 'expire'] as const)
    return { does: 'change', event, pick, keyed }
  }
  if (kind < 90) return { does: 'again', pick }
  if (kind < 93) return { does: 'reuse key', pick }
  if (kind < 94) return { does: 'change rules' }
  return { does: 'pause', ms: random.below(60) }
}

let database: TestDatabase & { runtimeUrl: string }
beforeEach(async () => {
  database = await createLedgerDatabase()
  for (const { prefix, template, reset, gapPolicy } of sequences) {
    if (template === undefined) continue
    await queryAsAdmin(
      database,
      `INSERT INTO sequences (prefix, version, template, reset, gap_policy, business_date_past_days, created_by)
       VALUES ($1, 1, $2, $3, $4, NULL, 'test')`,
      [prefix, template, reset, gapPolicy],
    )
  }
})
afterEach(() => database.drop())

test(
  `${clientsCount} clients on ${instancesCount} instances, ${commandsEach} commands each (seed ${seed}): the ledger is what they were answered, and nothing else`,
  async () => {
    const plans = upTo(clientsCount).map((client) => {
      const random = randomFrom(seed * 1_000 + client)
      return upTo(commandsEach).map(() => anyCommand(random))
    })
    const observations = await carryOut(plans)
    const { faults, values } = await inspectLedger(database)
    expect(faults).toEqual([])
    for (const state of Object.values(values)) expect(state).toBeGreaterThan(0)
    expectLedgerOf(observations, await readLedger())
  },
  60_000 + commandsEach * 300,
)

async function carryOut(plans: Command[][]): Promise<Observation[]> {
  const instances = upTo(instancesCount).map(() => createInstance(database.runtimeUrl))
  const sweepers = instances.map(({ pool, allocator, log }) =>
    createLeaseSweeper({ db: pool, allocator, log }),
  )
  for (const sweeper of sweepers) sweeper.start()
  const observations: Observation[] = []
  const numbers: { prefix: string; period: string; its: IssuedNumber }[] = []

  async function ask(client: number, request: Observation['request']): Promise<void> {
    const { issue, change } = instances[client % instances.length]!
    const observation: Observation = { request, startedAtMs: Date.now(), endedAtMs: Infinity }
    observations.push(observation)
    try {
      observation.answer = await ('period' in request ? change(request) : issue(request))
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      observation.refusal = error
    }
    observation.endedAtMs = Date.now()
    if ('period' in request) return
    for (const its of observation.answer?.numbers ?? [])
      numbers.push({ prefix: request.prefix, period: observation.answer!.period, its })
  }

  async function client(id: number, plan: Command[]): Promise<void> {
    for (const [index, command] of plan.entries()) {
      const request_id = `${id}-${index}`
      const caller = id % 2 ? 'erp' : 'shop'
      const keyed = 'keyed' in command && command.keyed
      const who = { caller, request_id, ...(keyed && { key: `key ${request_id}` }) }
      switch (command.does) {
        case 'issue':
          await ask(id, { ...command.request, ...who })
          break
        case 'change': {
          // Rather one of the last, about which others may ask, too, or one that was reserved a while ago.
          const reserved = numbers.filter(({ its }) => its.state === 'reserved')
          const among = [numbers, numbers.slice(-20), reserved.slice(-100)][command.pick % 3]!
          const known = among[command.pick % among.length]
          if (!known) break
          const { prefix, period, its } = known
          const { value, number } = its
          const reason = command.event === 'confirm' ? undefined : 'by the model'
          await ask(id, { prefix, period, value, number, event: command.event, reason, ...who })
          break
        }
        case 'again':
        case 'reuse key': {
          const asked = observations.filter(
            ({ request, answer }) => request.key && (answer || command.does === 'again'),
          )
          const first = asked[command.pick % asked.length]?.request
          if (!first) break
          const other = command.does === 'again' ? {} : { client_id: 'another' }
          await ask(id, { ...first, ...other, request_id })
          break
        }
        case 'change rules':
          await queryAsAdmin(
            database,
            `INSERT INTO sequences (prefix, version, template, reset, gap_policy, business_date_past_days, created_by)
             SELECT prefix, version + 1, template, reset, CASE gap_policy WHEN 'strict' THEN 'recycle' ELSE 'strict' END, NULL, 'test'
             FROM sequences WHERE prefix = 'FLIP' ORDER BY version DESC LIMIT 1`,
            // Another may have been faster.
          ).catch(() => {})
          break
        case 'pause':
          await sleep(command.ms)
      }
    }
  }

  await Promise.all(plans.map((plan, index) => client(index + 1, plan)))
  // Those of a second are over soon, and are swept.
  await sleep(1_000)
  await until(async () => (await expiredLeases(instances[0]!.pool, 1)).length === 0)
  for (const sweeper of sweepers) await sweeper.stop()
  for (const instance of instances) await instance.close()
  return observations
}

interface Row {
  prefix: string
  period: string
  value: number
  revision: number
  event: NumberEvent
  state: NumberState
  number: string
  caller: string
  idempotency_key: string
  hold_seconds: number | null
  request_id: string
  gap_policy: 'recycle' | 'strict'
  at_ms: number
}

/** The steps of the ledger, those of each counter in the order in which they were made. */
const readLedger = () =>
  queryAsAdmin<Row>(
    database,
    `SELECT l.*, l.value::float8 AS value, b.gap_policy, (extract(epoch FROM l.at) * 1000)::float8 AS at_ms
       FROM ledger l JOIN batches b USING (prefix, period, batch)
       ORDER BY l.prefix, l.period, l.batch, l.position`,
  )

/** The model: what a value was, and from when on. */
interface Life {
  state: NumberState
  number: string
  fromMs: number
  untilMs: number
  leaseEndsMs: number
}

// Both are on one machine; the database has microseconds, and the test milliseconds.
const clockStepMs = 2

function expectLedgerOf(observations: Observation[], rows: Row[]): void {
  const lives = new Map<string, Life[]>()
  const rowsOf = new Map<string, Row[]>()
  for (const row of rows) {
    const value = `${row.prefix}\n${row.period}\n${row.value}`
    const its = lives.get(value) ?? []
    lives.set(value, its)
    const last = its.at(-1)
    expect([row, nextState(row.event, last?.state ?? null, row.gap_policy)]).toEqual([row, row.state])
    if (last) last.untilMs = row.at_ms
    const { state, number, at_ms: fromMs } = row
    its.push({
      state,
      number,
      fromMs,
      untilMs: Infinity,
      leaseEndsMs: fromMs + Number(row.hold_seconds) * 1_000,
    })
    rowsOf.set(row.request_id, [...(rowsOf.get(row.request_id) ?? []), row])
  }

  const byKey = new Map<string, Row[]>()
  for (const row of rows) {
    const key = `${row.caller}\n${row.prefix}\n${row.idempotency_key}`
    byKey.set(key, [...(byKey.get(key) ?? []), row])
  }
  const made = new Set<string>(['lease-sweeper'])
  for (const { request, startedAtMs, endedAtMs, answer, refusal } of observations) {
    const { request_id: requestId, key } = request
    const own = rowsOf.get(requestId)
    if (own) made.add(requestId)
    if (refusal) {
      expect([requestId, own]).toEqual([requestId, undefined])
      const isOther = request.client_id === 'another'
      expect([requestId, refusal.code]).toEqual([
        requestId,
        isOther ? 'idempotency_key_reused' : 'number_state_conflict',
      ])
      if (isOther) continue
      const its = lives.get(
        `${request.prefix}\n${(request as ChangeRequest).period}\n${(request as ChangeRequest).value}`,
      )
      const meanwhile = its!.filter(
        ({ fromMs, untilMs }) => fromMs <= endedAtMs + clockStepMs && untilMs >= startedAtMs - clockStepMs,
      )
      const reason = [
        requestId,
        meanwhile,
        meanwhile.some((life) => forbids(life, request as ChangeRequest, startedAtMs, endedAtMs)),
      ]
      expect(reason).toEqual([requestId, meanwhile, true])
      continue
    }
    // Carried out now, or when it was asked before with this key.
    const steps = own ?? byKey.get(`${request.caller}\n${request.prefix}\n${key}`)
    expect([requestId, answer]).toEqual([
      requestId,
      {
        period: steps?.[0]?.period,
        numbers: steps?.map(({ value, number, state }) => ({ value, number, state })),
        replayed: !own,
      },
    ])
    for (const step of steps!) {
      expect([requestId, step.event, step.caller]).toEqual([requestId, request.event, request.caller])
      if (key) expect(step.idempotency_key).toBe(key)
      // Within the time in which it was asked, so that who asks later is later in the ledger, too.
      expect(step.at_ms).toBeLessThanOrEqual(endedAtMs + clockStepMs)
      if (own) expect(step.at_ms).toBeGreaterThanOrEqual(startedAtMs - clockStepMs)
    }
  }
  // Nobody else has written: every step is that of a command, or of a lease that ended.
  expect(new Set(rowsOf.keys())).toEqual(made)
  const swept = rowsOf.get('lease-sweeper') ?? []
  expect(swept.length).toBeGreaterThan(0)
  expect(new Set(swept.map(({ event }) => event))).toEqual(new Set(['expire']))
}

/** Whether a step was not allowed at some moment of a value's life, in the time in which it was asked for. */
function forbids(
  life: Life,
  { event, number }: ChangeRequest,
  startedAtMs: number,
  endedAtMs: number,
): boolean {
  if (life.number !== number || nextState(event, life.state, 'recycle') === null) return true
  if (event === 'confirm') return life.leaseEndsMs <= endedAtMs + clockStepMs
  if (event === 'expire') return life.leaseEndsMs > startedAtMs - clockStepMs
  return false
}
