import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { withPgbouncer, type TestPgbouncer } from '@ordinal/testing'
import { changeNumbers, issueMany, issueNumbers } from '../src/ledger/statements'
import { createInstance, plain } from './instance'
import { workWith } from './restored-ledger'
import { queryAsAdmin, startSequencer } from './sequencer'
import { newSigningKey } from './signing-key'
import {
  callEachWay,
  issueAgain,
  startBothPoolers,
  startServerToLose,
  type Sequencer,
  type ServerToLose,
} from './taken-over'
import { bearer, secret } from './tokens'

const limitMs = 120_000

let database: ServerToLose
let place: Server
let kept = 'none'
let placeIsAway = false
let env: Record<string, string>

beforeAll(async () => {
  database = await startServerToLose()
  place = createServer((_, answer) => (placeIsAway ? answer.destroy() : answer.end(kept))).listen(
    0,
    '127.0.0.1',
  )
  await once(place, 'listening')
  env = {
    JWT_SECRET: secret,
    SEQUENCER_SIGNING_KEY: newSigningKey(),
    SEQUENCER_REQUEST_TIMEOUT_MS: '30000',
    SEQUENCER_KEPT_CHECKPOINT: `http://127.0.0.1:${(place.address() as AddressInfo).port}/last.jws`,
  }
}, limitMs)
afterAll(async () => {
  place.close()
  await database.postgres.remove()
})
let instances: Sequencer[] = []

beforeEach(() => {
  kept = 'none'
  placeIsAway = false
})
afterEach(async () => {
  await Promise.all(instances.map((instance) => instance.stop()))
  instances = []
})

/** Issues what the copy of the server does not have, and keeps a checkpoint of it. */
async function issueBeyondCopy(held: string): Promise<void> {
  for (const instance of instances) await issueAgain(instance)
  await workWith(instances[0]!, '').post(`/api/v1/numbers/${held}/confirm`)
  const headers = await bearer('viewer')
  const answer = await fetch(`${instances[0]!.url}/api/v1/audit/checkpoints`, { headers })
  kept = ((await answer.json()) as { checkpoint: string }).checkpoint
}

/** Two instances that have issued, a reservation of theirs, and a copy of the server which does not have all of it. */
async function issueAndCopy(urls: readonly [string, string]) {
  instances = await Promise.all(urls.map((runtimeUrl) => startSequencer({ ...database, runtimeUrl }, env)))
  const { body } = await workWith(instances[0]!, '').post('/api/v1/next/SG', { hold_seconds: 600 })
  const held: string = body.full_number!
  for (const instance of instances) await workWith(instance, '').issue('ORD', 1)
  await database.copy()
  const rows = await database.rowsInLedger()
  await issueBeyondCopy(held)
  return { held, rows }
}

async function expectNothingIssued(urls: readonly [string, string], away: boolean): Promise<void> {
  const { held, rows } = await issueAndCopy(urls)
  const callAll = async () => (await Promise.all(instances.map((each) => callEachWay(each, held)))).flat()
  placeIsAway = away
  await database.failOver(callAll)
  expect(await database.rowsInLedger()).toBe(rows)
  expect(new Set(await callAll())).toEqual(new Set(['"ledger_behind"']))
  placeIsAway = false
  expect(new Set(await callAll())).toEqual(new Set(['"ledger_behind"']))
  expect(await database.rowsInLedger()).toBe(rows)
  // Control: what stopped them is the checkpoint.
  kept = 'none'
  for (const instance of instances) await issueAgain(instance)
}

const places = [
  ['can be read', false],
  ['is away', true],
] as const

describe('when a server takes over that does not have all, no instance that runs issues or changes anything in any way', () => {
  test.each(places)(
    'and the place of the checkpoint %s',
    (_, away) => expectNothingIssued([database.url, database.url], away),
    limitMs,
  )
})

withPgbouncer('the same through PgBouncer, with a session of its own and without', () => {
  let poolers: [TestPgbouncer, TestPgbouncer]
  beforeAll(async () => {
    poolers = await startBothPoolers(database)
  })
  afterAll(async () => {
    for (const pooler of poolers) await pooler.remove()
  })

  test.each(places)(
    'and the place of the checkpoint %s',
    (_, away) =>
      expectNothingIssued([poolers[0].through(database.url), poolers[1].through(database.url)], away),
    limitMs,
  )
})

test(
  'after a restart of a server that has everything, issuing goes on by itself, as soon as it could be compared',
  async () => {
    await issueAndCopy([database.url, database.url])
    const [first, second] = instances as [Sequencer, Sequencer]
    await database.postgres.stop()
    const waiting = [first, second].map((each) => workWith(each, '').post('/api/v1/next/SG'))
    await database.postgres.restart()
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200, 200])

    placeIsAway = true
    await database.postgres.restart()
    const refused = await workWith(first, '').post('/api/v1/next/SG')
    expect([refused.status, refused.body.code]).toEqual([503, 'ledger_behind'])
    placeIsAway = false
    expect((await workWith(first, '').post('/api/v1/next/SG')).status).toBe(200)
    // Once it was compared, the place may be away.
    placeIsAway = true
    expect((await workWith(first, '').post('/api/v1/next/SG')).status).toBe(200)
  },
  limitMs,
)

test('a statement for another server writes nothing, and one for the server that it meets is carried out', async () => {
  const { pool, sequences, close } = createInstance(database.url)
  const sequence = await sequences.load('SG')
  const [server] = await queryAsAdmin<{ start: string }>(
    database,
    'SELECT extract(epoch FROM pg_postmaster_start_time())::text AS start',
  )
  const { firstValue } = await issueNumbers(pool, sequence, undefined, [{ ...plain, key: 'k' }], false, {
    server: server!.start,
  })
  const rows = await database.rowsInLedger()
  const release = { ...plain, event: 'release' as const, authority: 'person' as const, reason: 'test' }
  const releaseOn = (on: string) => {
    const request = { ...release, value: firstValue!, number: `SG${String(firstValue).padStart(6, '0')}` }
    return changeNumbers(pool, sequence, '', [{ ...request, key: `release ${on}` }], false, on)
  }
  const others = [`${server!.start}1`, '1']
  // As often as it takes PostgreSQL to keep its plan.
  for (const other of Array.from({ length: 5 }, () => others).flat()) {
    const request = [{ ...plain, key: `k ${other}` }]
    await expect(issueNumbers(pool, sequence, undefined, request, false, { server: other })).rejects.toThrow(
      'another one',
    )
    expect(await issueMany(pool, [{ sequence, requests: request }], false, other)).toEqual([undefined])
    await expect(releaseOn(other)).rejects.toThrow('another one')
  }
  expect(await database.rowsInLedger()).toBe(rows)
  expect((await releaseOn(server!.start)).outcomes).toMatchObject([{ done: true }])
  await close()
})
