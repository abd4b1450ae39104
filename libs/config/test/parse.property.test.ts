import fc from 'fast-check'
import { ConfigError, parseConfig } from '../src'
import { leastEnvironment, userServiceConfig } from './user-service-config'

const variables = Object.values(userServiceConfig.variables)
const names = fc.oneof(
  fc.constantFrom(...variables.map(({ name }) => name), '__proto__', 'USER_SERVICE_SERVICE_HOST'),
  fc.string({ unit: 'grapheme' }).map((text) => `USER_SERVICE_${text}`),
  fc.string(),
)
const values = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '',
    '0',
    '-1',
    '8081',
    'tcp://10.0.0.1:80',
    'postgres://u:p%@h',
    'a,b',
    'true',
    '1e9',
    '\n',
  ),
)

test('any environment either parses or gives a ConfigError with a line for each fault', () => {
  let parsed = 0
  let refused = 0
  const least = fc.constantFrom<Record<string, string>>(leastEnvironment, {})
  fc.assert(
    fc.property(fc.dictionary(names, values, { maxKeys: 6 }), least, (env, least) => {
      try {
        parseConfig(userServiceConfig, { ...least, ...env })
        parsed += 1
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error
        refused += 1
        expect(error.message.split(/\r\n|[\n\r\v\f\u0085\u2028\u2029]/)).toHaveLength(error.faults.length + 1)
        expect(error.faults.length).toBeGreaterThan(0)
      }
    }),
    { numRuns: 2000 },
  )
  // Both ways were taken, or the property says nothing.
  expect(Math.min(parsed, refused)).toBeGreaterThan(50)
})

test('no secret is ever in a message', () => {
  const marked = fc
    .tuple(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }))
    .map(([a, b]) => `${a}Xyzzy${b}`)
  const secrets = variables.filter(({ secret }) => secret).map(({ name }) => name)
  let refused = 0
  fc.assert(
    fc.property(
      fc.constantFrom(...secrets),
      fc.oneof(
        marked,
        marked.map((s) => `postgres://u:${s}@h/d`),
      ),
      (name, value) => {
        try {
          parseConfig(userServiceConfig, { [name]: value })
        } catch (error) {
          refused += Number((error as ConfigError).faults.some(({ variable }) => variable === name))
          expect((error as ConfigError).message).not.toContain('Xyzzy')
        }
      },
    ),
    { numRuns: 1000 },
  )
  expect(refused).toBeGreaterThan(50)
})
