import { loadSync } from '@grpc/proto-loader'
import { createGrpcClient, createTestDatabase, until, type TestDatabase } from '@ordinal/testing'
import { protoPath } from 'grpc-health-check'
import { fakeName, startFakeService } from './fake-service'

const health = loadSync(protoPath, { keepCase: true, enums: String, defaults: true })

let database: TestDatabase
beforeAll(async () => void (database = await createTestDatabase()))
afterAll(() => database.drop())

const start = async (...rest: [object?, object?]) => {
  const fake = await startFakeService(database.url, ...rest)
  const { call, close, openStream } = createGrpcClient(fake.port, health, 'grpc.health.v1.Health')
  const check = async (service = '') => {
    const { code, body } = await call('Check', { service })
    return code === 'OK' ? body.status : code
  }
  return {
    ...fake,
    check,
    openStream,
    async stop() {
      close()
      await fake.stop()
    },
  }
}

test('the whole and the service are SERVING, and another is not known', async () => {
  const fake = await start()
  expect(await fake.check()).toBe('SERVING')
  expect(await fake.check(fakeName)).toBe('SERVING')
  expect(await fake.check('fake.Other')).toBe('NOT_FOUND')
  expect(fake.logged.of('request')).toEqual([])
  await fake.stop()
})

test('while it drains it is NOT_SERVING, and takes calls', async () => {
  const fake = await start({ shutdownDrainMs: 4_000 })
  const stopping = fake.service.stop()
  expect(await fake.check(fakeName)).toBe('NOT_SERVING')
  expect((await fake.call('Wait')).code).toBe('OK')
  await stopping
  await fake.stop()
})

test('it is NOT_SERVING while what it needs is down, and SERVING again when it is back', async () => {
  let up = true
  const check = () => (up ? 'up' : Promise.reject(new Error('it is down')))
  const fake = await start({}, { checks: [{ name: 'needed', required: true, check }] })
  expect(await fake.check()).toBe('SERVING')
  up = false
  await until(async () => (await fake.check()) === 'NOT_SERVING')
  expect(await fake.check(fakeName)).toBe('NOT_SERVING')
  up = true
  await until(async () => (await fake.check()) === 'SERVING')
  expect(await fake.check(fakeName)).toBe('SERVING')
  await fake.stop()
})

test('a watcher receives each change, and does not delay the shutdown', async () => {
  const fake = await start({ shutdownDrainMs: 100, shutdownTimeoutMs: 20_000 })
  const seen: string[] = []
  const watch = fake.openStream('Watch', { service: fakeName })
  watch.on('data', ({ status }: { status: string }) => seen.push(status))
  watch.on('error', () => {})
  await until(() => seen.length > 0)
  const started = performance.now()
  await fake.service.stop()
  // Far below the time that calls under way would have.
  expect(performance.now() - started).toBeLessThan(10_000)
  await until(() => seen.length >= 2)
  expect(seen).toEqual(['SERVING', 'NOT_SERVING'])
  await fake.stop()
})
