import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { generate } from 'selfsigned'
import { postgresUrl } from '../src'

const folder = mkdtempSync(join(tmpdir(), 'ordinal-url-'))
const aFile = encodeURIComponent(__filename)
const pem = (name: string) => encodeURIComponent(join(folder, name))
beforeAll(async () => {
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'orders' }])
  const pair = generateKeyPairSync('ed25519')
  const locked = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' } as const
  const files = {
    'cert.pem': cert,
    'key.pem': key,
    'both.pem': `${key}${cert}`,
    'other.pem': pair.privateKey.export({ type: 'pkcs8', format: 'pem' }),
    'locked.pem': pair.privateKey.export(locked),
    'cut.pem': cert.slice(0, 200),
    'empty.pem': '',
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
})
afterAll(() => rmSync(folder, { recursive: true }))

const base = 'postgres://u:p@localhost/userdb'

/** What is wrong with a URL, if anything is. */
const faultOf = (parameters: string) => postgresUrl().safeParse(base + parameters).error?.issues[0]?.message

test.each([
  ['?sslmode=disable'],
  ['?sslmode=allow'],
  ['?sslmode=prefer'],
  ['?sslmode=require'],
  ['?sslmode=verify-full'],
  ['?sslmode=verify-full&sslrootcert=system'],
  [`?sslmode=verify-ca&sslrootcert=${pem('cert.pem')}`],
  [`?sslmode=require&sslcert=${pem('cert.pem')}&sslkey=${pem('key.pem')}`],
  [`?sslmode=require&sslcert=${pem('both.pem')}&sslkey=${pem('both.pem')}`],
  ['?application_name=orders'],
  ['?host=/var/run/postgresql&port=5433'],
])('%s is taken', (parameters) => {
  expect(faultOf(parameters)).toBeUndefined()
})

test.each([
  ['?schema=app', '"schema", which is not known: the tables of a service are in the schema public'],
  ['?pgbouncer=true', '_DB_POOLER'],
  ['?connection_limit=5', '_DB_POOL_SIZE'],
  ['?passfile=/run/pass', '_DB_PASSWORD_FILE'],
  ['?sslmod=require', '"sslmod", which is not known: is sslmode meant?'],
  ['?SSLMODE=require', '"SSLMODE", which is not known'],
  ['?channel_binding=require', '"channel_binding", which is not known: known are application_name, host'],
  ['?sslmode=require&sslmode=disable', 'sslmode more than once'],
  ['?port=abc', 'a port that is not a whole number'],
  ['?port=99999', 'a port that is not a whole number'],
  ['?port=0', 'a port that is not a whole number'],
  ['?port=-1', 'a port that is not a whole number'],
  ['?port=5433x', 'a port that is not a whole number'],
  ['?port=5432,5433', 'a port that is not a whole number'],
  ['?host=one,two', 'more than one host'],
  ['?sslmode=', 'sslmode without a value'],
  ['?sslmode=on', 'none of disable, allow, prefer, require, verify-ca, verify-full'],
  ['?sslmode=no-verify', 'none of disable, allow'],
  ['?sslmode=verify-ca', 'without sslrootcert'],
  ['?sslmode=require&sslrootcert=system', 'it needs sslmode=verify-full'],
  [
    '?sslmode=verify-full&sslrootcert=/nowhere/ca.crt',
    'has sslrootcert="/nowhere/ca.crt": there is no such file',
  ],
  ['?sslmode=require&sslkey=/nowhere/key', 'both sslcert and sslkey'],
  [`?sslrootcert=${aFile}`, 'sslrootcert without sslmode'],
  [`?sslmode=verify-ca&sslrootcert=${aFile}`, 'it has no certificate in PEM'],
  [`?sslmode=verify-ca&sslrootcert=${pem('cut.pem')}`, 'it has something besides whole certificates'],
  [`?sslmode=verify-ca&sslrootcert=${pem('empty.pem')}`, 'it has no certificate in PEM'],
  [`?sslmode=verify-ca&sslrootcert=${pem('key.pem')}`, 'it has no certificate in PEM'],
  [
    `?sslmode=require&sslcert=${pem('cert.pem')}&sslkey=${pem('cert.pem')}`,
    'it has no private key without a password in PEM',
  ],
  [
    `?sslmode=require&sslcert=${pem('cert.pem')}&sslkey=${pem('locked.pem')}`,
    'it has no private key without a password in PEM',
  ],
  [
    `?sslmode=require&sslcert=${pem('cert.pem')}&sslkey=${pem('other.pem')}`,
    'it has a key that is not that of the certificate',
  ],
])('%s is refused: %s', (parameters, fault) => {
  expect(faultOf(parameters)).toContain(fault)
})

const known = ['application_name', 'host', 'port', 'sslmode', 'sslrootcert', 'sslcert', 'sslkey']
test('a parameter that is not known is named, whatever it is', () => {
  const name = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !known.includes(text))
  fc.assert(
    fc.property(name, fc.string(), (name, value) => {
      const parameters = new URLSearchParams([[name, value]])
      expect(faultOf(`?${parameters.toString()}`)).toContain(JSON.stringify(name))
    }),
  )
})

test('all parameters that are not known are named, each once, with its advice', () => {
  const name = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !known.includes(text))
  fc.assert(
    fc.property(fc.array(name, { minLength: 1, maxLength: 6 }), (names) => {
      const parameters = new URLSearchParams(
        ['sslmode', ...names].map((name): [string, string] => [name, 'x']),
      )
      const fault = faultOf(`?${parameters.toString()}`)!
      const told = [...new Set(names)].map(
        (name) => `has the parameter ${JSON.stringify(name)}, which is not known: `,
      )
      for (const each of told) expect(fault.split(each)).toHaveLength(2)
    }),
  )
  expect(faultOf('?schema=app&sslmod=require&schema=b')).toMatch(
    /"schema", which is not known: the tables of .*; has the parameter "sslmod", which is not known: is sslmode meant\?$/,
  )
})
