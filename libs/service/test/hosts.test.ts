import { networkInterfaces } from 'node:os'
import { createTestDatabase, type TestDatabase } from '@ordinal/testing'
import { startFakeService } from './fake-service'
import { openSocket } from './raw-socket'

let database: TestDatabase
let fake: Awaited<ReturnType<typeof startFakeService>>

beforeAll(async () => {
  database = await createTestDatabase()
  fake = await startFakeService(database.url, {
    allowedHosts: ['numbers.example.com', '*.shops.example'],
    debugPort: 0,
  })
})
afterAll(async () => {
  await fake.service.stop()
  await database.drop()
})

/** The status and the code that a request gets which is written like this. */
async function answerTo(request: string, port = fake.port) {
  const socket = await openSocket(port)
  socket.send(request)
  const received = await socket.ended()
  const [, code] = /"code":"(\w+)"/.exec(received) ?? []
  return [Number(received.slice(9, 12)), code]
}
const withHost = (host: string, target = '/api/v1/things', version = '1.1') =>
  `GET ${target} HTTP/${version}\r\nHost: ${host}\r\nConnection: close\r\n\r\n`

test.each([
  'localhost',
  'LocalHost:8081',
  'localhost.',
  'console.localhost',
  '127.0.0.1:1',
  '10.1.2.3',
  '127.1',
  '0x7f.0.0.1',
  '[::1]:8081',
  '[fe80::1]',
  'sequencer:8083',
  'user_service',
  'sequencer.shop.svc',
  'sequencer.shop.svc.cluster.local:8083',
  'host.docker.internal',
  'numbers.example.com',
  'NUMBERS.example.COM.:443',
  'a.shops.example',
  'a.b.shops.example',
])('a request for %s is answered', async (host) => {
  expect(await answerTo(withHost(host))).toEqual([200, undefined])
})

test.each([
  'evil.example',
  'numbers.example.com.evil.example',
  'localhost.evil.example:8083',
  '127.0.0.1.evil.example',
  'evil-numbers.example.com',
  'shops.example',
  'evilshops.example',
  '1.evil',
  'svc.example',
])('a page that is called %s cannot reach the service by having its name resolve to it', async (host) => {
  expect(await answerTo(withHost(host))).toEqual([421, 'host_not_allowed'])
  expect(await answerTo(withHost(host, '/health/live'))).toEqual([421, 'host_not_allowed'])
})

test.each([
  ['empty', ''],
  ['a user before it', 'evil@localhost'],
  ['a user that looks like it', 'localhost:80@evil.example'],
  ['two hosts', 'localhost, evil.example'],
  ['a path', 'localhost/evil'],
  ['a port that is no number', 'localhost:http'],
  ['a port beyond all', 'localhost:65536'],
  ['an address without end', '[::1'],
  ['no address in brackets', '[evil]'],
  ['a name with an empty label', 'evil..example'],
  ['a dot', '.'],
  ['an escape', '%6cocalhost'],
  ['what is not ASCII', 'löcalhost'],
])('a Host that is no host is 400: %s', async (_, host) => {
  expect(await answerTo(withHost(host))).toEqual([400, 'malformed_request'])
})

test('two Hosts are 400, also where both are ours, or the same', async () => {
  for (const second of ['localhost', 'evil.example', 'sequencer']) {
    const twice = `GET /api/v1/things HTTP/1.1\r\nHost: localhost\r\nhOsT: ${second}\r\nConnection: close\r\n\r\n`
    expect(await answerTo(twice)).toEqual([400, 'malformed_request'])
  }
})

test('a target that is a whole URL is on the host that counts, and has to agree with Host', async () => {
  const ours = 'http://localhost:1/api/v1/things'
  expect(await answerTo(withHost('localhost:1', ours))).toEqual([200, undefined])
  expect(await answerTo(withHost('sequencer', ours))).toEqual([400, 'malformed_request'])
  const evil = 'http://evil.example/api/v1/things'
  expect(await answerTo(withHost('localhost', evil))).toEqual([400, 'malformed_request'])
  expect(await answerTo(withHost('evil.example', evil))).toEqual([421, 'host_not_allowed'])
  expect(await answerTo(`GET ${evil} HTTP/1.0\r\n\r\n`)).toEqual([421, 'host_not_allowed'])
  expect(await answerTo(withHost('localhost', 'http://evil@localhost/'))).toEqual([400, 'malformed_request'])
})

test('HTTP/1.0 needs no Host; one that it has is looked at', async () => {
  expect(await answerTo('GET /api/v1/things HTTP/1.0\r\n\r\n')).toEqual([200, undefined])
  expect(await answerTo(withHost('evil.example', '/', '1.0'))).toEqual([421, 'host_not_allowed'])
})

test('nobody else says for whom a request is: X-Forwarded-Host and Forwarded count for nothing', async () => {
  const ask = (host: string, header: string) =>
    answerTo(`GET /api/v1/things HTTP/1.1\r\nHost: ${host}\r\n${header}\r\nConnection: close\r\n\r\n`)
  expect(await ask('evil.example', 'X-Forwarded-Host: localhost')).toEqual([421, 'host_not_allowed'])
  expect(await ask('evil.example', 'Forwarded: host=localhost')).toEqual([421, 'host_not_allowed'])
  expect(await ask('localhost', 'X-Forwarded-Host: evil.example')).toEqual([200, undefined])
})

test('the debug listener, which asks for no key, is as careful', async () => {
  const [entry] = fake.logged.of('debug listener') as unknown as [{ port: number }]
  const live = '/debug/liveness'
  expect(await answerTo(withHost('localhost', live), entry.port)).toEqual([200, undefined])
  expect(await answerTo(withHost('evil.example', live), entry.port)).toEqual([421, 'host_not_allowed'])
})

test('ALLOWED_HOSTS=* takes any name, and still no nonsense', async () => {
  const open = await startFakeService(database.url, { allowedHosts: ['*'] })
  expect(await answerTo(withHost('evil.example'), open.port)).toEqual([200, undefined])
  expect(await answerTo(withHost('a@evil.example'), open.port)).toEqual([400, 'malformed_request'])
  await open.service.stop()
})

test('many names leave no memory of them', async () => {
  for (let n = 0; n < 300; n += 1)
    expect(await answerTo(withHost(`10.0.${n >> 8}.${n & 255}`, '/health/live'))).toEqual([200, undefined])
  expect(await answerTo(withHost('evil.example'))).toEqual([421, 'host_not_allowed'])
})

const reaches = (host: string, port: number) =>
  fetch(`http://${host.includes(':') ? `[${host}]` : host}:${port}/health/live`).then(
    ({ ok }) => ok,
    () => false,
  )
const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
const outside = all.find(({ internal, family }) => !internal && family === 'IPv4')?.address ?? '127.0.0.2'
const ipv6 = all.some(({ address }) => address === '::1')

test('a service listens on its address alone, or on every one', async () => {
  expect([await reaches('127.0.0.1', fake.port), await reaches(outside, fake.port)]).toEqual([true, false])
  for (const host of ipv6 ? ['::', '0.0.0.0'] : ['::']) {
    const open = await startFakeService(database.url, { host })
    expect([await reaches('127.0.0.1', open.port), await reaches(outside, open.port)]).toEqual([true, true])
    expect(await reaches('::1', open.port)).toBe(ipv6 && host === '::')
    await open.service.stop()
  }
})
