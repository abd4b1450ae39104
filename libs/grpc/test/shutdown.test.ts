import { setTimeout as delay } from 'node:timers/promises'
import { createTestDatabase, until, type TestDatabase } from '@ordinal/testing'
import { connect } from 'node:net'
import { once } from 'node:events'
import { begun, startFakeService } from './fake-service'

let database: TestDatabase
beforeAll(async () => void (database = await createTestDatabase()))
afterAll(() => database.drop())

async function startBusy(ms: number, calls = 1, settings = {}) {
  const fake = await startFakeService(database.url, settings)
  const before = begun.Wait
  const answers = Array.from({ length: calls }, () => fake.call('Wait', { ms }))
  await until(() => begun.Wait === before + calls)
  return { ...fake, answers }
}

test('calls under way are answered, and a new one is refused', async () => {
  const fake = await startBusy(400, 20)
  const stopping = fake.service.stop()
  await delay(50)
  expect((await fake.call('Wait')).code).toBe('UNAVAILABLE')
  const answers = await Promise.all(fake.answers)
  expect(answers.map(({ code, body }) => [code, body.waited_ms])).toEqual(Array(20).fill(['OK', 400]))
  await stopping
  expect(fake.logged.of('request').filter(({ code }) => code === 'OK')).toHaveLength(20)
  await fake.stop()
})

test('a call that does not end is cut at the deadline, and so is a connection that says nothing', async () => {
  const fake = await startBusy(30_000, 1, { shutdownTimeoutMs: 300 })
  const silent = connect(fake.port, '127.0.0.1')
  await once(silent, 'connect')
  const ended = once(silent, 'close')
  silent.resume()
  const started = performance.now()
  await fake.service.stop()
  expect(performance.now() - started).toBeGreaterThan(290)
  expect(performance.now() - started).toBeLessThan(10_000)
  const [answer] = await Promise.all(fake.answers)
  expect(['UNAVAILABLE', 'CANCELLED', 'INTERNAL']).toContain(answer!.code)
  await ended
  expect(fake.logged.of('request')).toEqual([expect.objectContaining({ code: 'CANCELLED', aborted: true })])
  expect(fake.logged.entries.at(-1)).toMatchObject({ message: 'stopped' })
  await fake.stop()
})

test('clients that are connected and idle do not hold up the end', async () => {
  const fake = await startFakeService(database.url, { shutdownTimeoutMs: 20_000 })
  await fake.call('Wait')
  const started = performance.now()
  await fake.service.stop()
  expect(performance.now() - started).toBeLessThan(10_000)
  await fake.stop()
})
