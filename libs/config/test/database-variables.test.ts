import fc from 'fast-check'
import { Client } from 'pg'
import { databaseUrlOf, parseConfig, postgresUrl } from '../src'
import { leastEnvironment, userServiceConfig } from './user-service-config'

function urlFor(env: Record<string, string>): string {
  return databaseUrlOf(parseConfig(userServiceConfig, { ...leastEnvironment, ...env }))
}

test('the defaults make the URL of a development database', () => {
  expect(urlFor({})).toBe('postgres://postgres:postgres@localhost:5432/userdb')
})

test('the URL wins over the parts', () => {
  const url = 'postgres://u:p@elsewhere/other'
  expect(urlFor({ USER_SERVICE_DATABASE_URL: url, USER_SERVICE_DB_HOST: 'here' })).toBe(url)
})

test.each([
  ['USER_SERVICE_DB_PASSWORD', 'password', 'p@s:/#%w'],
  ['USER_SERVICE_DB_USER', 'user', 'a/b@c'],
  ['USER_SERVICE_DB_NAME', 'database', 'my db/50%&+:@'],
  ['USER_SERVICE_DB_HOST', 'host', '::1'],
  ['USER_SERVICE_DB_HOST', 'host', '/var/run/postgresql'],
] as const)('%s: pg gets %s as it was: %s', (name, property, value) => {
  expect(new Client({ connectionString: urlFor({ [name]: value }) })[property]).toBe(value)
})

test('any password comes through, and our own check of URLs takes the result', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (password) => {
      const url = urlFor({ USER_SERVICE_DB_PASSWORD: password })
      expect(new Client({ connectionString: url }).password).toBe(password)
      expect(postgresUrl().safeParse(url).success).toBe(true)
    }),
  )
})
