import { CommitUnknownError } from '@ordinal/database'
import { proxyBefore, type CutMoment } from '@ordinal/testing'
import { startReceiver, type Receiver } from './receiver'
import { createStage, openPool, serviceOn, upTo, type Stage } from './stage'

let stage: Stage
let receiver: Receiver
beforeEach(async () => {
  stage = await createStage()
  receiver = await startReceiver()
})
afterEach(async () => {
  await stage.end()
  await receiver.stop()
})

const by = (key: string, caller = 'ada') => ({ caller, key })
const trace = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }
const any = (id: number) => ({ id, versions: undefined })
type Service = Stage['service']

/** All that has a key: what it does, and how often that was done. */
const actions: [
  name: string,
  act: (on: Service, id: number, key: string) => Promise<{ replayed: boolean }>,
][] = [
  ['to make a webhook', (on, _, key) => on.make(wanted(), by(key))],
  ['to rotate a secret', (on, id, key) => on.rotate(any(id), 60, by(key))],
  ['to send a test event', (on, id, key) => on.test(id, trace, by(key))],
  ['to replay a delivery', async (on, id, key) => on.replay(id, await firstOf(id), by(key))],
  ['to replay all since a time', (on, id, key) => on.replaySince(id, new Date(0), by(key))],
]
const wanted = () => ({ url: receiver.url, eventTypes: ['thing.changed'], description: '', enabled: true })

async function firstOf(id: number): Promise<number> {
  const { rows } = await stage.pool.query<{ id: number }>(
    'SELECT min(id) AS id FROM webhook_deliveries WHERE webhook_id = $1',
    [id],
  )
  return rows[0]!.id
}

/** A webhook to which two events were delivered. */
async function delivered(): Promise<number> {
  const { id } = await stage.subscribe(receiver.url)
  await stage.change('a')
  await stage.change('a')
  const instance = stage.startInstance()
  await stage.untilSettled()
  await instance.stop()
  return id
}

/** What was done, so far as it can be counted. */
async function counted() {
  const { rows } = await stage.pool.query<Record<string, string>>(
    `SELECT (SELECT count(*) FROM webhooks) AS webhooks, (SELECT sum(version) FROM webhooks) AS versions,
       (SELECT count(*) FROM webhook_deliveries) AS deliveries,
       (SELECT count(*) FROM webhook_deliveries WHERE state = 'waiting') AS waiting`,
  )
  return rows[0]
}

test.each(actions)('%s takes effect once for each key, also with ten at once', async (_, act) => {
  const id = await delivered()
  const before = await counted()
  const answers = await Promise.all(upTo(10).map(() => act(stage.service, id, 'k')))
  expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1)
  const once = await counted()
  expect(once).not.toEqual(before)
  const strip = ({ replayed: _, ...rest }: { replayed: boolean }) => rest
  for (const answer of answers) expect(strip(answer)).toEqual(strip(answers[0]!))

  // What was made due again is delivered: a retry does not make it due once more.
  const instance = stage.startInstance()
  await stage.untilSettled()
  const seen = receiver.seen.length
  const settled = await counted()
  expect(await act(stage.service, id, 'k')).toMatchObject({ replayed: true })
  expect(await counted()).toEqual(settled)
  await instance.stop()
  expect(receiver.seen).toHaveLength(seen)
})

test('a key belongs to its caller and to its request', async () => {
  const id = await delivered()
  await stage.service.rotate(any(id), 60, by('k'))
  expect(await stage.service.rotate(any(id), 60, by('k', 'grace'))).toMatchObject({ replayed: false })
  for (const other of [
    () => stage.service.rotate(any(id), 61, by('k')),
    () => stage.service.test(id, trace, by('k')),
    () => stage.service.replaySince(id, new Date(0), by('k')),
  ])
    await expect(other()).rejects.toMatchObject({ code: 'idempotency_key_reused' })
})

test('a secret is shown again while the webhook has it, and not after another rotation or the end of the webhook', async () => {
  const { webhook, secret } = await stage.service.make(wanted(), by('make'))
  const again = await stage.service.make(wanted(), by('make'))
  expect([again.secret, again.replayed]).toEqual([secret, true])
  const rotated = await stage.service.rotate(any(webhook.id), 60, by('rotate'))
  expect((await stage.service.rotate(any(webhook.id), 60, by('rotate'))).secret).toBe(rotated.secret)
  const replaced = { code: 'idempotency_key_reused', message: expect.stringContaining('was replaced') }
  await expect(stage.service.make(wanted(), by('make'))).rejects.toMatchObject(replaced)
  await stage.service.rotate(any(webhook.id), 60, by('again'))
  await expect(stage.service.rotate(any(webhook.id), 60, by('rotate'))).rejects.toMatchObject(replaced)
  await stage.service.remove(any(webhook.id))
  await expect(stage.service.rotate(any(webhook.id), 60, by('again'))).rejects.toMatchObject({
    code: 'idempotency_key_reused',
    message: expect.stringContaining('was deleted'),
  })
  // What is kept of a key tells no secret.
  const { rows } = await stage.pool.query<{ kept: string }>(
    'SELECT string_agg(answer::text, $1) AS kept FROM idempotency_records',
    [' '],
  )
  for (const one of [secret, rotated.secret]) expect(rows[0]!.kept).not.toContain(one.slice(6))
})

test('a request that is refused leaves its key free', async () => {
  const id = await delivered()
  const stale = { id, versions: [99] }
  await expect(stage.service.rotate(stale, 0, by('k'))).rejects.toMatchObject({ code: 'version_mismatch' })
  await expect(stage.service.replay(id, 999, by('k'))).rejects.toMatchObject({
    code: 'webhook_delivery_not_found',
  })
  await stage.service.change(any(id), { enabled: false })
  await expect(stage.service.test(id, trace, by('k'))).rejects.toMatchObject({
    code: 'webhook_off',
  })
  expect(await stage.service.rotate(any(id), 0, by('k'))).toMatchObject({ replayed: false })
})

describe.each<CutMoment>(['before', 'after'])('a connection that is cut %s COMMIT', (moment) => {
  test.each(actions)('%s: a retry with the key does it once', async (_, act) => {
    const id = await delivered()
    const proxy = await proxyBefore(stage.database.url)
    const pool = openPool(proxy.url)
    const service = serviceOn(pool)
    const before = await counted()
    proxy.cutAt('COMMIT', moment)
    await expect(act(service, id, 'k')).rejects.toBeInstanceOf(CommitUnknownError)
    expect(proxy.cuts).toBe(1)
    expect(await act(service, id, 'k')).toMatchObject({ replayed: moment === 'after' })
    const once = await counted()
    expect(once).not.toEqual(before)
    expect(await act(service, id, 'k')).toMatchObject({ replayed: true })
    expect(await counted()).toEqual(once)
    await pool.end()
    await proxy.close()
  })
})
