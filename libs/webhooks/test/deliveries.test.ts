import type { ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { Webhook } from 'standardwebhooks'
import { ownPort, until } from '@ordinal/testing'
import { createSealer } from '../src/sealing'
import { newSecret } from '../src/signature'
import { startReceiver, type Answer, type Receiver } from './receiver'
import { byTest, createStage, firstSeen, nOf, upTo, type Stage } from './stage'

let stage: Stage
let receivers: Receiver[]
beforeEach(async () => {
  receivers = []
  stage = await createStage()
})
afterEach(async () => {
  await stage.end()
  await Promise.all(receivers.map((receiver) => receiver.stop()))
})

async function receiverOf(answer?: Answer, port?: number) {
  const receiver = await startReceiver(answer, port)
  receivers.push(receiver)
  return receiver
}

/** Changes subjects, each so often, all in turn. */
async function changeAll(subjects: readonly string[], times: number) {
  for (let n = 0; n < times; n += 1) for (const subject of subjects) await stage.change(subject)
}

const deliveriesOf = (id: number) => stage.service.deliveries(id, undefined, Number.MAX_SAFE_INTEGER, 100)
const attemptsOf = (id: number) => stage.service.attempts(id, undefined, Number.MAX_SAFE_INTEGER, 100)

test('each event is delivered to each webhook that wants its type, signed, as the CloudEvent that it is', async () => {
  const [both, one] = [await receiverOf(), await receiverOf()]
  const { secret } = await stage.subscribe(both.url, ['thing.changed', 'thing.removed'])
  await stage.subscribe(one.url, ['thing.removed'])
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  const tracestate = 'vendor=1'
  await stage.change('a', 'thing.changed', { traceparent, tracestate })
  await stage.change('a', 'thing.removed')
  stage.startInstance()
  await stage.untilSettled()
  expect(both.seen.map(({ event }) => event.type)).toEqual(['thing.changed', 'thing.removed'])
  expect(one.seen.map(({ event }) => event.type)).toEqual(['thing.removed'])
  const [{ headers, body, event }] = both.seen as [(typeof both.seen)[0]]
  expect(new Webhook(secret).verify(body, headers)).toEqual(event)
  expect(() => new Webhook(secret).verify(body.replace('a', 'b'), headers)).toThrow()
  expect(event).toMatchObject({
    specversion: '1.0',
    source: 'urn:test',
    subject: 'a',
    data: { n: 1 },
    traceparent,
  })
  expect(event.sequence).toMatch(/^\d{19}$/)
  expect(headers).toMatchObject({
    'content-type': 'application/cloudevents+json; charset=utf-8',
    'webhook-id': event.id,
    traceparent,
    tracestate,
  })
})

test('an event of before the webhook is not delivered, and none is kept where there is no webhook', async () => {
  await stage.change('a')
  const receiver = await receiverOf()
  await stage.subscribe(receiver.url)
  await stage.change('a')
  stage.startInstance()
  await stage.untilSettled()
  expect(receiver.seen.map(nOf)).toEqual([2])
})

test('a receiver that is down, answers 500 or redirects gets all when it is well, in order, and others wait for nothing', async () => {
  const well = await receiverOf()
  const stranger = await receiverOf()
  const ill = await receiverOf((_, __, nth) => [500, 502, 404][nth % 3]!)
  const redirecting = await receiverOf((_, response) => {
    response.writeHead(302, { location: stranger.url }).end()
  })
  // Down: nothing listens where it will be.
  const downPort = await ownPort()
  const urls = [well, ill, redirecting].map(({ url }) => url)
  const ids: number[] = []
  for (const url of [...urls, `http://127.0.0.1:${downPort}/hook`]) ids.push((await stage.subscribe(url)).id)
  await changeAll(['a', 'b', 'c'], 3)
  stage.startInstance()
  const all = { a: [1, 2, 3], b: [1, 2, 3], c: [1, 2, 3] }
  await until(() => well.accepted.length === 9)
  expect(firstSeen(well.accepted)).toEqual(all)
  // Of each subject only the first is tried while that fails.
  await until(() => ill.seen.length >= 6 && redirecting.seen.length >= 6)
  expect([...new Set([...ill.seen, ...redirecting.seen].map(nOf))]).toEqual([1])

  ill.answer = () => 200
  redirecting.answer = () => 202
  const returned = await receiverOf(undefined, downPort)
  await stage.untilSettled()
  for (const { accepted } of [ill, redirecting, returned]) expect(firstSeen(accepted)).toEqual(all)
  expect(stranger.seen).toEqual([])
  expect(await stage.count('delivered')).toBe(36)

  const errors = (await attemptsOf(ids[3]!)).map(({ error }) => error ?? '')
  expect(errors.some((error) => error.includes('ECONNREFUSED'))).toBe(true)
  const statuses = new Set((await attemptsOf(ids[2]!)).map(({ status }) => status))
  expect(statuses).toEqual(new Set([302, 202]))
  for (const id of ids)
    expect(await stage.service.find(id)).toMatchObject({ enabled: true, failingSince: null })
})

test('a failed delivery holds back later events of its subject, and of no other', async () => {
  let taken = false
  const receiver = await receiverOf(({ event }) => (event.subject === 'a' && !taken ? 500 : 204))
  await stage.subscribe(receiver.url)
  await changeAll(['a', 'b'], 4)
  stage.startInstance()
  await until(() => receiver.accepted.length === 4 && receiver.seen.length >= 7)
  expect(firstSeen(receiver.accepted)).toEqual({ b: [1, 2, 3, 4] })
  taken = true
  await stage.untilSettled()
  expect(firstSeen(receiver.accepted)).toEqual({ a: [1, 2, 3, 4], b: [1, 2, 3, 4] })
})

test('slow receivers, and answers without an end, hurt neither others nor the relay, and have few requests at a time', async () => {
  const open = new Set<unknown>()
  let most = 0
  const hanging = (_: unknown, response: ServerResponse) => {
    open.add(response)
    most = Math.max(most, open.size)
    response.on('close', () => open.delete(response))
  }
  const slow = await receiverOf(hanging)
  const endless = await receiverOf((_, response) => {
    response.writeHead(200)
    const timer = setInterval(() => response.write('x'.repeat(1000)), 5)
    response.on('close', () => clearInterval(timer))
  })
  const well = await receiverOf()
  for (const { url } of [slow, endless, well]) await stage.subscribe(url)
  const subjects = upTo(20).map((n) => `s${n}`)
  await changeAll(subjects, 2)
  const instance = stage.startInstance({ webhookConcurrency: 3, webhookTimeoutMs: 1_000 })
  // Where the machine pauses, a delivery may take longer than its time, and comes again.
  const all = Object.fromEntries(subjects.map((subject) => [subject, [1, 2]]))
  for (const taken of [well.accepted, endless.seen]) {
    await until(() => Object.values(firstSeen(taken)).flat().length === 40, 60_000)
    expect(firstSeen(taken)).toEqual(all)
  }
  // Between two attempts no request is open.
  await until(() => open.size > 0)
  expect(most).toBeLessThanOrEqual(3)
  // The relay has given all away.
  const { rows } = await stage.pool.query('SELECT FROM outbox WHERE delivered_at IS NULL')
  expect(rows).toEqual([])
  await until(async () => (await instance.metric('test_webhook_deliveries_waiting')) > 0)
  slow.answer = () => 204
  await until(async () => (await stage.count('waiting')) === 0, 60_000)
  expect(firstSeen(slow.accepted)).toEqual(all)
})

test('Retry-After is waited for', async () => {
  const receiver = await receiverOf((_, response, nth) => {
    if (nth > 1) return 204
    response.writeHead(503, { 'retry-after': '3600' }).end()
    return undefined
  })
  const { id } = await stage.subscribe(receiver.url)
  await stage.change('a')
  stage.startInstance({ webhookPauses: [20, 7_200_000] })
  const dueInMs = async () => (await deliveriesOf(id))[0]!.dueAt.getTime() - Date.now()
  await until(async () => receiver.seen.length === 1 && (await dueInMs()) > 1_000_000)
  expect(await dueInMs()).toBeGreaterThan(3_500_000)
  // Capped by the longest pause.
  const capped = await receiverOf((_, response) => {
    response.writeHead(503, { 'retry-after': '999999' }).end()
  })
  const second = await stage.subscribe(capped.url)
  await stage.change('b')
  await until(async () => ((await deliveriesOf(second.id))[0]?.dueAt.getTime() ?? 0) > Date.now() + 7_000_000)
  expect((await deliveriesOf(second.id))[0]!.dueAt.getTime()).toBeLessThan(Date.now() + 9_000_000)
})

test('410 switches a webhook off; what comes meanwhile is delivered when it is on again', async () => {
  const receiver = await receiverOf(() => 410)
  const { id } = await stage.subscribe(receiver.url)
  await changeAll(['a'], 2)
  const instance = stage.startInstance()
  await until(async () => !(await stage.service.find(id)).enabled)
  expect(await stage.service.find(id)).toMatchObject({ offReason: 'gone', version: 2 })
  await until(() => instance.log.of('a webhook was switched off').length > 0)
  const [line] = instance.log.of('a webhook was switched off')
  expect(line).toMatchObject({ level: 'error', webhook_id: id, reason: 'gone', status: 410 })
  expect(JSON.stringify(instance.log.entries)).not.toContain(receiver.url)
  await until(async () => (await instance.metric('test_webhooks_switched_off')) === 1)
  expect(await instance.metric('test_webhook_attempts_total{outcome="off"}')).toBe(1)

  receiver.answer = () => 204
  await stage.change('a')
  await until(async () => (await deliveriesOf(id)).length === 3)
  expect(receiver.seen).toHaveLength(1)
  await stage.service.change({ id, versions: [2] }, { enabled: true })
  await stage.untilSettled()
  expect(firstSeen(receiver.accepted)).toEqual({ a: [1, 2, 3] })
  expect(await stage.service.find(id)).toMatchObject({ enabled: true, offReason: null, offAt: null })
})

test('a webhook without a success for too long is switched off, and one that succeeds with others is not', async () => {
  const dead = await receiverOf(() => 500)
  const picky = await receiverOf(({ event }) => (event.subject === 'poison' ? 500 : 204))
  const [one, other] = [await stage.subscribe(dead.url), await stage.subscribe(picky.url)]
  // A busy machine may pause: in that time another delivery succeeds.
  const fewSeconds = 3_000 / 86_400_000
  const instance = stage.startInstance({ webhookPauses: [20, 50, 50], webhookOffAfterDays: fewSeconds })
  await stage.change('poison')
  await stage.change('poison')
  for (let n = 0; (await stage.count('failed')) < 2 || (await stage.service.find(one.id)).enabled; n += 1) {
    await stage.change(`well-${n}`)
    await delay(20)
  }
  expect(await stage.service.find(one.id)).toMatchObject({ enabled: false, offReason: 'failing' })
  expect(await stage.service.find(other.id)).toMatchObject({ enabled: true })
  const failed = () => instance.log.of('a delivery to a webhook has failed; nothing tries it again')
  await until(() => failed().length === 2 && instance.log.of('a webhook was switched off').length > 0)
  expect(instance.log.of('a webhook was switched off')).toMatchObject([
    { reason: 'failing', webhook_id: one.id },
  ])
  // None of the dead one has failed for good: it took nothing at all.
  const { rows } = await stage.pool.query(`SELECT webhook_id, event->'data'->'n' AS n FROM webhook_deliveries
    WHERE state = 'failed' ORDER BY id`)
  expect(rows).toEqual([
    { webhook_id: other.id, n: 1 },
    { webhook_id: other.id, n: 2 },
  ])
  expect(failed()).toHaveLength(2)
})

test('a delivery, or all since a time, are made again in their order, with their ids; a failed one too', async () => {
  const receiver = await receiverOf()
  const { id } = await stage.subscribe(receiver.url)
  await changeAll(['a', 'b'], 2)
  stage.startInstance()
  await stage.untilSettled()
  const before = receiver.seen.map(({ event }) => event.id)
  const [latest, , , first] = await deliveriesOf(id)
  await stage.service.replay(id, first!.id, byTest)
  await stage.untilSettled()
  expect(receiver.seen.slice(4).map(({ event }) => event.id)).toEqual([first!.event.id])

  expect((await stage.service.replaySince(id, latest!.createdAt, byTest)).answer.count).toBeLessThanOrEqual(4)
  await stage.untilSettled()
  receiver.seen.length = 0
  expect((await stage.service.replaySince(id, new Date(0), byTest)).answer.count).toBe(4)
  await stage.untilSettled()
  expect(firstSeen(receiver.seen)).toEqual({ a: [1, 2], b: [1, 2] })
  expect(receiver.seen.map(({ event }) => event.id).sort()).toEqual(before.sort())
})

test('a test event is delivered whichever types the webhook wants, and with both secrets while two are alive', async () => {
  const receiver = await receiverOf()
  const { id, secret } = await stage.subscribe(receiver.url, ['thing.removed'])
  stage.startInstance()
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  await stage.service.test(id, { traceparent }, byTest)
  await stage.untilSettled()
  const rotated = await stage.service.rotate({ id, versions: undefined }, 3600, byTest)
  await stage.service.test(id, { traceparent }, byTest)
  await stage.untilSettled()
  const ended = await stage.service.rotate({ id, versions: undefined }, 0, byTest)
  await stage.service.test(id, { traceparent }, byTest)
  await stage.untilSettled()
  const verifies = receiver.seen.map(({ body, headers, event }) => {
    expect(event).toMatchObject({ type: 'webhook.test', data: { webhook_id: id } })
    return [secret, rotated.secret, ended.secret].map((one) => {
      try {
        return Boolean(new Webhook(one).verify(body, headers))
      } catch {
        return false
      }
    })
  })
  expect(verifies).toEqual([
    [true, false, false],
    [true, true, false],
    [false, false, true],
  ])
})

test('what was settled long ago goes with its attempts, and so does what waits for a webhook that is off', async () => {
  const receiver = await receiverOf()
  const [kept, off] = [await stage.subscribe(receiver.url), await stage.subscribe(receiver.url)]
  await changeAll(['a', 'b'], 1)
  const first = stage.startInstance()
  await stage.untilSettled()
  await stage.service.change({ id: off.id, versions: undefined }, { enabled: false })
  await changeAll(['c'], 1)
  await until(async () => (await stage.count('delivered')) === 5)
  await first.stop()
  const age = `now() - interval '15 days'`
  await stage.pool.query(`UPDATE webhook_deliveries SET settled_at = ${age} WHERE event->>'subject' = 'a';
    UPDATE webhook_deliveries SET created_at = ${age} WHERE state = 'waiting'`)
  stage.startInstance()
  await until(async () => (await deliveriesOf(kept.id)).length === 2)
  await until(async () => (await deliveriesOf(off.id)).length === 1)
  await stage.untilSettled()
  expect((await attemptsOf(kept.id)).length).toBe(2)
  expect((await attemptsOf(off.id)).length).toBe(1)
  expect((await deliveriesOf(kept.id)).map(({ event }) => event.subject)).toEqual(['c', 'b'])
})

test('a webhook that is deleted gets nothing more, and leaves nothing', async () => {
  const receiver = await receiverOf(() => 500)
  const { id } = await stage.subscribe(receiver.url)
  await changeAll(['a', 'b'], 2)
  stage.startInstance()
  await until(() => receiver.seen.length >= 2)
  await stage.service.remove({ id, versions: undefined })
  await stage.change('a')
  await stage.untilSettled()
  for (const table of ['webhooks', 'webhook_deliveries', 'webhook_attempts'])
    expect((await stage.pool.query(`SELECT FROM ${table}`)).rows).toEqual([])
})

test('no delivery is begun twice by instances that work at once, and a stop gives back what it was at', async () => {
  const receiver = await receiverOf()
  await stage.subscribe(receiver.url)
  const subjects = upTo(30).map((n) => `s${n}`)
  await changeAll(subjects, 3)
  const instances = [1, 2, 3].map(() => stage.startInstance())
  await until(async () => (await stage.count('waiting')) === 0, 60_000)
  expect(receiver.seen).toHaveLength(90)
  expect(firstSeen(receiver.seen)).toEqual(
    Object.fromEntries(subjects.map((subject) => [subject, [1, 2, 3]])),
  )
  const delivered = 'test_webhook_attempts_total{outcome="delivered"}'
  const counted = async () => {
    const counts = await Promise.all(instances.map(({ metric }) => metric(delivered)))
    return counts.reduce((sum, count) => sum + count)
  }
  await until(async () => (await counted()) >= 90)
  expect(await counted()).toBe(90)

  receiver.answer = () => undefined
  await stage.change('last')
  await until(() => receiver.seen.length === 91)
  await Promise.all(instances.map((instance) => instance.stop()))
  const { rows } = await stage.pool.query(
    `SELECT attempts, leased_until FROM webhook_deliveries WHERE state = 'waiting'`,
  )
  // The time of the attempt may have been over first.
  expect(rows).toHaveLength(1)
  expect(rows[0]).toMatchObject({ leased_until: null })
})

test('without the key of its secret a delivery fails, is told of as that, and is made when the key is there', async () => {
  const receiver = await receiverOf()
  const { id } = await stage.subscribe(receiver.url)
  const key = Buffer.alloc(32, 1).toString('base64')
  const sealed = createSealer([key]).seal(newSecret())
  await stage.pool.query('UPDATE webhooks SET secret = $1', [sealed])
  await stage.change('a')
  const without = stage.startInstance()
  await until(async () => (await attemptsOf(id)).length >= 2)
  expect((await attemptsOf(id))[0]).toMatchObject({
    status: null,
    error: expect.stringContaining('is not in WEBHOOK_KEYS'),
  })
  await without.stop()
  expect(without.log.of('deliveries to webhooks wait: the database fails')).toEqual([])
  stage.startInstance({ webhookKeys: [key] })
  await stage.untilSettled()
  expect(receiver.accepted.map(nOf)).toEqual([1])
})
