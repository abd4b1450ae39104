import fc from 'fast-check'
import { Client } from 'pg'
import { formatNumber } from '@ordinal/audit'
import type { TestDatabase } from '@ordinal/testing'
import type { Reset } from '../src/domain/period'
import { validateRules, type Rules } from '../src/domain/rules'
import { createSequence, type Sequence, type Slot } from '../src/domain/sequence'
import { createInstance } from './instance'
import { plainRules } from './rule-sets'
import { createLedgerDatabase } from './sequencer'

let database: TestDatabase & { runtimeUrl: string }
let admin: Client
let instance: ReturnType<typeof createInstance>

beforeAll(async () => {
  database = await createLedgerDatabase()
  admin = new Client(database.adminUrl)
  await admin.connect()
  instance = createInstance(database.runtimeUrl)
})
afterAll(async () => {
  await instance.close()
  await admin.end()
  await database.drop()
})

const forms = [
  '{YYYY}{MM}-{seq:2}',
  '{FY}{MM}-{seq:2}',
  '{FYF}{MM}-{seq:2}',
  '{FYF}-{seq}',
  '{FY}-{seq}',
  '{YYYY}-{seq}',
  '{MM}{YYYY}-{seq:2}',
  '{YYYY}{Q}{seq:2}',
  '{YYYY}{seq:3}',
  '{FYF2}-{FY2}/{seq:2}',
  '{FYF2}{MM}-{seq:2}',
  '{YY}{MM}-{seq:2}',
  '{GGGG}{WW}-{seq:2}',
  '{YYYY}{MM}-{WW}/{seq}',
  '{GG}{WW}-{seq:2}',
]
const rulesToTry = fc.record({
  template: fc.constantFrom(...forms),
  reset: fc.constantFrom<Reset>('never', 'yearly', 'fiscal_yearly', 'quarterly', 'monthly', 'weekly'),
  fiscalYearStart: fc.constantFrom(1, 6, 7, 602),
  more: fc.constantFrom(0, 0, 1, 2, 5),
})
interface Request {
  date: string
  count: number
  release: boolean
}
const issues = fc.array(
  fc.record<Request>({
    date: fc.constantFrom(
      ...['2024-12-30', '2025-05-31', '2025-06-01', '2025-06-02', '2025-12-31', '2026-01-01', '2026-06-30'],
      '2026-07-01',
    ),
    count: fc.integer({ min: 1, max: 3 }),
    release: fc.boolean(),
  }),
  { maxLength: 4 },
)

// All days of the years that a number of these tests can show. A year and a month or week of two digits each may be
// read as a year, so 2406 to 2627, and the fiscal years that end or begin in these: that of 2024 may begin in 2023. A month and a year of four digits may be
// read as one of the years 120 to 1220 with one of its weeks 24 to 26, and a year of four digits as that week of 2020.
const years = [24, 25, 26].flatMap((year) => Array.from({ length: 30 }, (_, part) => 100 * year + part))
const yearsOfWeeks = Array.from({ length: 12 }, (_, month) => String(100 * (month + 1) + 20).padStart(4, '0'))
const dayMs = 86_400_000
const days = [
  ...Array.from({ length: 6 * 366 }, (_, day) =>
    new Date(Date.UTC(2023, 0, 1) + day * dayMs).toISOString().slice(0, 10),
  ),
  ...years.flatMap((year) =>
    Array.from({ length: 12 }, (_, month) => `${year}-${String(month + 1).padStart(2, '0')}-01`),
  ),
  ...['2020', ...yearsOfWeeks].flatMap((year) =>
    Array.from({ length: 30 }, (_, day) => `${year}-06-${String(day + 1).padStart(2, '0')}`),
  ),
]
// A quarter and two digits are at most 499 where they are read as three.
const maxValue = 499

interface Row {
  number: string
  period: string
  value: number
}
interface Known {
  rows: Row[]
  firstValues: Map<string, number>
}

/** Whether some rules give a number that was issued to another period or value: tried with all dates and values. */
function couldRepeat(rules: Rules, { rows, firstValues }: Known): boolean {
  const sequence = createSequence(rules)
  const positions = new Map<string, Set<string>>()
  for (const { number, period, value } of rows)
    positions.set(number, (positions.get(number) ?? new Set()).add(`${period} ${value}`))
  const numbers = [...positions.keys()]
  const byForm = new Map(
    slotsOf(sequence)
      .filter(({ frame }) => numbers.some((number) => number.startsWith(frame.head)))
      .map((slot) => [`${slot.period} ${slot.frame.head}`, slot]),
  )
  return [...byForm.values()].some(({ period, frame }) => {
    for (let value = firstValues.get(period) ?? rules.start; value <= maxValue; value += 1) {
      const taken = positions.get(formatNumber(frame, value))
      if (taken && [...taken].some((position) => position !== `${period} ${value}`)) return true
    }
    return false
  })
}

const known = new Map<string, Slot[]>()

/** The slots of all days. */
function slotsOf(sequence: Sequence): Slot[] {
  const { template, reset, fiscalYearStart } = sequence.rules
  const key = `${template} ${reset} ${fiscalYearStart}`
  if (!known.has(key))
    known.set(
      key,
      days.flatMap((date) => slotOf(sequence, date) ?? []),
    )
  return known.get(key)!
}

/** The slot of a date; undefined if the template cannot show it. */
function slotOf(sequence: Sequence, date: string): Slot | undefined {
  try {
    return sequence.slotOfDate(date)
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

test('a change of rules is refused exactly if it could repeat a number, and none is ever given twice', async () => {
  const seen = { accepted: 0, refused: 0, issued: 0 }
  let nth = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(rulesToTry, issues), { minLength: 2, maxLength: 5 }),
      async (history) => {
        const prefix = `K${(nth += 1)}`
        let current: Rules | undefined
        for (const [{ template, reset, fiscalYearStart, more }, requests] of history) {
          const known = await knownOf(prefix)
          // Values are higher by version, or not.
          const start = (current?.start ?? 1) + more
          const rules: Rules = {
            ...plainRules,
            ...{ prefix, template, reset, fiscalYearStart, start, allowOverlap: true },
            version: (current?.version ?? 0) + 1,
          }
          if (!isSound(rules)) continue
          const code = await add(rules)
          // A start that has no effect is refused for another reason.
          if (code === 'OR006') continue
          expect({ rules, known, code }).toEqual({
            rules,
            known,
            code: couldRepeat(rules, known) ? 'OR005' : undefined,
          })
          if (code) seen.refused += 1
          else {
            if (current) seen.accepted += 1
            current = rules
          }
          for (const request of current ? requests : []) seen.issued += await issue(current!, request)
        }
        const { rows: twice } = await admin.query(
          `SELECT number FROM ledger WHERE prefix = $1 GROUP BY number HAVING count(DISTINCT (period, value)) > 1`,
          [prefix],
        )
        expect(twice).toEqual([])
      },
    ),
    { numRuns: Number(process.env.CHANGED_RULES_RUNS ?? 150) },
  )
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(0)
})

function isSound(rules: Rules): boolean {
  try {
    return Boolean(validateRules(rules.prefix, rules))
  } catch {
    return false
  }
}

async function knownOf(prefix: string): Promise<Known> {
  const { rows } = await admin.query<Row>(
    'SELECT DISTINCT number, period, value::int AS value FROM ledger WHERE prefix = $1 ORDER BY 1, 2, 3',
    [prefix],
  )
  const { rows: counters } = await admin.query<{ period: string; first: number }>(
    'SELECT period, first_value::int AS first FROM counters WHERE prefix = $1',
    [prefix],
  )
  return { rows, firstValues: new Map(counters.map(({ period, first }) => [period, first])) }
}

/** @returns the SQLSTATE of the refusal */
async function add(rules: Rules): Promise<string | undefined> {
  try {
    await admin.query(
      `SELECT add_rules($1, $2, $3, $4, 'UTC', $5, $6, 'recycle', 3600, NULL, true, NULL, NULL, true, 'test', NULL, NULL,
                        (SELECT count(*) FROM sequences))`,
      [rules.prefix, rules.version, rules.template, rules.reset, rules.fiscalYearStart, rules.start],
    )
    return undefined
  } catch (error) {
    return (error as { code: string }).code
  }
}

/** @returns how many numbers were issued */
async function issue({ prefix }: Rules, { date, count, release }: Request): Promise<number> {
  const { numbers, period } = await instance.issue({ prefix, business_date: date, count })
  const { value, number } = numbers[0]!
  const step = { event: 'release', key: undefined, caller: 'anonymous', request_id: 'test' } as const
  if (release) await instance.change({ ...step, prefix, period, value, number })
  return numbers.length
}
