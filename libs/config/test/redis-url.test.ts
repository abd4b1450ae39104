import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generate } from 'selfsigned'
import { redisUrl } from '../src'

const folder = mkdtempSync(join(tmpdir(), 'ordinal-redis-url-'))
const file = (name: string) => join(folder, name)
beforeAll(async () => {
  const { cert, private: key } = await generate([], { keyType: 'ec', algorithm: 'sha256' })
  writeFileSync(file('tls.crt'), cert)
  writeFileSync(file('tls.key'), key)
})
afterAll(() => rmSync(folder, { recursive: true }))

const faultOf = (url: string) => redisUrl().safeParse(url).error?.issues[0]?.message
const pair = () => `sslcert=${file('tls.crt')}&sslkey=${file('tls.key')}`

test('a URL in clear text, and one by TLS with its files, is right', () => {
  for (const url of [
    'redis://localhost:6379',
    'redis://:p%40ss@localhost/1?family=6',
    'rediss://redis.example.com',
    `rediss://redis.example.com?sslrootcert=${file('tls.crt')}`,
    `rediss://redis.example.com/2?${pair()}`,
    'rediss://redis.example.com?sslrootcert=system',
  ])
    expect(faultOf(url)).toBeUndefined()
})

test.each<[string, () => string, RegExp]>([
  ['another scheme', () => 'http://localhost', /^must be a URL with redis:\/\/ or rediss:\/\/$/],
  [
    'files for clear text',
    () => `redis://x?sslrootcert=${file('tls.crt')}`,
    /^has sslrootcert, .* write rediss:\/\/$/,
  ],
  [
    'a certificate without its key',
    () => `rediss://x?sslcert=${file('tls.crt')}`,
    /^must have both sslcert and sslkey/,
  ],
  [
    'a file that is not there',
    () => 'rediss://x?sslrootcert=/nowhere',
    /^has sslrootcert="\/nowhere": there is no such file$/,
  ],
  [
    'a key in place of a certificate',
    () => `rediss://x?sslrootcert=${file('tls.key')}`,
    /has no certificate in PEM$/,
  ],
  ['a parameter twice', () => `rediss://x?${pair()}&sslkey=x`, /^has the parameter sslkey more than once$/],
  ['one without a value', () => 'rediss://x?sslrootcert=', /^has the parameter sslrootcert without a value$/],
])('%s is a fault', (_what, url, expected) => expect(faultOf(url())).toMatch(expected))
