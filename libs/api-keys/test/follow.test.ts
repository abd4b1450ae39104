import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Writable } from 'node:stream'
import { createLogger } from '@ordinal/logging'
import { until } from '@ordinal/testing'
import { followKeys, newApiKey, type KeyFollower } from '../src'

const made = newApiKey()
const digest = createHash('sha256').update(made.text).digest()
const record = { id: made.id, name: 'shop', sha256: made.sha256, scopes: null, expires_at: null }

type Answer = (req: IncomingMessage, res: ServerResponse) => void
const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const keys =
  (data: unknown, etag: string, age = '0'): Answer =>
  (req, res) => {
    const status = req.headers['if-none-match'] === etag ? 304 : 200
    res.writeHead(status, { ETag: etag, Age: age, 'Content-Type': 'application/json' })
    res.end(status === 200 ? JSON.stringify({ data }) : undefined)
  }

/** An owner with this answer, and a service that follows it. */
async function follow(answer: Answer, maxAgeMs = 60_000) {
  const owner = { answer, asked: [] as string[], reported: [] as string[], seen: [] as unknown[] }
  const server = createServer((req, res) => {
    owner.seen.push(req.headers['x-api-key'])
    let body = ''
    req.on('data', (chunk) => (body += String(chunk)))
    req.on('end', () => {
      if (req.method === 'POST') owner.reported.push(body)
      else owner.asked.push(String(req.headers['if-none-match']))
      if (req.method === 'POST') res.writeHead(204).end()
      else owner.answer(req, res)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const lines: string[] = []
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk))
      done()
    },
  })
  const settings = {
    service: 'user-service',
    apiKeysUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    apiKey: 'the key of the follower',
    apiKeysMaxAgeMs: maxAgeMs,
    pollMs: 100,
  }
  const follower = followKeys(settings, createLogger({ service: 'test', level: 'info', stream }))!
  follower.start()
  closing.push(() => follower.stop())
  return { owner, follower, lines }
}

const isKnown = ({ known }: KeyFollower) => known.find(made.text, digest) !== undefined
const isThere = (follower: KeyFollower) => {
  try {
    return isKnown(follower)
  } catch {
    return false
  }
}

test('there is nothing to follow without an address', () => {
  const settings = { service: 'user-service', apiKeysUrl: undefined, apiKeysMaxAgeMs: 1 }
  expect(followKeys(settings, createLogger({ service: 'test', level: 'info' }))).toBeUndefined()
})

test('keys are known once they were read, asked for with their ETag, and gone when the owner has them no more', async () => {
  const { owner, follower } = await follow(keys([record], '"1"'))
  expect(() => isKnown(follower)).toThrow('cannot be checked')
  await until(() => isThere(follower))
  await until(() => owner.asked.length >= 2)
  expect([owner.asked[0], owner.asked[1], isKnown(follower)]).toEqual(['undefined', '"1"', true])
  expect(owner.seen).toContain('the key of the follower')
  owner.answer = keys([], '"2"')
  await until(() => !isThere(follower))
  expect(isKnown(follower)).toBe(false)
})

test.each<[string, Answer]>([
  ['does not answer', () => {}],
  ['breaks off', (_, res) => res.destroy()],
  ['answers 500', (_, res) => void res.writeHead(500).end()],
  [
    'refuses the key',
    (_, res) =>
      void res.writeHead(403, { 'Content-Type': 'application/json' }).end('{"code":"scope_missing"}'),
  ],
  ['answers something else', (_, res) => void res.writeHead(200).end('<html>')],
  ['answers keys of another form', keys([{ ...record, sha256: 'x' }], '"3"')],
])('while the owner %s, known keys go on, and it is logged once, without a key', async (_, answer) => {
  const { owner, follower, lines } = await follow(keys([record], '"1"'))
  await until(() => isThere(follower))
  owner.answer = answer
  await until(() => lines.some((line) => line.includes('cannot be read')))
  expect(isKnown(follower)).toBe(true)
  const warnings = lines.filter((line) => line.includes('cannot be read'))
  expect(warnings).toHaveLength(1)
  expect(lines.join('')).not.toContain('the key of the follower')
})

test('what the owner has not read for long is as old here', async () => {
  const { follower } = await follow(keys([record], '"1"', '61'), 60_000)
  await until(() => Number.isFinite(follower.known.ageMs()))
  expect(() => isKnown(follower)).toThrow('cannot be checked')
})

test('the use of keys is reported when the service stops', async () => {
  const { owner, follower } = await follow(keys([record], '"1"'))
  await until(() => isThere(follower))
  await follower.stop()
  expect(owner.reported.map((body) => JSON.parse(body))).toEqual([
    { uses: [{ id: made.id, last_used_at: expect.any(String) }] },
  ])
})
