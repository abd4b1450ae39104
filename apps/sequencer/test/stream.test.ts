import { setTimeout as delay } from 'node:timers/promises'
import type { Queryable } from '@ordinal/database'
import { until, type TestDatabase } from '@ordinal/testing'
import { createLiveStream } from '../src/audit/stream'
import { createInstance } from './instance'
import { createLedgerDatabase, queryAsAdmin, startSequencer, upTo } from './sequencer'
import { bearer, secret } from './tokens'

let database: TestDatabase & { runtimeUrl: string }
let sequencer: Awaited<ReturnType<typeof startSequencer>>
let headers: Record<string, string>
const listening: AbortController[] = []

beforeAll(async () => {
  headers = await bearer('viewer')
})
beforeEach(async () => {
  database = await createLedgerDatabase()
  sequencer = await startSequencer(database, { JWT_SECRET: secret })
})
afterEach(async () => {
  for (const controller of listening.splice(0)) controller.abort()
  await sequencer.stop()
  await database.drop()
})

interface Received {
  event: string
  id: string | undefined
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  data: any
}

/** Listens, as a browser would, and gathers what arrives. */
async function listen(lastEventId?: string, url = sequencer.url) {
  const controller = new AbortController()
  listening.push(controller)
  const answer = await fetch(`${url}/api/v1/stream`, {
    headers: { ...headers, ...(lastEventId !== undefined && { 'Last-Event-ID': lastEventId }) },
    signal: controller.signal,
  })
  const received: Received[] = []
  let ended = false
  const read = async () => {
    let text = ''
    for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk
      const blocks = text.split('\n\n')
      text = blocks.pop()!
      for (const block of blocks) {
        const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1]
        const event = field('event')
        if (event) received.push({ event, id: field('id'), data: JSON.parse(field('data')!) })
      }
    }
  }
  read()
    .catch(() => {})
    .finally(() => (ended = true))
  const withoutStats = () => received.filter(({ event }) => event !== 'stats')
  // What is issued after the first statistics is new to this listener.
  await until(() => received.some(({ event }) => event === 'stats' || event === 'behind') || ended)
  return { answer, received, events: withoutStats, ended: () => ended, leave: () => controller.abort() }
}

/** So many batches more of SG as would take a minute to make one by one. */
async function addBatches(count: number): Promise<void> {
  await queryAsAdmin(
    database,
    `WITH made AS (
       INSERT INTO batches (prefix, period, batch, rules_version, gap_policy, number_head, number_width, number_tail, rows,
                            hash, feed, at)
       SELECT prefix, period, n, rules_version, gap_policy, number_head, number_width, number_tail, rows, hash,
              pg_current_xact_id()::text::bigint, at
       FROM batches, generate_series(2, $1 + 1) n)
     INSERT INTO ledger (prefix, period, value, revision, event, state, number, batch, position, caller, idempotency_key,
                         item, at)
     SELECT prefix, period, n, 1, event, state, 'SG' || n, n, 1, caller, 'key ' || n, 0, at
     FROM ledger, generate_series(2, $1 + 1) n`,
    [count],
  )
}

test('sends what is issued, reserved, confirmed and released, by whichever instance', async () => {
  const listener = await listen()
  const other = createInstance(database.runtimeUrl)
  await sequencer.api.post('/api/v1/next/SG', { count: 3 })
  const { numbers } = await other.issue({ event: 'reserve', hold_seconds: 60 })
  const step = { prefix: 'SG', period: '', caller: 'shop', request_id: 'r', ...numbers[0]! }
  await other.change({ ...step, event: 'confirm' })
  await other.change({ ...step, event: 'release' })
  await other.close()
  await until(() => listener.events().length === 4)
  const shown = { prefix: 'SG', period: '', first_number: 'SG000004', last_number: 'SG000004', count: 1 }
  expect(listener.events().map(({ event, data }) => ({ event, data }))).toMatchObject([
    { event: 'issue', data: { ...shown, first_number: 'SG000001', last_number: 'SG000003', count: 3 } },
    { event: 'reserve', data: shown },
    { event: 'confirm', data: shown },
    { event: 'release', data: shown },
  ])
  expect(listener.answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
})

test('sends how many numbers there are, every second', async () => {
  const listener = await listen()
  await sequencer.api.post('/api/v1/next/SG', { count: 5 })
  await sequencer.api.post('/api/v1/next/GLOBAL', { hold_seconds: 60 })
  const stats = () => listener.received.filter(({ event }) => event === 'stats')
  await until(() => stats().length > 2 && stats().at(-1)!.data.reserved === 1)
  expect(stats().at(-1)!.data).toMatchObject({ issued: 5, reserved: 1, free: 0, void: 0 })
})

test('a listener whose connection breaks before anything happens misses nothing', async () => {
  const instance = createInstance(database.runtimeUrl)
  const first = await listen()
  const { id } = first.received.find(({ event }) => event === 'stats')!
  first.leave()
  await instance.issue({ client_id: 'while it was away' })
  const second = await listen(id)
  await instance.issue({ client_id: 'after it came back' })
  await until(() => second.events().length === 2)
  await instance.close()
  expect(second.events().map(({ data }) => data.first_number)).toEqual(['SG000001', 'SG000002'])
})

test('a listener that comes again with the last event it got misses nothing, and gets nothing twice', async () => {
  const instance = createInstance(database.runtimeUrl)
  const first = await listen()
  await instance.issue({ client_id: 'before' })
  await until(() => first.events().length === 1)
  const { id } = first.events()[0]!
  first.leave()
  for (const n of upTo(5)) await instance.issue({ count: n })

  let issuing = true
  const more = (async () => {
    let issued = 0
    while (issuing || issued < 20) {
      await instance.issue()
      issued += 1
    }
    return issued
  })()
  const second = await listen(id)
  await delay(500)
  issuing = false
  const expected = 5 + (await more)
  await until(() => second.events().length >= expected)
  await instance.close()
  const batches = second.events().map(({ data }) => data.batch)
  expect(batches).toEqual(upTo(expected).map((n) => n + 1))
})

test('a listener that comes again when none has listened for a moment gets also what came in it', async () => {
  const instance = createInstance(database.runtimeUrl)
  await instance.issue()
  const live = createLiveStream({
    ...{ db: instance.pool, missedDb: instance.pool, maxListeners: 100, log: instance.log },
  })
  const listenTo = async (number: string) => {
    let received = ''
    const stream = live.open([0, '', '', 0, 0]).on('data', (chunk) => (received += String(chunk)))
    await until(() => received.includes(number))
    stream.destroy()
    return received
  }
  expect(await listenTo('SG000001')).toContain('SG000001')
  await delay(600)
  await instance.issue()
  expect(await listenTo('SG000002')).toContain('SG000002')
  await live.stop()
  await instance.close()
})

test('the listener that comes again first misses nothing of what is issued while the stream begins', async () => {
  const instance = createInstance(database.runtimeUrl)
  await instance.issue()
  let begins = false
  let begin = () => {}
  const held = new Promise<void>((resolve) => (begin = resolve))
  const db: Queryable = {
    query: async (...asked: [never]) => {
      if (String(asked[0]).startsWith('SELECT pg_snapshot_xmin')) {
        begins = true
        await held
      }
      return instance.pool.query(...asked)
    },
  }
  const live = createLiveStream({ db, missedDb: db, maxListeners: 100, log: instance.log })
  let received = ''
  const stream = live.open([0, '', '', 0, 0]).on('data', (chunk) => (received += String(chunk)))
  await until(() => begins)
  await instance.issue()
  begin()
  await until(() => received.includes('SG000001') && received.includes('SG000002'))
  // What came twice would come by then.
  const stats = () => received.match(/event: stats/g)?.length ?? 0
  const seen = stats()
  await until(() => stats() > seen + 1)
  stream.destroy()
  await live.stop()
  await instance.close()
  expect(received.match(/SG00000\d(?=","last)/g)).toEqual(['SG000001', 'SG000002'])
})

test('a listener that was away for too long is sent to the ledger, with the place to read from', async () => {
  await sequencer.api.post('/api/v1/next/SG')
  await addBatches(5_000)
  const listener = await listen('0')
  await until(() => listener.events().some(({ event }) => event === 'behind'))
  const behind = listener.events().find(({ event }) => event === 'behind')!
  const { body } = await sequencer.api.get(`/api/v1/audit?after=${behind.data.after}&page_size=1`, {
    headers,
  })
  expect(body.data).toMatchObject([{ prefix: 'SG', batch: 5001 }])
})

test('listeners that come again after others get all that they have missed, and are not cut off', async () => {
  await sequencer.api.post('/api/v1/next/SG')
  await addBatches(4_000)
  const hasAll = ({ events, ended }: { events: () => Received[]; ended: () => boolean }) =>
    ended() || events().length >= 4_001
  const first = await listen('0')
  await until(() => hasAll(first))
  // What was read for one is kept for the others.
  const back = await Promise.all(Array.from({ length: 8 }, () => listen('0')))
  await until(() => back.every(hasAll))
  expect(back.map(({ events }) => events().length)).toEqual(back.map(() => 4_001))
  expect(back[0]!.events().map(({ data }) => data.batch)).toEqual(upTo(4_001))
})

test('a listener that takes nothing is cut off at a bound, and the others get all', async () => {
  const instance = createInstance(database.runtimeUrl)
  await instance.issue()
  const live = createLiveStream({
    db: instance.pool,
    missedDb: instance.pool,
    maxListeners: 100,
    log: instance.log,
  })
  const slow = live.open(undefined)
  const quick = live.open(undefined)
  let received = ''
  quick.on('data', (chunk) => (received += String(chunk)))
  await until(() => received.includes('event: stats'))
  await addBatches(5_000)
  await until(() => slow.destroyed && received.includes('"batch":5001'))
  expect([slow.destroyed, quick.destroyed, live.listening()]).toEqual([true, false, 1])
  expect(received.match(/event: issue/g)).toHaveLength(5_000)
  await live.stop()
  await instance.close()
})

test('asks the database only while somebody listens, and once for all listeners', async () => {
  const instance = createInstance(database.runtimeUrl)
  let asked = 0
  const db: Queryable = {
    query(query, values) {
      asked += 1
      return instance.pool.query(query, values)
    },
  }
  const live = createLiveStream({ db, missedDb: db, maxListeners: 100, log: instance.log })
  await delay(600)
  expect(asked).toBe(0)
  const listeners = upTo(20).map(() => live.open(undefined))
  await until(() => asked > 4)
  for (const listener of listeners) listener.destroy()
  await until(() => live.listening() === 0)
  // Twenty of their own would have asked four times a second each.
  expect(asked).toBeLessThan(20)
  // What was under way ends first.
  await until(async () => {
    const before = asked
    await delay(600)
    return asked === before
  })
  await live.stop()
  await instance.close()
})

test('ends at once when the service stops', async () => {
  const listeners = await Promise.all([listen(), listen(), listen()])
  await sequencer.stop()
  await until(() => listeners.every(({ ended }) => ended()))
  expect(listeners.map(({ ended }) => ended())).toEqual([true, true, true])
})

test('a wrong Last-Event-ID is refused', async () => {
  const { status, body } = await sequencer.api.get('/api/v1/stream', {
    headers: { ...headers, 'Last-Event-ID': 'nonsense' },
  })
  expect([status, body.errors[0].path]).toEqual([400, 'query.last_event_id'])
})

test('one listener more than there may be is refused, with when to come again, and numbers are issued', async () => {
  const small = await startSequencer(database, { JWT_SECRET: secret, SEQUENCER_MAX_LISTENERS: '2' })
  await listen(undefined, small.url)
  await listen(undefined, small.url)
  const refused = await fetch(`${small.url}/api/v1/stream`, { headers })
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '10'])
  expect(await refused.json()).toMatchObject({ code: 'overloaded' })
  expect((await small.api.post('/api/v1/next/SG', {})).status).toBe(200)

  listening.pop()!.abort()
  await until(async () => {
    const controller = new AbortController()
    listening.push(controller)
    const { status } = await fetch(`${small.url}/api/v1/stream`, { headers, signal: controller.signal })
    return status === 200
  })
  for (const controller of listening.splice(0)) controller.abort()
  await small.stop()
})

test('one caller has half of the listeners at most, and leaves the rest to others', async () => {
  const shared = await startSequencer(database, { JWT_SECRET: secret, SEQUENCER_MAX_LISTENERS: '22' })
  const open = async (headers: Record<string, string>) => {
    const controller = new AbortController()
    listening.push(controller)
    return fetch(`${shared.url}/api/v1/stream`, { headers, signal: controller.signal })
  }
  const statuses = await Promise.all(upTo(11).map(async () => (await open(headers)).status))
  expect(new Set(statuses)).toEqual(new Set([200]))
  const refused = await open(headers)
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '10'])
  expect(await refused.json()).toMatchObject({ code: 'too_many_open' })
  expect((await open(await bearer('viewer', 'bob'))).status).toBe(200)

  listening[0]!.abort()
  await until(async () => (await open(headers)).status === 200)
  for (const controller of listening.splice(0)) controller.abort()
  await shared.stop()
})
