import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { ConfigError, parseConfig, readSecretFiles } from '../src'
import { leastEnvironment, userServiceConfig } from './user-service-config'

const secret = leastEnvironment.JWT_SECRET
let folder: string
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'secret-files-'))))
afterAll(() => rmSync(folder, { recursive: true }))

function fileOf(text: string): string {
  const file = join(folder, 'secret')
  writeFileSync(file, text)
  return file
}

const read = (env: Record<string, string>) => parseConfig(userServiceConfig, env)

function faultsOf(env: Record<string, string>): string[] {
  try {
    read(env)
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.faults.map(({ message }) => message)
  }
}

test.each([
  ['as it is', secret],
  ['with a line break at its end, as editors leave it', `${secret}\n`],
  ['as Windows leaves it', `\uFEFF${secret}\r\n`],
])('a secret is read from the file that <NAME>_FILE names, %s', (_how, text) => {
  expect(read({ JWT_SECRET_FILE: fileOf(text) }).jwtSecret).toBe(secret)
})

test('what is within a secret stays: spaces, and the line breaks of a PEM', () => {
  const pem = '-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\n'
  expect(read({ JWT_SECRET_FILE: fileOf(`${pem}\n`) }).jwtSecret).toBe(pem)
  expect(read({ JWT_SECRET_FILE: fileOf(` ${secret} `) }).jwtSecret).toBe(` ${secret} `)
})

test('any secret comes back as it was written', () => {
  const texts = fc.string({ unit: 'grapheme', minLength: 40 }).filter((text) => !/^\uFEFF|[\r\n]$/.test(text))
  fc.assert(
    fc.property(texts, (text) => {
      fc.pre(text.trim() !== '' && Buffer.from(text).toString() === text)
      expect(read({ JWT_SECRET_FILE: fileOf(text) }).jwtSecret).toBe(text)
    }),
  )
})

test('every secret may come from a file: passwords and URLs too, in place of a default', () => {
  const config = read({
    JWT_SECRET_FILE: fileOf(secret),
    USER_SERVICE_DB_PASSWORD_FILE: fileOf('of a file, and long enough for a token'),
  })
  expect(config.dbPassword).toBe('of a file, and long enough for a token')
  const url = 'postgres://ann:hidden@db:5432/userdb'
  const { databaseUrl } = read({ ...leastEnvironment, USER_SERVICE_DATABASE_URL_FILE: fileOf(url) })
  expect(databaseUrl).toBe(url)
})

test('a secret of a link to a file is read, as Kubernetes mounts them', () => {
  const link = join(folder, 'link')
  symlinkSync(fileOf(secret), link)
  expect(read({ JWT_SECRET_FILE: link }).jwtSecret).toBe(secret)
})

describe('a fault is one line that names the variable and says what is wrong', () => {
  test('a secret given twice', () => {
    expect(faultsOf({ JWT_SECRET: secret, JWT_SECRET_FILE: fileOf(secret) })).toEqual([
      'JWT_SECRET and JWT_SECRET_FILE are both set: set one of the two',
    ])
  })

  test.each<[string, () => string, RegExp]>([
    ['a file that is not there', () => join(folder, 'no\nwhere'), /no\\nwhere": there is no such file$/],
    ['an empty file', () => fileOf(''), /it is empty$/],
    ['a file of nothing but a line break', () => fileOf('\r\n'), /it is empty$/],
    ['a folder', () => folder, /it is not a file$/],
    ['a device', () => '/dev/zero', /it is not a file$/],
    [
      'a file that cannot be a secret',
      () => fileOf('x'.repeat(2 ** 20 + 1)),
      /it has more than 1048576 bytes$/,
    ],
  ])('%s', (_what, file, fault) => {
    const faults = faultsOf({ JWT_SECRET_FILE: file() })
    expect(faults).toEqual([expect.stringMatching(fault)])
    expect(faults[0]).toMatch(/^JWT_SECRET_FILE is "/)
  })

  test('a secret that is not valid, which is not shown', () => {
    const faults = faultsOf({ JWT_SECRET_FILE: fileOf('too short') })
    expect(faults).toEqual([expect.stringMatching(/^JWT_SECRET: Too small/)])
    expect(faults[0]).not.toContain('too short')
  })

  test('a file of what is no secret, or under a name like it', () => {
    mkdirSync(join(folder, 'x'))
    expect(faultsOf({ ...leastEnvironment, USER_SERVICE_PORT_FILE: fileOf('1') })).toEqual([
      'USER_SERVICE_PORT_FILE is not known: did you mean USER_SERVICE_PORT?',
    ])
    expect(faultsOf({ ...leastEnvironment, JWT_SECRET_FILEX: fileOf('1') })).toEqual([
      'JWT_SECRET_FILEX is not known: did you mean JWT_SECRET_FILE?',
    ])
    expect(faultsOf({ ...leastEnvironment, CORS_ORIGINS_LIST: 'a' })).toEqual([
      'CORS_ORIGINS_LIST is not known: did you mean CORS_ORIGINS?',
    ])
  })
})

test('a known secret in a file does not start in production either', () => {
  const env = { NODE_ENV: 'production', USER_SERVICE_DB_PASSWORD: 'one of our own' }
  expect(faultsOf({ ...env, JWT_SECRET_FILE: fileOf('change-me-change-me-change-me-change-me\n') })).toEqual([
    expect.stringContaining('JWT_SECRET is an example'),
  ])
})

test('the file variable is left empty, so that a program that inherits the rest does not read it again', () => {
  const { env, faults } = readSecretFiles(['JWT_SECRET'], { JWT_SECRET_FILE: fileOf(secret), PATH: '/bin' })
  expect(faults).toEqual([])
  expect(env).toEqual({ JWT_SECRET: secret, JWT_SECRET_FILE: '', PATH: '/bin' })
})
