import fc from 'fast-check'
import { decide, parseApiKey, roles, type AccessRule, type Role, type Who } from '../src'

const rule = (more: Partial<AccessRule> = {}): AccessRule => ({
  role: 'operator',
  scopes: ['numbers:issue'],
  own: false,
  ...more,
})
const who = (more: Partial<Who> = {}): Who => ({
  known: true,
  role: undefined,
  scopes: undefined,
  userId: undefined,
  ...more,
})

const scope = fc.constantFrom<string>(
  'users:read',
  'users:write',
  'orders:read',
  'numbers:issue',
  'numbers:issue:A',
  'numbers:issue:B',
  'numbers:issue:AB',
)
const anyRule: fc.Arbitrary<AccessRule> = fc.record({
  role: fc.constantFrom('anyone' as const, 'caller' as const, ...roles),
  scopes: fc.uniqueArray(fc.constantFrom('users:read', 'users:write', 'orders:read', 'numbers:issue')),
  own: fc.boolean(),
})
const target = fc.option(
  fc.record(
    { userId: fc.nat(3), names: fc.array(fc.constantFrom('A', 'B', 'AB'), { maxLength: 3 }) },
    { requiredKeys: [] },
  ),
  { nil: undefined },
)

test('a role may do what those before it may, and nothing that needs a later one', () => {
  for (const [needed, has] of roles.flatMap((needed, n) =>
    roles.map((has, h) => [needed, has, h >= n] as const),
  ))
    expect(decide(rule({ role: needed }), who({ role: has }))).toBe(
      roles.indexOf(has) >= roles.indexOf(needed) ? 'allowed' : 'forbidden',
    )
})

test.each([
  ['anyone', 'allowed', 'allowed'],
  ['caller', 'unauthenticated', 'allowed'],
  ['viewer', 'unauthenticated', 'forbidden'],
] as const)('what needs %s is %s to nobody, and %s to a caller without a role', (role, nobody, caller) => {
  expect(decide(rule({ role }), who({ known: false }))).toBe(nobody)
  expect(decide(rule({ role }), who())).toBe(caller)
})

test('a key with scopes may do what one of them is for, whatever role is needed, and nothing else', () => {
  fc.assert(
    fc.property(anyRule, fc.uniqueArray(scope), target, (rule, scopes, target) => {
      const decision = decide(rule, who({ role: 'operator', scopes }), target ?? {})
      const names = target?.names ?? []
      const holds = (needed: string) =>
        scopes.includes(needed) ||
        (names.length > 0 && names.every((name) => scopes.includes(`${needed}:${name}`)))
      expect(decision).toBe(rule.scopes.some(holds) ? 'allowed' : 'forbidden')
    }),
  )
})

test('more scopes never allow less, and what is refused before the target is known is refused with any', () => {
  fc.assert(
    fc.property(anyRule, fc.uniqueArray(scope), scope, target, (rule, scopes, more, target) => {
      const given = who({ role: 'operator', scopes })
      if (decide(rule, given, target) === 'allowed')
        expect(decide(rule, who({ role: 'operator', scopes: [...scopes, more] }), target)).toBe('allowed')
      if (decide(rule, given) === 'forbidden') expect(decide(rule, given, target ?? {})).toBe('forbidden')
    }),
  )
})

test('a customer gets at what is theirs alone, where customers may at all', () => {
  fc.assert(
    fc.property(anyRule, fc.option(fc.nat(3), { nil: undefined }), fc.nat(3), (rule, userId, of) => {
      const decision = decide(rule, who({ role: 'customer', userId }), { userId: of })
      const expected =
        !rule.own || userId === undefined ? 'forbidden' : userId === of ? 'allowed' : 'not_there'
      expect(decision).toBe(expected)
    }),
  )
})

test('no two of several names are enough for a scope of one', () => {
  const held = who({ role: 'operator', scopes: ['numbers:issue:A'] })
  expect(decide(rule(), held, { names: ['A', 'A'] })).toBe('allowed')
  expect(decide(rule(), held, { names: ['A', 'B'] })).toBe('forbidden')
  expect(decide(rule(), held, { names: ['AB'] })).toBe('forbidden')
  expect(decide(rule(), held, {})).toBe('forbidden')
  expect(decide(rule(), held)).toBe('allowed')
})

test('an entry of API_KEYS may have scopes, which must exist', () => {
  const entry = (scopes: string) => parseApiKey(`shop:${'a'.repeat(64)}${scopes}`)
  expect(entry('')).not.toHaveProperty('scopes')
  expect(entry(':users:read')?.scopes).toEqual(['users:read'])
  expect(entry(':users:read+numbers:issue:ORD')?.scopes).toEqual(['users:read', 'numbers:issue:ORD'])
  for (const wrong of [
    ':',
    ':all',
    ':users',
    ':users:read+',
    ':users:read users:write',
    ':users:read:7',
    ':numbers:issue:a b',
  ])
    expect(entry(wrong)).toBeUndefined()
})

test('roles are no more than these', () =>
  expect(roles satisfies readonly Role[]).toEqual(['viewer', 'operator', 'admin']))
