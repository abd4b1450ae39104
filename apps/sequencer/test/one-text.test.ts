import fc from 'fast-check'
import { Client } from 'pg'
import { commonText, formatNumber } from '@ordinal/audit'
import type { TestDatabase } from '@ordinal/testing'
import { overlapOf } from '../src/domain/overlap'
import type { RuleSet } from '../src/domain/rules'
import { createSequence, type Slot } from '../src/domain/sequence'
import { createInstance } from './instance'
import { anyReset, dates, plainRules, templates, values } from './rule-sets'
import { createLedgerDatabase, queryAsAdmin, startSequencer } from './sequencer'

// What the service decides about texts before it asks, the database decides, too: for whoever has the service's role.

let database: TestDatabase & { runtimeUrl: string }
let role: Client

beforeAll(async () => {
  database = await createLedgerDatabase()
  role = new Client(database.runtimeUrl)
  await role.connect()
})
afterAll(async () => {
  await role.end()
  await database.drop()
})

/** As the role of the service may, with rules that the service would have looked at. */
const addRules = (prefix: string, version: number, template: string, rules: Partial<RuleSet> = {}) =>
  role.query(
    `SELECT add_rules($1, $2, $3, $4, 'UTC', 1, $5, 'recycle', 60, NULL, $6, NULL, NULL, true, 'role', NULL, NULL,
                      (SELECT count(*) FROM sequences))`,
    [prefix, version, template, rules.reset ?? 'never', rules.start ?? 1, rules.allowOverlap ?? false],
  )
const insert = (prefix: string, template: string) =>
  queryAsAdmin(
    database,
    `INSERT INTO sequences (prefix, version, template, reset, created_by, business_date_future_days)
     VALUES ($1, 1, $2, 'never', 'test', NULL)`,
    [prefix, template],
  )

test.each<[a: string, b: string, number: string]>([
  ['A{seq:4}', 'A{seq:4}', 'A0001'],
  ['B1{seq:3}', 'B{seq:4}', 'B1001'],
  ['{YYYY}-C{seq}', `${new Date().getUTCFullYear()}-C{seq:2}`, `${new Date().getUTCFullYear()}-C10`],
  ['{seq}D', '{seq:3}D', '100D'],
])('the role of the service cannot add both %s and %s', async (a, b, number) => {
  const letter = /[A-D]/.exec(a)![0]
  await addRules(`${letter}-one`, 1, a)
  const other = addRules(`${letter}-other`, 1, b)
  await expect(other).rejects.toMatchObject({ code: 'OR031', detail: number })
  await expect(other).rejects.toThrow(
    `${letter}-other and ${letter}-one could both give the number ${number}: change the template, or say allow_overlap`,
  )
  await addRules(`${letter}-other`, 1, b, { allowOverlap: true })
  await expect(addRules(`${letter}-other`, 2, b)).rejects.toMatchObject({ code: 'OR031' })
})

test('the role of the service cannot give rules that repeat what was issued', async () => {
  const instance = createInstance(database.runtimeUrl)
  const businessDate = new Date().toISOString().slice(0, 10)
  const month = businessDate.slice(0, 7).replace('-', '')
  await addRules('M', 1, 'M{YYYY}{MM}-{seq:4}', { reset: 'yearly' })
  await instance.issue({ prefix: 'M', business_date: businessDate })
  await expect(addRules('M', 2, 'M{YYYY}{MM}-{seq:4}', { reset: 'monthly' })).rejects.toMatchObject({
    code: 'OR005',
    detail: `M${month}-0001`,
  })
  await addRules('M', 2, 'M/{YYYY}{MM}-{seq:4}', { reset: 'monthly' })
  expect((await instance.issue({ prefix: 'M', business_date: businessDate })).numbers[0]!.number).toBe(
    `M/${month}-0001`,
  )
  await instance.close()
})

test('of two sequences with the same text that were added past the rules, one alone issues', async () => {
  await insert('E1', 'E{seq}')
  await insert('E2', 'E{seq:3}')
  const instances = Array.from({ length: 6 }, () => createInstance(database.runtimeUrl))
  const answers = await Promise.allSettled(
    instances.map((instance, nth) => instance.issue({ prefix: nth % 2 ? 'E1' : 'E2' })),
  )
  const codes = answers.map((answer) =>
    answer.status === 'fulfilled' ? 'issued' : (answer.reason as { code: string }).code,
  )
  expect([codes.filter((_, nth) => nth % 2), codes.filter((_, nth) => nth % 2 === 0)].sort()).toEqual([
    ['issued', 'issued', 'issued'],
    ['rules_overlap', 'rules_overlap', 'rules_overlap'],
  ])
  await Promise.all(instances.map((instance) => instance.close()))
})

test('texts that meet on another date are refused when they are about to be issued', async () => {
  const nextYear = new Date().getUTCFullYear() + 1
  const sequencer = await startSequencer(database)
  await addRules('F1', 1, 'F{YYYY}-{seq}', { reset: 'yearly' })
  await addRules('F2', 1, `F${nextYear}-{seq}`)
  const draw = async (prefix: string, body: object) => {
    const answer = await sequencer.api.post(`/api/v1/next/${prefix}`, body)
    return [answer.status, answer.body.full_number ?? answer.body.detail] as const
  }
  const later = { business_date: `${nextYear}-01-01` }
  expect(await draw('F1', later)).toEqual([200, `F${nextYear}-1`])
  expect(await draw('F2', {})).toEqual([
    409,
    `F2 and F1 could both give the number F${nextYear}-1: change the template, or say allow_overlap`,
  ])
  expect((await draw('F1', {}))[0]).toBe(200)
  const rows = await queryAsAdmin(database, `SELECT FROM counters WHERE prefix = 'F2'`)
  expect(rows).toEqual([])
  await sequencer.stop()
})

test('a transaction that sees less than was committed issues nothing', async () => {
  const old = new Client(database.runtimeUrl)
  await old.connect()
  await addRules('G', 1, 'G{seq}')
  await old.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
  await old.query('SELECT count(*) FROM sequences')
  await addRules('G', 2, 'G{seq:6}')
  await expect(
    old.query(
      `SELECT * FROM issue_numbers('G', 1, NULL, ARRAY[ROW('issue', 'm', 'k', 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
                                   NULL, NULL, NULL)::ledger_request], false, NULL)`,
    ),
  ).rejects.toMatchObject({ code: 'OR032' })
  await old.end()
})

test('the database finds the same numbers in two frames as the service, and as the verifier', async () => {
  const piece = fc.constantFrom('', '1', '0', '10', '02', '-', 'A', '1-', '-1')
  const frame = fc.record({ head: piece, width: fc.integer({ min: 1, max: 4 }), tail: piece })
  const start = fc.constantFrom(1, 2, 9, 10, 95, 1000, 9_007_199_254_740_991)
  const pairs = fc.sample(fc.record({ a: frame, b: frame, x: start, y: start }), 5_000)
  const rows = await queryAsAdmin<{ number: string | null }>(
    database,
    `SELECT common_number(ROW('', a ->> 'head', a ->> 'width', a ->> 'tail')::slot, x,
                          ROW('', b ->> 'head', b ->> 'width', b ->> 'tail')::slot, y) AS number
     FROM json_to_recordset($1) p(a json, b json, x bigint, y bigint)`,
    [JSON.stringify(pairs)],
  )
  let common = 0
  for (const [nth, { a, b, x, y }] of pairs.entries()) {
    const texts = ({ head, width, tail }: typeof a, from: number) => ({
      prefix: 'P',
      template: `${head}{seq:${width}}${tail}`,
      fiscalYearStart: 1,
      start: from,
    })
    const number = rows[nth]!.number
    const most = { last: Number.MAX_SAFE_INTEGER }
    expect([nth, a, b, commonText({ ...a, first: x, ...most }, { ...b, first: y, ...most }) ?? null]).toEqual(
      [nth, a, b, number],
    )
    const expected = overlapOf(texts(a, x), texts(b, y), '20261128')
    expect([nth, a, b, x, y, number === null]).toEqual([nth, a, b, x, y, expected === null])
    if (number === null) continue
    common += 1
    for (const [its, from] of [
      [texts(a, x), x],
      [texts(b, y), y],
    ] as const) {
      const read = createSequence({ ...plainRules, ...its }).read(number)
      expect(read?.value).toBeGreaterThanOrEqual(from)
    }
  }
  expect(common).toBeGreaterThan(100)
})

test('whatever the change, a number is given again only if the database had found it', async () => {
  const rules = fc.record({ template: templates, reset: anyReset })
  const document = fc.tuple(dates, values)
  const meetings: object[] = []
  fc.assert(
    fc.property(rules, rules, fc.boolean(), document, document, fc.boolean(), (before, other, ...rest) => {
      const [sameTemplate, first, another, sameDocument] = rest
      // Two rules by chance hardly ever meet, so half of the time they differ in less.
      const next = sameTemplate ? { ...other, template: before.template } : other
      const [dateA, a] = first
      const [dateB, b] = sameDocument ? first : another
      const [slotA, slotB] = [slotOf(before, dateA), slotOf(next, dateB)]
      if (!slotA || !slotB) return
      const [numberA, numberB] = [formatNumber(slotA.frame, a), formatNumber(slotB.frame, b)]
      if (numberA !== numberB || (slotA.period === slotB.period && a === b)) return
      meetings.push({
        before: before.template,
        next: next.template,
        number: numberA,
        same: before.reset === next.reset,
      })
    }),
    { numRuns: 20_000 },
  )
  // And with a template that has the number of another in it as text.
  fc.assert(
    fc.property(templates, dates, values, fc.integer({ min: 1, max: 6 }), (template, date, value, cut) => {
      const slot = slotOf({ template, reset: 'never' }, date)
      if (!slot) return
      const number = formatNumber(slot.frame, value)
      const at = number.search(/\d/)
      const digits = /^\d+/.exec(number.slice(at))![0].length
      const escape = (text: string) => text.replaceAll(/[{}]/g, '$&$&')
      const next = `${escape(number.slice(0, at))}{seq:${Math.min(cut, digits, 16)}}${escape(number.slice(at + digits))}`
      meetings.push({ before: template, next, number, same: false })
    }),
    { numRuns: 3_000 },
  )
  expect(meetings.length).toBeGreaterThan(1_100)
  const missed = await queryAsAdmin(
    database,
    `SELECT * FROM json_to_recordset($1) m(before text, next text, number text, same boolean)
     WHERE NOT (number ~ pattern_of('INV', next) AND NOT (same AND shape_of('INV', before) = shape_of('INV', next)))`,
    [JSON.stringify(meetings)],
  )
  expect(missed).toEqual([])
})

test.each([
  ['wider', '{prefix}{seq:6}', '{prefix}{seq:9}', true, '^INV[0-9]{9,}$'],
  ['the prefix written out', '{prefix}{seq:6}', 'INV{seq:6}', true, '^INV[0-9]{6,}$'],
  ['another separator', '{prefix}{seq:6}', '{prefix}-{seq:6}', false, '^INV-[0-9]{6,}$'],
  ['a date', '{seq:4}', '{YYYY}{MM}{Q}{seq:2}', false, '^[0-9]{4}[0-9]{2}[0-9][0-9]{2,}$'],
  ['what is escaped', '{seq}.', '.*[a]\\({{{seq}}}', false, '^\\.\\*\\[a\\]\\\\\\([{][0-9]{1,}[}]$'],
])('a change of a template: %s', async (_, before, next, same, pattern) => {
  const [row] = await queryAsAdmin(
    database,
    `SELECT shape_of('INV', $1) = shape_of('INV', $2) AS same, pattern_of('INV', $2) AS pattern`,
    [before, next],
  )
  expect(row).toEqual({ same, pattern })
})

function slotOf(rules: Pick<RuleSet, 'template' | 'reset'>, date: string): Slot | undefined {
  try {
    return createSequence({ ...plainRules, ...rules }).slotOfDate(date)
  } catch {
    return undefined
  }
}
