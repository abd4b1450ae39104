import { z } from 'zod'
import { boolean, httpUrl, integer, list, milliseconds, origin, port, postgresUrl, seconds } from '../src'

const refused = Symbol('refused')
const encoded = 'has a user or password that is not percent-encoded'

test.each<[string, z.ZodType, string, unknown]>([
  ['integer', integer({ min: -2, max: 5 }), '-2', -2],
  ['integer', integer({ min: -2, max: 5 }), '5', 5],
  ['integer', integer({ min: -2, max: 5 }), '6', refused],
  ['integer', integer({ min: -2, max: 5 }), '-3', refused],
  ['integer', integer({ min: -2, max: 5 }), '1.5', refused],
  ['integer', integer({ min: -2, max: 5 }), ' 1', refused],
  ['integer', integer({ min: -2, max: 5 }), '0x1', refused],
  ['integer', integer({ min: -2, max: 5 }), '1e0', refused],
  ['port', port(), '0', 0],
  ['port', port(), '65535', 65535],
  ['port', port(), '65536', refused],
  ['seconds in seconds', seconds({ unit: 's' }), '1.5', 1.5],
  ['seconds in milliseconds', seconds({ unit: 'ms' }), '1.5', 1500],
  ['seconds in milliseconds', seconds({ unit: 'ms' }), '60', 60_000],
  ['seconds', seconds({ unit: 's' }), '0', refused],
  ['seconds', seconds({ unit: 's' }), '-1', refused],
  ['seconds', seconds({ unit: 's' }), '30s', refused],
  ['seconds', seconds({ unit: 's' }), 'Infinity', refused],
  ['seconds that setTimeout could not wait', seconds({ unit: 'ms' }), '2147484', refused],
  ['milliseconds', milliseconds(), '2000', 2000],
  ['milliseconds', milliseconds(), '0', refused],
  ['milliseconds that setTimeout could not wait', milliseconds(), '2147483648', refused],
  ...['true', '1', 'on', 'TRUE', 'On'].map(
    (text) => ['boolean', boolean(), text, true] as [string, z.ZodType, string, unknown],
  ),
  ...['false', '0', 'off', 'FALSE'].map(
    (text) => ['boolean', boolean(), text, false] as [string, z.ZodType, string, unknown],
  ),
  ['boolean', boolean(), 'yes', refused],
  ['http URL', httpUrl(), 'http://localhost:8081/', 'http://localhost:8081'],
  ['http URL', httpUrl(), 'https://users.example/base', 'https://users.example/base'],
  ['http URL', httpUrl(), 'localhost:8081', refused],
  ['http URL', httpUrl(), 'ftp://localhost', refused],
  ['http URL', httpUrl(), 'http://', refused],
  ['http URL', httpUrl(), 'http://host:99999', refused],
  ['http URL', httpUrl(), 'http://me:secret@host', refused],
  ['http URL', httpUrl(), 'http://me@host', refused],
  ['http URL', httpUrl(), 'http://host/?x=1', refused],
  ['http URL', httpUrl(), 'http://host/#top', refused],
  ['http URL of one thing', httpUrl({ query: true }), 'https://host/keys?app=1', 'https://host/keys?app=1'],
  ['http URL of one thing', httpUrl({ query: true }), 'https://host/keys#1', refused],
  ['origin', origin(), '*', '*'],
  ['origin', origin(), 'https://app.example.com', 'https://app.example.com'],
  ['origin', origin(), 'http://localhost:3000', 'http://localhost:3000'],
  ['origin', origin(), 'https://app.example.com/', refused],
  ['origin', origin(), 'https://app.example.com:443', refused],
  ['origin', origin(), 'HTTPS://App.example.com', refused],
  ['origin', origin(), 'app.example.com', refused],
  ['origin', origin(), 'nonsense', refused],
  ['origin', origin(), 'null', refused],
  ['list', list(z.string()), ' a, b,,c ', ['a', 'b', 'c']],
  ['list', list(z.string()), '', []],
  ['list of ports', list(port()), '1,2', [1, 2]],
  ['list of ports', list(port()), '1,x', refused],
])('%s %#: %s', (_name, schema, text, expected) => {
  const result = schema.safeParse(text)
  expect(result.success ? result.data : refused).toEqual(expected)
})

test.each([
  ['postgres://postgres:postgres@localhost:5432/userdb', undefined],
  ['postgresql://u:p%40s%3A%2F%23%25w@db.example/userdb?sslmode=require', undefined],
  ['postgres://localhost/userdb', undefined],
  ['postgres://u:p:q@[::1]:5432/userdb', undefined],
  ['postgres://u:p@s@localhost/userdb', encoded],
  ['postgres://u:p/s@localhost/userdb', encoded],
  ['postgres://u:p#s@localhost/userdb', encoded],
  ['postgres://u:p?s@localhost/userdb', encoded],
  ['postgres://u:p%s@localhost/userdb', encoded],
  ['postgres://u:p@s:/#%w@localhost/userdb', encoded],
  ['postgres://u:p@localhost:x/userdb', 'must have the form'],
  ['postgres://u:p@localhost', 'must name a database'],
  ['postgres://u:p@localhost/', 'must name a database'],
  ['mysql://u:p@localhost/userdb', 'must be a URL that starts with postgres://'],
])('PostgreSQL URL %s', (text, fault) => {
  const result = postgresUrl().safeParse(text)
  if (fault === undefined) expect(result.data).toBe(text)
  else expect(result.error?.issues.map(({ message }) => message)).toEqual([expect.stringContaining(fault)])
})
