import fc from 'fast-check'
import { SignJWT } from 'jose'
import { createDatabase, type ServiceDatabase } from '../src/databases'
import { createService, type ServiceProcess } from '../src/service'
import { consoleModule } from './console-module'

// What the console shows of a template while it is written is computed in the browser: it has to be what the service makes of it.

interface CalendarDate {
  year: number
  month: number
  day: number
}
type Render = (
  template: string,
  prefix: string,
  date: CalendarDate,
  fiscalYearStart: number | string,
  value: number,
) => string | undefined

const secret = 'a-secret-of-the-console-tests-0123456789'
const cases = Number(process.env.SYSTEM_TEST_TEMPLATES ?? 60)

let database: ServiceDatabase
let sequencer: ServiceProcess
let token: string

beforeAll(async () => {
  database = await createDatabase('sequencer')
  sequencer = await createService('sequencer', {
    JWT_SECRET: secret,
    SEQUENCER_RATE_LIMIT: '0',
    ...database.environment,
  })
  await sequencer.start()
  token = await new SignJWT({ sub: 'ada', role: 'admin' })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(secret))
})
afterAll(async () => {
  await sequencer.remove()
  await database.drop()
})

async function ask(method: string, place: string, body?: object) {
  const answer = await fetch(sequencer.url + place, {
    method,
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  })
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  return { status: answer.status, body: (await answer.json()) as any }
}

const piece = fc.constantFrom(
  ...['{YYYY}', '{YY}', '{MM}', '{DD}', '{Q}', '{FY}', '{FY2}', '{FYF}', '{FYF2}', '{GGGG}', '{GG}', '{WW}'],
  ...['{prefix}', '{{', '}}', '-', '7', '/', 'A', '.*'],
)
/** What a person may also type: half a token, one that there is not, a width that is none. */
const slip = fc.constantFrom('{', '}', '{yyyy}', '{seq:0}', '{seq:17}', '{seq:x}', '{seq:}', '{ seq}', '{}')
const seq = fc.constantFrom('{seq}', '{seq:1}', '{seq:3}', '{seq:016}', '{seq:16}')
const template = fc
  .tuple(
    fc.array(piece, { maxLength: 5 }),
    fc.array(seq, { minLength: 1, maxLength: 1 }),
    fc.array(piece, { maxLength: 4 }),
    fc.oneof({ weight: 3, arbitrary: fc.constant('') }, { weight: 1, arbitrary: slip }),
  )
  .map(([head, value, tail, wrong]) => [...head, ...value, ...tail, wrong].join(''))
const fiscalYearStart = fc.constantFrom<number | string>(1, 2, 4, 10, 12, '04-06', '12-31', '01-01', '01-02')
const day = fc
  .tuple(fc.integer({ min: 2001, max: 2098 }), fc.integer({ min: 0, max: 365 }))
  .map(([year, nth]) => new Date(Date.UTC(year, 0, 1 + nth)))
/** Where years, fiscal years and weeks turn. */
const turn = fc
  .tuple(
    fc.integer({ min: 2001, max: 2098 }),
    fc.constantFrom('01-01', '12-31', '04-05', '04-06', '12-29', '01-03'),
  )
  .map(([year, monthAndDay]) => new Date(`${year}-${monthAndDay}T00:00:00Z`))

const dateOf = (moment: Date): CalendarDate => ({
  year: moment.getUTCFullYear(),
  month: moment.getUTCMonth() + 1,
  day: moment.getUTCDate(),
})

test('the preview of a template is what the service makes of it, and of one that it cannot read there is none', async () => {
  const { renderTemplate: render } = consoleModule<{ renderTemplate: Render }>('ui/template.ts')
  let accepted = 0
  let unreadable = 0
  let nth = 0
  await fc.assert(
    fc.asyncProperty(
      template,
      fiscalYearStart,
      fc.array(fc.oneof(day, turn), { minLength: 3, maxLength: 3 }),
      async (text, start, moments) => {
        const prefix = `T${(nth += 1)}`
        const made = await ask('POST', '/api/v1/sequences', {
          prefix,
          template: text,
          reset: 'never',
          fiscal_year_start: start,
          allow_overlap: true,
          business_date_past_days: null,
          business_date_future_days: null,
        })
        if (made.status === 400 && /token|\{seq\}|width/.test(made.body.errors?.[0]?.message)) {
          unreadable += 1
          expect([text, render(text, prefix, dateOf(moments[0]!), start, 1)]).toEqual([text, undefined])
          return
        }
        expect([text, made.status, made.body.detail]).toEqual([text, 201, undefined])
        accepted += 1
        for (const moment of moments) {
          const date = moment.toISOString().slice(0, 10)
          const { body } = await ask('GET', `/api/v1/preview/${prefix}?business_date=${date}`)
          const shown = render(text, prefix, dateOf(moment), start, body.counter as number)
          expect([text, start, date, shown]).toEqual([text, start, date, body.full_number])
        }
      },
    ),
    { numRuns: cases, endOnFailure: true },
  )
  // Both ways were gone.
  expect(accepted).toBeGreaterThan(5)
  expect(unreadable).toBeGreaterThan(2)
})
