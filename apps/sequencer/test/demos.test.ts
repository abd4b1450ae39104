import type { ApiAnswer, TestDatabase } from '@ordinal/testing'
import { checkFilled, checkPromises } from '../src/demos/checks'
import { createInstance } from './instance'
import { createLedgerDatabase, queryAsAdmin, startSequencer, upTo, valuesIn } from './sequencer'
import { bearer, secret } from './tokens'

let database: TestDatabase & { runtimeUrl: string }
let sequencer: Awaited<ReturnType<typeof startSequencer>>

beforeEach(async () => {
  database = await createLedgerDatabase()
  sequencer = await startSequencer(database, { JWT_SECRET: secret })
})
afterEach(async () => {
  await sequencer.stop()
  await database.drop()
})

const demo = (name: string) => sequencer.api.post(`/api/v1/demo/${name}`)
const outcome = ({ status, body }: ApiAnswer) => [status, body.code]

test('basic: all sites, partitions and types draw on one sequence, one after the other', async () => {
  const { status, body } = await demo('basic')
  expect([status, body.held, body.numbers]).toEqual([200, true, 8])
  const day = body.period.replaceAll('-', '')
  expect(body.steps[0]).toEqual({
    step: 'site-1, partition-a draws for an on-cycle invoice',
    numbers: [`DEMO-${day}-000001`],
  })
  const numbers = body.steps.flatMap((step: { numbers: string[] }) => step.numbers)
  expect(numbers).toEqual(upTo(8).map((value) => `DEMO-${day}-${String(value).padStart(6, '0')}`))
  const { body: stats } = await sequencer.api.get('/api/v1/sequence/stats?prefix=DEMO')
  expect(stats).toMatchObject({ issued: 8, sites: [{ issued: 4 }, { issued: 4 }] })
})

test('concurrent: as many clients and requests as the seed has, or as are asked for', async () => {
  const usual = (await demo('concurrent')).body
  expect(usual).toMatchObject({ demo: 'concurrent', numbers: 100, held: true })
  expect(usual.promises.map(({ found }: { found: string }) => found)).toEqual([
    '0 were',
    '100 of 100 values from 1 to 100 are in the ledger',
    '100 of 100 numbers are in the ledger',
  ])
  const asked = (await demo('concurrent?threads=8&requestsPerThread=5')).body
  expect(asked.promises[1].found).toBe('40 of 40 values from 101 to 140 are in the ledger')
})

test('gaps: what is released or suppressed is drawn again', async () => {
  const { body } = await demo('gaps')
  expect(body.held).toBe(true)
  const values = body.steps.map(({ numbers }: { numbers: string[] }) =>
    numbers.map((it) => Number(it.slice(-6))),
  )
  expect(values).toEqual([[1, 2, 3, 4, 5], [6], [3], [3, 6], [7]])
  expect(body.promises.at(-1)).toMatchObject({ held: true, found: '2 of 2 gaps are filled' })
  const status = (await sequencer.api.get('/api/v1/status/DEMO')).body
  expect(status).toMatchObject({ current_counter: 7, gaps: 0 })
})

test('gaps: what an earlier demonstration left open is filled first', async () => {
  await sequencer.api.post('/api/v1/next/DEMO', { count: 3 })
  const { body } = await sequencer.api.get('/api/v1/preview/DEMO')
  const first = body.full_number.replace(/4$/, '2')
  await sequencer.api.post(`/api/v1/numbers/${first}/release`, { reason: 'x' })
  const { held, steps } = (await demo('gaps')).body
  expect(held).toBe(true)
  expect(steps[0].numbers.map((it: string) => Number(it.slice(-6)))).toEqual([4, 5, 6, 7, 8])
})

test('load-test: a thousand numbers by ten clients, with its speed', async () => {
  const { body } = await demo('load-test')
  expect(body).toMatchObject({ numbers: 1000, held: true })
  expect(Math.round((body.numbers_per_second * body.seconds) / 100)).toBe(10)
  expect((await demo('load-test?total_requests=7&concurrent_threads=3')).body.numbers).toBe(7)
})

test.each([
  'concurrent?threads=65',
  'concurrent?requests_per_thread=251',
  'load-test?totalRequests=20001',
  'load-test?concurrentThreads=257',
  'load-test?totalRequests=0',
  'basic?threads=1',
])('%s is more than a demonstration does', async (name) => {
  expect(outcome(await demo(name))).toEqual([400, 'validation_failed'])
})

test('one runs at a time; when it has ended, or failed, the next may', async () => {
  const answers = await Promise.all(upTo(5).map(() => demo('load-test?total_requests=3000')))
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409, 409])
  const refused = answers.find(({ status }) => status === 409)!
  expect([refused.body.code, refused.headers.get('retry-after')]).toEqual(['demo_under_way', '1'])
  await sequencer.api.delete('/api/v1/sequences/DEMO', { headers: await bearer('admin') })
  for (let n = 0; n < 2; n++) expect(outcome(await demo('gaps'))).toEqual([404, 'sequence_not_found'])
})

test('demonstrations on two instances at once keep their promises, too', async () => {
  const other = await startSequencer(database)
  const names = ['gaps', 'basic', 'concurrent', 'gaps', 'load-test']
  const play = async (of: typeof sequencer) => {
    for (const name of names) {
      const { body } = await of.api.post(`/api/v1/demo/${name}`)
      expect([name, body.held]).toEqual([name, true])
    }
  }
  await Promise.all([play(sequencer), play(other)])
  await other.stop()
})

test.each([
  [{ NODE_ENV: 'production', REQUIRE_AUTHENTICATION: 'false' }, 403],
  [{ SEQUENCER_DEMOS: 'false' }, 403],
  [{ NODE_ENV: 'production', REQUIRE_AUTHENTICATION: 'false', SEQUENCER_DEMOS: 'true' }, 200],
  [{}, 200],
])('with %j they answer %i', async (env, status) => {
  const of = await startSequencer(database, { JWT_SECRET: secret, ...env })
  for (const name of ['basic', 'concurrent', 'gaps', 'load-test']) {
    const answer = await of.api.post(`/api/v1/demo/${name}`)
    expect(answer.status).toBe(status)
    if (status === 403) expect(answer.body.code).toBe('demos_off')
  }
  if (status === 403) expect(await valuesIn(database, 'DEMO')).toEqual([])
  await of.stop()
})

test('a broken promise would be reported: the checks read the ledger, and see what was done to it', async () => {
  const instance = createInstance(database.runtimeUrl)
  const issued = await instance.issue({ count: 10, generated_by: 'run' })
  const draws = {
    prefix: 'SG',
    period: '',
    run: 'run',
    numbers: issued.numbers.map(({ number }) => number),
    values: issued.numbers.map(({ value }) => value),
  }
  const held = async () => (await checkPromises(instance.pool, draws)).map(({ held }) => held)
  expect(await held()).toEqual([true, true, true])
  const filled = () => checkFilled(instance.pool, draws, [3, 4])
  expect(await filled()).toMatchObject({ held: true })

  const tamper = (sql: string) => queryAsAdmin(database, `ALTER TABLE ledger DISABLE TRIGGER ALL; ${sql}`)
  // Given a second time while it is held.
  await tamper(`INSERT INTO ledger SELECT prefix, period, value, 2, event, state, number, 99, 1, 'x', 'x', 0, NULL,
                client_id, 'another', NULL, NULL, NULL, NULL, NULL, NULL, at FROM ledger WHERE value = 3`)
  expect(await held()).toEqual([false, true, true])
  await tamper(`DELETE FROM ledger WHERE revision = 2; DELETE FROM ledger WHERE value = 4`)
  expect(await held()).toEqual([true, false, false])
  expect(await filled()).toMatchObject({ held: false, found: '1 of 2 gaps are filled' })
  await instance.close()
})
