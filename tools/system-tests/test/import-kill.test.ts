import { setTimeout as delay } from 'node:timers/promises'
import { SignJWT } from 'jose'
import { ask, upTo } from '../src/calls'
import { createDatabase, query, type ServiceDatabase } from '../src/databases'
import { randomFrom } from '../src/random'
import { createService, type ServiceProcess } from '../src/service'
import { API_KEYS } from '../src/system'

// More of them: `SYSTEM_TEST_KILLS=20 npx jest test/import-kill.test.ts`; others: `TEST_SEED=random`.
const kills = Number(process.env.SYSTEM_TEST_KILLS ?? 4)
const seed = Number(process.env.TEST_SEED)

const secret = 'a secret of the tests, and of nothing else'
const lastValue = kills * 7_500
// Every hundredth value was lost in the other system.
const values = upTo(lastValue).filter((value) => value % 100 !== 0 || value === lastValue)
const holes = lastValue - values.length

let database: ServiceDatabase
let sequencer: ServiceProcess
let token: string

beforeAll(async () => {
  token = await new SignJWT({ sub: 'ada', role: 'admin' })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('10 minutes')
    .sign(new TextEncoder().encode(secret))
  database = await createDatabase('sequencer')
  sequencer = await createService('sequencer', { API_KEYS, JWT_SECRET: secret, ...database.environment })
  await sequencer.start()
})
afterAll(async () => {
  await sequencer.remove()
  await database.drop()
})

test(
  `${kills} kills of the sequencer in the middle of an import (seed ${seed}) import nothing twice, and the rest when it is sent again`,
  async () => {
    const random = randomFrom(seed)
    let there = 0
    for (let kill = 1; kill <= kills; kill += 1) {
      const enough = there + Math.ceil(random() * ((lastValue - there) / (kills - kill + 2)))
      // No more than it needs to get there, in its chunks of a thousand: the end of the file never comes.
      const importing = importFile((sent) => (sent < enough + 1_250 ? undefined : new Promise(() => {})))
      const cut = expect(importing).rejects.toThrow()
      while ((await importedSoFar()) < enough) await delay(random() * 5)
      expect(await sequencer.end('SIGKILL')).toBe('SIGKILL')
      await cut
      await sequencer.start()
      const before = there
      there = await importedSoFar()
      expect(there).toBeGreaterThan(before)
      expect(there).toBeLessThan(values.length)
    }

    const voidBefore = await voidSoFar()
    const report = await importFile(() => undefined)
    expect(report).toMatchObject({
      complete: true,
      rows: values.length,
      imported: values.length - there,
      already_there: there,
      skipped: holes - voidBefore,
      refused: { total: 0 },
      stopped: null,
    })
    const rows = await query<{ value: string; event: string; number: string }>(
      database,
      `SELECT value, event, number FROM ledger WHERE prefix = 'SG' ORDER BY value, revision`,
    )
    expect(rows.map(({ value }) => Number(value))).toEqual(upTo(lastValue))
    const imported = rows.filter(({ event }) => event === 'import')
    expect(imported.map(({ number }) => number)).toEqual(values.map(numberOf))
    expect(rows.filter(({ event }) => event === 'skip')).toHaveLength(holes)
    const { body } = await ask(sequencer, 'GET', '/api/v1/audit/verify')
    expect(body).toMatchObject({ fits: true, findings: [], rows: lastValue })
    const next = await ask(sequencer, 'POST', '/api/v1/next/SG', {})
    expect(next.body).toMatchObject({ counter: lastValue + 1 })
  },
  300_000 + kills * 30_000,
)

const numberOf = (value: number) => `SG${String(value).padStart(6, '0')}`

/** Sends the file in pieces, each of which waits until `mayGoOn`, which is told how many lines were sent; gives the report. */
async function importFile(mayGoOn: (sent: number) => Promise<void> | undefined): Promise<unknown> {
  const lines = ['number,client_id', ...values.map((value) => `${numberOf(value)},erp`)]
  const encoder = new TextEncoder()
  async function* pieces() {
    for (let at = 0; at < lines.length; at += 250) {
      await mayGoOn(at)
      yield encoder.encode(`${lines.slice(at, at + 250).join('\n')}\n`)
    }
  }
  const answer = await fetch(`${sequencer.url}/api/v1/sequences/SG/import?max_hole=1`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'text/csv' },
    body: ReadableStream.from(pieces()),
    duplex: 'half',
  })
  return answer.json()
}

const importedSoFar = () => countOf('import')
const voidSoFar = () => countOf('skip')

async function countOf(event: string): Promise<number> {
  const sql = `SELECT count(*)::int AS rows FROM ledger WHERE prefix = 'SG' AND event = $1`
  const [count] = await query<{ rows: number }>(database, sql, [event])
  return count!.rows
}
