import { until, type TestDatabase } from '@ordinal/testing'
import { Client } from 'pg'
import { createLedgerDatabase, queryAsAdmin, startSequencer } from './sequencer'
import { bearer, secret } from './tokens'

let database: TestDatabase & { runtimeUrl: string }
let sequencer: Awaited<ReturnType<typeof startSequencer>>
let headers: { Authorization: string }

beforeEach(async () => {
  headers = await bearer('admin')
  database = await createLedgerDatabase()
  sequencer = await startSequencer(database, { JWT_SECRET: secret })
})
afterEach(async () => {
  await sequencer.stop()
  await database.drop()
})

const define = async (prefix: string, template: string, more = {}) =>
  outcome(await sequencer.api.post('/api/v1/sequences', { prefix, template, ...more }, { headers }))
const change = async (prefix: string, changes: object) =>
  outcome(await sequencer.api.put(`/api/v1/sequences/${prefix}`, changes, { headers }))
const retire = (prefix: string) => sequencer.api.delete(`/api/v1/sequences/${prefix}`, { headers })
const next = async (prefix: string) => (await sequencer.api.post(`/api/v1/next/${prefix}`, {})).body
const outcome = ({ status, body }: { status: number; body: { code?: string; detail?: string } }) =>
  status < 300 ? status : [status, body.code, body.detail]
const overlapping = (a: string, b: string, number: string) => [
  409,
  'rules_overlap',
  `${a} and ${b} could both give the number ${number}: change the template, or say allow_overlap`,
]

test('what another sequence could give is refused, with such a number, until somebody allows it', async () => {
  expect(await define('A', 'RE-{seq:4}')).toBe(201)
  expect(await define('B', 'RE-{seq:4}')).toEqual(overlapping('B', 'A', 'RE-0001'))
  expect(await define('1', '{prefix}{seq:9}', { allow_overlap: true })).toBe(201)
  expect(await define('10', '{prefix}{seq:8}')).toEqual(overlapping('10', '1', '1000000001'))
  expect(await define('B', 'RE-{seq:4}', { allow_overlap: true, reason: 'the other company' })).toBe(201)
  const both = [await next('A'), await next('B')]
  expect(both.map(({ full_number }) => full_number)).toEqual(['RE-0001', 'RE-0001'])
  const read = (query: string) => sequencer.api.get(`/api/v1/numbers/RE-0001${query}`)
  expect((await read('')).body.code).toBe('number_ambiguous')
  expect((await read('?prefix=B')).body).toMatchObject({ prefix: 'B', full_number: 'RE-0001' })
})

test('a change that could give what another sequence gives is refused, and any other is not', async () => {
  expect(await define('A', 'RE-{seq:4}')).toBe(201)
  expect(await define('B', 'RG-{seq:4}')).toBe(201)
  expect(await change('B', { template: 'RE-{seq:5}' })).toEqual(overlapping('B', 'A', 'RE-10000'))
  expect(await change('B', { template: 'RE-{seq:5}', allow_overlap: true })).toBe(200)
  // Of what is there already, only what gives new texts is looked at.
  expect(await change('A', { gap_policy: 'strict' })).toBe(200)
  expect(await change('B', { gap_policy: 'strict' })).toBe(200)
  expect(await change('B', { allow_overlap: false })).toEqual(overlapping('B', 'A', 'RE-10000'))
  expect(await change('B', { template: 'RH-{seq:5}', allow_overlap: false })).toBe(200)
})

test('numbers of a retired sequence, or of earlier rules, stay its own; what gave none does not', async () => {
  expect(await define('A', 'RE-{seq:4}')).toBe(201)
  expect(await define('C', 'RC-{seq:4}')).toBe(201)
  expect(await define('D', 'RD-{seq:4}')).toBe(201)
  await next('A')
  await next('C')
  await retire('A')
  expect(await change('C', { template: 'C-{seq}' })).toBe(200)
  expect(await change('D', { template: 'D-{seq}' })).toBe(200)
  expect(await define('B', 'RE-{seq:4}')).toEqual(overlapping('B', 'A', 'RE-0001'))
  expect(await define('B', 'RC-{seq:4}')).toEqual(overlapping('B', 'C', 'RC-0001'))
  expect(await define('B', 'RD-{seq:4}')).toBe(201)
  // What goes on must not meet what was made meanwhile.
  expect(await define('E', 'RE-{seq:6}', { allow_overlap: true })).toBe(201)
  expect(await define('A', 'RE-{seq:4}')).toEqual(overlapping('A', 'E', 'RE-100000'))
})

test('of many that are made at once, on two instances, one could give a number', async () => {
  const other = await startSequencer(database, { JWT_SECRET: secret })
  const body = (prefix: string) => ({ prefix, template: 'RE-{seq:4}' })
  const answers = await Promise.all(
    ['A', 'B', 'C', 'D', 'E', 'F'].map((prefix, nth) =>
      (nth % 2 ? other : sequencer).api.post('/api/v1/sequences', body(prefix), { headers }),
    ),
  )
  await other.stop()
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409, 409])
  for (const { status, body } of answers) if (status === 409) expect(body.code).toBe('rules_overlap')
})

test("the database takes no rules from the service's role that were not decided upon all others", async () => {
  const role = new Client(database.runtimeUrl)
  await role.connect()
  const add = (overlap: boolean, known: string) =>
    role.query(
      `SELECT add_rules('X', 1, 'X{seq}', 'never', 'UTC', 1, 1, 'strict', 60, NULL, ${overlap}, 1, 1, true, 'x', NULL, NULL, ${known})`,
    )
  await expect(add(false, 'NULL')).rejects.toMatchObject({ code: 'OR008' })
  await expect(add(false, '3')).rejects.toMatchObject({ code: 'OR008' })
  await add(true, 'NULL')
  await role.end()
})

test('sequences of an older ledger that overlap are logged at the start, and go on', async () => {
  for (const prefix of ['OLD', 'OLDER'])
    await queryAsAdmin(
      database,
      `INSERT INTO sequences (prefix, version, template, reset, created_by) VALUES ($1, 1, 'R{seq}', 'never', 'test')`,
      [prefix],
    )
  const other = await startSequencer(database, { JWT_SECRET: secret })
  await until(() => other.lines.some((line) => line.includes('OLD and OLDER could both give the number R1')))
  expect(other.lines.filter((line) => line.includes('GLOBAL'))).toEqual([])
  await other.stop()
  expect((await next('OLD')).full_number).toBe('R1')
  expect(await change('OLD', { gap_policy: 'strict' })).toBe(200)
  expect(await change('OLD', { template: 'R{seq:2}' })).toEqual(overlapping('OLD', 'OLDER', 'R10'))
})
