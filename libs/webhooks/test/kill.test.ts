import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildSync } from 'esbuild'
import { startProgram, until } from '@ordinal/testing'
import { startReceiver, type Receiver } from './receiver'
import { createStage, firstSeen, upTo, type Stage } from './stage'

const folder = mkdtempSync(join(tmpdir(), 'ordinal-webhooks-'))
const program = join(folder, 'main.js')
let stage: Stage
let receiver: Receiver
beforeAll(() => {
  buildSync({
    entryPoints: [join(__dirname, 'fixtures/main.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    external: ['pg-native'],
  })
})
afterAll(() => rmSync(folder, { recursive: true }))
beforeEach(async () => {
  stage = await createStage()
  receiver = await startReceiver()
})
afterEach(async () => {
  await stage.end()
  await receiver.stop()
})

test.each([
  // None was made, or one at least that nobody knows of: it comes again, with its id.
  ['a delivery is claimed', 0],
  ['a delivery is made', 1],
  ['a delivery is settled', 1],
])(
  'an instance that is killed when %s loses nothing, and leaves its deliveries to another',
  async (moment, made) => {
    const { id } = await stage.subscribe(receiver.url)
    const subjects = ['a', 'b', 'c']
    for (const subject of [...subjects, ...subjects]) await stage.change(subject)
    const first = stage.startInstance({ webhookConcurrency: 4 })
    // The events are left for the webhook while it is off, so that the killed instance has them all.
    await stage.service.change({ id, versions: undefined }, { enabled: false })
    await until(
      async () => (await stage.pool.query('SELECT FROM outbox WHERE delivered_at IS NULL')).rows.length === 0,
    )
    await first.stop()
    const before = receiver.seen.length
    await stage.pool.query(
      `UPDATE webhook_deliveries SET state = 'waiting', settled_at = NULL, leased_until = NULL`,
    )
    await stage.service.change({ id, versions: undefined }, { enabled: true })

    const { rows } = await stage.pool.query<{ begun_at: Date }>('SELECT now() AS begun_at')
    const { ended } = startProgram([program, stage.database.url], { FAILPOINT: moment })
    expect((await ended()).signal).toBe('SIGKILL')
    const byKilled = receiver.seen.slice(before)
    if (made === 0) expect(byKilled).toEqual([])
    else expect(byKilled.length).toBeGreaterThanOrEqual(made)
    // Those that it had are leased, and no other instance begins them before that ends.
    const leased = await stage.pool.query('SELECT FROM webhook_deliveries WHERE leased_until > $1', [
      rows[0]!.begun_at,
    ])
    // Of those that were settled all may have been, a moment before.
    if (moment !== 'a delivery is settled') expect(leased.rows).toHaveLength(3)

    stage.startInstance()
    await until(async () => (await stage.count('waiting')) === 0, 60_000)
    const seen = receiver.seen.slice(before)
    expect(firstSeen(seen)).toEqual(Object.fromEntries(subjects.map((subject) => [subject, [1, 2]])))
    expect(await stage.count('delivered')).toBe(6)
  },
)

test('instances that are killed again and again lose nothing, and keep the order', async () => {
  await stage.subscribe(receiver.url)
  const subjects = upTo(8).map((n) => `s${n}`)
  for (let n = 0; n < 3; n += 1) for (const subject of subjects) await stage.change(subject)
  const feeding = stage.startInstance()
  const moments = ['a delivery is made', 'a delivery is claimed', 'a delivery is settled']
  for (const moment of moments) {
    const { child, ended } = startProgram([program, stage.database.url], { FAILPOINT: moment })
    await until(() => receiver.seen.length > 23 || child.signalCode !== null)
    child.kill('SIGKILL')
    await ended()
  }
  await until(async () => (await stage.count('waiting')) === 0, 60_000)
  await feeding.stop()
  expect(firstSeen(receiver.seen)).toEqual(
    Object.fromEntries(subjects.map((subject) => [subject, [1, 2, 3]])),
  )
})
