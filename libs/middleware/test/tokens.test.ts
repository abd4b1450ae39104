import { createHash, randomBytes } from 'node:crypto'
import type { RequestHandler } from 'express'
import { exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT, type JWTPayload } from 'jose'
import {
  callerIdentifier,
  identifyCaller,
  requireRole,
  roles,
  tokenVerifier,
  type Role,
  type TokenSettings,
} from '../src'
import { startIdentityProvider } from './identity-provider'
import { answer, closeServers, serve } from './serve'

const secret = randomBytes(32).toString('hex')
const plain: TokenSettings = {
  jwtSecret: undefined,
  jwksUrl: undefined,
  jwtIssuer: undefined,
  jwtAudience: undefined,
  jwtClockToleranceSeconds: 5,
  jwtMaxLifetimeSeconds: 86_400,
}
const machineKey = 'k'.repeat(43)
const keys = [{ id: 'order-service', sha256: createHash('sha256').update(machineKey).digest() }]
const now = () => Math.floor(Date.now() / 1000)

let provider: Awaited<ReturnType<typeof startIdentityProvider>>
beforeAll(async () => void (provider = await startIdentityProvider()))
afterAll(async () => {
  await provider.stop()
  await closeServers()
})

const sign = (claims: JWTPayload, key: string | Uint8Array = secret, alg = 'HS256') =>
  new SignJWT(claims)
    .setProtectedHeader({ alg })
    .sign(typeof key === 'string' ? new TextEncoder().encode(key) : key)
const good = (): JWTPayload => ({ sub: 'ada', role: 'admin', exp: now() + 60 })

/** A service whose only route needs a role, by default that of an administrator. */
async function start(settings: Partial<TokenSettings>, role: Role = 'admin') {
  const verify = tokenVerifier({ ...plain, ...settings })
  const needsRole: RequestHandler = (req, _res, next) => {
    requireRole(role, req.context, verify !== undefined)
    next()
  }
  const { get, logged, drained } = await serve(() => [
    identifyCaller(callerIdentifier(keys, verify)),
    needsRole,
    answer,
  ])
  const ask = async (token?: string, headers: Record<string, string> = {}) => {
    const sent: Record<string, string> = token === undefined ? {} : { Authorization: `Bearer ${token}` }
    const { status, body, headers: got } = await get('/', { ...sent, ...headers })
    return {
      status,
      body,
      code: body.code,
      caller: body.caller,
      challenge: got.get('www-authenticate') ?? '',
    }
  }
  return { ask, logged, drained }
}

test.each([
  ['role', { role: 'admin' }],
  ['roles', { roles: ['something', 'admin'] }],
  ['roles, of which the highest counts', { role: 'viewer', roles: ['operator', 'admin', 'viewer'] }],
  ['roles as one text', { roles: 'admin' }],
])('a token signed with the secret names the caller; its role is in %s', async (_, claims) => {
  const { ask } = await start({ jwtSecret: secret })
  const { role: _role, ...rest } = good()
  expect(await ask(await sign({ ...rest, ...claims }))).toMatchObject({ status: 200, caller: 'ada' })
})

test.each<[string, Partial<TokenSettings>, JWTPayload]>([
  ['a path', { jwtRolesClaim: 'realm_access.roles' }, { realm_access: { roles: ['offline', 'admin'] } }],
  [
    'a name with dots',
    { jwtRolesClaim: 'https://a.example/roles' },
    { 'https://a.example/roles': ['admin'] },
  ],
  ['groups', { jwtRolesClaim: 'groups' }, { groups: ['staff', 'admin'] }],
  ['one name', { jwtRolesClaim: 'app.role' }, { app: { role: 'admin' } }],
  ['a scope', { jwtRolesClaim: 'scope' }, { scope: 'openid admin' }],
  [
    'a name of the provider',
    { jwtRoleMap: [{ name: 'CN=Ops, Numbers', role: 'admin' }] },
    { roles: ['CN=Ops, Numbers'] },
  ],
  [
    'the highest of several',
    {
      jwtRoleMap: [
        { name: 'ops', role: 'admin' },
        { name: 'staff', role: 'viewer' },
      ],
    },
    { roles: ['staff', 'ops'] },
  ],
])('the role is where an identity provider puts it: %s', async (_, settings, claims) => {
  const { ask } = await start({ jwtSecret: secret, ...settings })
  const { role: _role, ...rest } = good()
  expect(await ask(await sign({ ...rest, ...claims }))).toMatchObject({ status: 200, caller: 'ada' })
})

test.each<[string, Partial<TokenSettings>, JWTPayload]>([
  ['the claim is another', { jwtRolesClaim: 'groups' }, { roles: ['admin'], role: 'admin' }],
  ['the path ends early', { jwtRolesClaim: 'realm_access.roles' }, { realm_access: 'admin' }],
  ['the path leads to what all objects have', { jwtRolesClaim: 'constructor.name' }, {}],
  ['it is a part of a name with a space', { jwtRolesClaim: 'groups' }, { groups: 'site admin' }],
  ['it is no text', { jwtRolesClaim: 'groups' }, { groups: [{ name: 'admin' }, 1, null] }],
  ['the map does not have it', { jwtRoleMap: [{ name: 'ops', role: 'admin' }] }, { roles: ['admin'] }],
])('a role does not count where %s', async (_, settings, claims) => {
  const { ask } = await start({ jwtSecret: secret, ...settings })
  const { role: _role, ...rest } = good()
  expect(await ask(await sign({ ...rest, ...claims }))).toMatchObject({ status: 403, code: 'role_too_low' })
})

test('a token signed by the identity provider does the same, beside the secret or without it', async () => {
  for (const jwtSecret of [undefined, secret]) {
    const { ask } = await start({ jwtSecret, jwksUrl: provider.jwksUrl })
    expect(await ask(await provider.sign(good()))).toMatchObject({ status: 200, caller: 'ada' })
    if (jwtSecret) expect((await ask(await sign(good()))).status).toBe(200)
  }
})

const both = () => ({ jwtSecret: secret, jwksUrl: provider.jwksUrl })
const onlySecret = () => ({ jwtSecret: secret })
const onlyKeys = () => ({ jwksUrl: provider.jwksUrl })
const otherKeyPair = generateKeyPair('RS256')

test.each<[string, () => Partial<TokenSettings>, () => string | Promise<string>]>([
  ['expired', onlySecret, () => sign({ ...good(), exp: now() - 60 })],
  ['expired a little more than clocks may differ', onlySecret, () => sign({ ...good(), exp: now() - 7 })],
  ['not valid yet', onlySecret, () => sign({ ...good(), nbf: now() + 60 })],
  ['signed with another secret', onlySecret, () => sign(good(), randomBytes(32).toString('hex'))],
  ['signed with nothing: alg none', both, () => new UnsecuredJWT(good()).encode()],
  [
    'alg none in other letters',
    both,
    async () =>
      `${Buffer.from('{"alg":"nOnE"}').toString('base64url')}.${(await sign(good())).split('.')[1]}.`,
  ],
  ['stripped of its signature', onlySecret, async () => (await sign(good())).replace(/[^.]+$/, '')],
  ['changed after it was signed', onlySecret, async () => raisedTo('root', await sign(good()))],
  ['of another HMAC than HS256', onlySecret, () => sign(good(), secret.repeat(2), 'HS512')],
  ['without an end', onlySecret, () => sign({ sub: 'ada', role: 'admin' })],
  ['without a subject', onlySecret, () => sign({ role: 'admin', exp: now() + 60 })],
  ['of an empty subject', onlySecret, () => sign({ ...good(), sub: '' })],
  ['of a subject of two lines', onlySecret, () => sign({ ...good(), sub: 'ada\nroot' })],
  ['of a subject that is no text', onlySecret, () => sign({ ...good(), sub: 7 as never })],
  ['of a machine that has a key', onlySecret, () => sign({ ...good(), sub: 'order-service' })],
  ['of nobody', onlySecret, () => sign({ ...good(), sub: 'anonymous' })],
  ...[
    'sequencer',
    'ordinal',
    'order-service',
    'user-service',
    'Sequencer',
    'SEQUENCER',
    'sequencer ',
    ' sequencer',
    'order service',
    'order_service',
    'orderservice',
    'order\u2011service',
    'order\u00a0service',
    'seq\u200buencer',
    '\u2066sequencer\u2069',
    '\u202eecivres-redro',
    'sequencer\ufeff',
    'sequencer\ufe0f',
    'sequencer\u00ad',
    'ｓｅｑｕｅｎｃｅｒ',
    '𝐬𝐞𝐪𝐮𝐞𝐧𝐜𝐞𝐫',
    'sеquencer',
    'ѕеquеnсеr',
    'sequencer\u0301',
    'séquencer',
    '0rdinal',
    'ordina1',
    'ordinaI',
    'οrdinal',
    'оrԁіnаӏ',
    'Anonymous',
    'аnonymous',
    'anonyrnous',
    'ada\u2028root',
    'ada\u202eroot',
    'ada\u2003root',
    'ada\u2800',
    '\u3164',
    '\t',
    ' ',
  ].map((sub): [string, () => Partial<TokenSettings>, () => Promise<string>] => [
    `of ${JSON.stringify(sub)}`,
    onlySecret,
    () => sign({ ...good(), sub }),
  ]),
  ['good for longer than a day', onlySecret, () => sign({ ...good(), iat: now(), exp: now() + 86_400 + 60 })],
  ['good for years, of which little is left', onlySecret, () => sign({ ...good(), iat: now() - 90_000 })],
  ['good for years, and not saying since when', onlySecret, () => sign({ ...good(), exp: now() + 1e9 })],
  ['issued in the future', onlySecret, () => sign({ ...good(), iat: now() + 60, exp: now() + 120 })],
  ['issued at no time', onlySecret, () => sign({ ...good(), iat: 'now' as never })],
  [
    'for another audience',
    () => ({ jwtSecret: secret, jwtAudience: 'ordinal' }),
    () => sign({ ...good(), aud: 'payroll' }),
  ],
  ['for no audience', () => ({ jwtSecret: secret, jwtAudience: 'ordinal' }), () => sign(good())],
  [
    'of another issuer',
    () => ({ jwtSecret: secret, jwtIssuer: 'https://a.example' }),
    () => sign({ ...good(), iss: 'https://b.example' }),
  ],
  ["signed with the provider's public key as if it were a secret", onlyKeys, publicKeyAsSecret],
  ['the same, where there is a secret too', both, publicKeyAsSecret],
  ['signed with the secret, where only keys count', onlyKeys, () => sign(good())],
  ["signed by the provider's key, where only the secret counts", onlySecret, () => provider.sign(good())],
  [
    'signed by another key under the same key id',
    onlyKeys,
    async () =>
      new SignJWT(good())
        .setProtectedHeader({ alg: 'RS256', kid: 'key-1' })
        .sign((await otherKeyPair).privateKey),
  ],
  ['of an unknown key id', onlyKeys, () => provider.sign(good(), { kid: 'key-2' })],
  [
    'bringing its own key',
    onlyKeys,
    async () =>
      new SignJWT(good())
        .setProtectedHeader({ alg: 'RS256', jku: 'http://127.0.0.1:1/keys', jwk: { kty: 'RSA' } })
        .sign((await otherKeyPair).privateKey),
  ],
  ['not a token', both, () => 'abc'],
  ['empty', both, () => ''],
  ['five parts', both, () => 'a.b.c.d.e'],
])('a token is refused with 401: %s', async (_, settings, token) => {
  const { ask, logged, drained } = await start(settings())
  const sent = await token()
  const { status, body, code, challenge } = await ask(sent)
  expect([status, code]).toEqual([401, 'invalid_token'])
  expect(challenge).toMatch(/^Bearer realm="ordinal", error="invalid_token", error_description="[^"]+"$/)
  await drained()
  const signature = sent.split('.')[2]
  if (signature && signature.length > 10)
    expect(JSON.stringify([body, logged.of('request failed')])).not.toContain(signature)
})

async function publicKeyAsSecret(): Promise<string> {
  return sign(good(), await exportSPKI(provider.publicKey))
}

function raisedTo(sub: string, token: string): string {
  const [header, , signature] = token.split('.')
  return [header, Buffer.from(JSON.stringify({ ...good(), sub })).toString('base64url'), signature].join('.')
}

test.each([
  'ada',
  'Ada Lovelace',
  'ada@example.com',
  'auth0|5f7c',
  'Дмитрий',
  'Οδυσσέας',
  '明美',
  'sequencer-operator',
  'orders',
  'ordinary',
  'Zoë',
])('a token of %s is taken', async (sub) => {
  const { ask } = await start({ jwtSecret: secret })
  expect((await ask(await sign({ ...good(), sub }))).status).toBe(200)
})

test('how long a token may be good for is for the operators to say', async () => {
  const { ask } = await start({ jwtSecret: secret, jwtMaxLifetimeSeconds: 600 })
  const hour = { ...good(), iat: now(), exp: now() + 3600 }
  expect((await ask(await sign(hour))).body.detail).toContain('valid for more than 600 s')
  expect((await ask(await sign({ ...hour, exp: now() + 600 }))).status).toBe(200)
  expect((await ask(await sign({ ...hour, iat: undefined, exp: now() + 599 }))).status).toBe(200)
})

test('clocks may differ by as much as is configured, before and after', async () => {
  const { ask } = await start({ jwtSecret: secret, jwtClockToleranceSeconds: 30 })
  expect((await ask(await sign({ ...good(), exp: now() - 20 }))).status).toBe(200)
  expect((await ask(await sign({ ...good(), nbf: now() + 20 }))).status).toBe(200)
  expect((await ask(await sign({ ...good(), exp: now() - 40 }))).status).toBe(401)
})

test('the right audience and issuer are accepted, one of several audiences included', async () => {
  const { ask } = await start({ jwtSecret: secret, jwtAudience: 'ordinal', jwtIssuer: 'https://a.example' })
  const token = await sign({ ...good(), aud: ['payroll', 'ordinal'], iss: 'https://a.example' })
  expect((await ask(token)).status).toBe(200)
})

test.each(roles.flatMap((needed) => [...roles, undefined].map((held) => [needed, held] as const)))(
  'a route that needs %s, called by %s',
  async (needed, held) => {
    const { ask } = await start({ jwtSecret: secret }, needed)
    const { status, code, challenge } = await ask(await sign({ ...good(), role: held }))
    const suffices = held !== undefined && roles.indexOf(held) >= roles.indexOf(needed)
    expect([status, code]).toEqual(suffices ? [200, undefined] : [403, 'role_too_low'])
    if (!suffices)
      expect(challenge).toBe(`Bearer realm="ordinal", error="insufficient_scope", scope="${needed}"`)
  },
)

test('without a token the answer is 401 with a challenge; without a secret it says what to set', async () => {
  const { ask } = await start({ jwtSecret: secret })
  expect(await ask()).toMatchObject({
    status: 401,
    code: 'authentication_required',
    challenge: 'Bearer realm="ordinal"',
  })
  const closed = await start({})
  const refused = await closed.ask(await sign(good(), ''.padEnd(32, '0')))
  expect([refused.status, refused.code]).toEqual([401, 'authentication_required'])
  expect(refused.body.detail).toContain('set JWT_SECRET or JWKS_URL')
})

test("a machine's key may do what an operator may, and not what an administrator may", async () => {
  const headers = { 'X-API-Key': machineKey }
  for (const settings of [{}, { jwtSecret: secret }]) {
    expect((await (await start(settings, 'operator')).ask(undefined, headers)).caller).toBe('order-service')
    expect(await (await start(settings, 'admin')).ask(undefined, headers)).toMatchObject({
      status: 403,
      code: 'role_too_low',
    })
  }
})

test('with a key and a token, both must be right, and the token says who it is', async () => {
  const { ask } = await start({ jwtSecret: secret })
  const token = await sign(good())
  expect(await ask(token, { 'X-API-Key': machineKey })).toMatchObject({ status: 200, caller: 'ada' })
  expect((await ask(token, { 'X-API-Key': 'wrong' })).code).toBe('invalid_api_key')
  expect((await ask('wrong', { 'X-API-Key': machineKey })).code).toBe('invalid_token')
})

test('the word Bearer may be written in any case; another scheme says nothing', async () => {
  const { ask } = await start({ jwtSecret: secret })
  const token = await sign(good())
  expect((await ask(undefined, { Authorization: `bearer  ${token}` })).status).toBe(200)
  expect((await ask(undefined, { Authorization: 'Basic YTpi' })).code).toBe('authentication_required')
})

test('a flood of unknown key ids does not become one at the identity provider', async () => {
  const { ask } = await start({ jwksUrl: provider.jwksUrl })
  const before = provider.requests()
  const tokens = await Promise.all(
    Array.from({ length: 50 }, (_, n) => provider.sign(good(), { kid: `k${n}` })),
  )
  const answers = await Promise.all(tokens.map((token) => ask(token)))
  expect(new Set(answers.map(({ code }) => code))).toEqual(new Set(['invalid_token']))
  expect(provider.requests() - before).toBeLessThanOrEqual(2)
})

test('an identity provider that is away is 503, not a refusal', async () => {
  const { ask } = await start({ jwksUrl: 'http://127.0.0.1:1/jwks.json' })
  const { status, code } = await ask(await provider.sign(good()))
  expect([status, code]).toEqual([503, 'token_keys_unavailable'])
})
