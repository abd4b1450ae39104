import { createHash, createHmac, generateKeyPairSync } from 'node:crypto'
import { SignJWT, UnsecuredJWT, type JWTPayload } from 'jose'

const secret = 'a secret of the tests, and of nothing else'
const audience = 'ordinal-tests'

/** Headers by which a caller identifies itself. */
type Credentials = Record<string, string>

const keyOf = (name: string) => `key of ${name}`.replaceAll(/[^\w]/g, '-').padEnd(43, '.')
/** Of the machine whose key is not limited. */
const machineKey = keyOf('whole')

export type TestCallers = Awaited<ReturnType<typeof callersOf>>

const sign = (claims: JWTPayload, key: string = secret) =>
  new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(key))
const now = () => Math.floor(Date.now() / 1000)
const good = (claims: JWTPayload): JWTPayload => ({ aud: audience, exp: now() + 600, sub: 'ada', ...claims })
const bearer = (token: string): Credentials => ({ Authorization: `Bearer ${token}` })

/**
 * Callers of each kind, and the environment of a service that knows them: of each role, without a role, customers, and
 * machines whose keys have these scopes, or none.
 *
 * @param scopes of each key with scopes: `users:read`, or several with + between them
 */
export async function callersOf(scopes: readonly string[]) {
  const machines = ['whole', ...scopes.map((_, index) => `scoped-${index}`)]
  const entries = machines.map((name, index) => {
    const digest = createHash('sha256').update(keyOf(name)).digest('hex')
    return index === 0 ? `${name}:${digest}` : `${name}:${digest}:${scopes[index - 1]}`
  })
  const token = async (claims: JWTPayload) => bearer(await sign(good(claims)))
  return {
    env: {
      REQUIRE_AUTHENTICATION: 'true',
      JWT_SECRET: secret,
      JWT_AUDIENCE: audience,
      API_KEYS: entries.join(','),
    },
    nobody: {} as Credentials,
    viewer: await token({ role: 'viewer', sub: 'vera' }),
    operator: await token({ role: 'operator', sub: 'otto' }),
    admin: await token({ role: 'admin', sub: 'anna' }),
    noRole: await token({ sub: 'nora' }),
    /** A machine whose key is not limited. */
    machine: { 'X-API-Key': keyOf('whole') } as Credentials,
    /** A machine whose key has these scopes only. */
    withScopes(of: string): Credentials {
      const index = scopes.indexOf(of)
      if (index < 0) throw new Error(`There is no key of ${of}`)
      return { 'X-API-Key': keyOf(`scoped-${index}`) }
    },
    customer: (userId: unknown, sub = `customer-${String(userId)}`) =>
      token({ role: 'customer', user_id: userId, sub }),
  }
}

/** Headers that identify nobody: wrong keys, and what is no token. */
function wrongCredentials(): Record<string, Credentials> {
  const named = (what: string, values: readonly string[], headers: (value: string) => Credentials) =>
    values.map((value): [string, Credentials] => [`${what}: ${value.slice(0, 40)}`, headers(value)])
  const digest = createHash('sha256').update(machineKey).digest('hex')
  const keys = [
    'wrong',
    '',
    'null',
    'undefined',
    'true',
    '*',
    '%',
    "' OR '1'='1",
    '[object Object]',
    'whole',
    digest,
    `whole:${digest}`,
    machineKey.slice(0, -1),
    `${machineKey}.`,
    machineKey.toUpperCase(),
    `${machineKey}, ${machineKey}`,
    encodeURIComponent(machineKey).replaceAll('.', '%2E'),
    'k'.repeat(4_000),
  ]
  const schemes = [
    'Basic YWRtaW46YWRtaW4=',
    `ApiKey ${machineKey}`,
    'Digest username="admin"',
    'Negotiate YII=',
    `DPoP ${machineKey}`,
    'admin',
  ]
  const tokens = [
    '',
    'null',
    'undefined',
    'a',
    '.',
    '..',
    '...',
    'a.b.c',
    '{}.{}.{}',
    'e30.e30.',
    'e30.e30.e30',
    'Bearer a.b.c',
    'a.b.c.d.e',
    '.'.repeat(4_000),
  ]
  return Object.fromEntries([
    ...named('the key', keys, (key) => ({ 'X-API-Key': key })),
    ...named('the header', schemes, (header) => ({ Authorization: header })),
    ...named('the token', tokens, (token) => ({ Authorization: `Bearer ${token}`.trim() })),
  ])
}

/** What is refused with 401, whatever is asked for: wrong keys, and tokens that nobody should take. */
export async function hostileCallers(): Promise<Record<string, Credentials>> {
  const claims = good({ role: 'admin' })
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pem = publicKey.export({ type: 'spki', format: 'pem' }) as string
  const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString('base64url')
  /** Signed with the right secret, or another, whatever it says. */
  const signed = (header: unknown, payload: unknown, key = secret, digest = 'sha256') => {
    const text = `${encode(header)}.${encode(payload)}`
    return bearer(`${text}.${createHmac(digest, key).update(text).digest('base64url')}`)
  }
  const hs256 = { alg: 'HS256' }
  const withClaims = (more: object) => signed(hs256, { ...claims, ...more })
  const [head, body, signature] = (await sign(good({ role: 'viewer' }))).split('.') as [
    string,
    string,
    string,
  ]
  const flipped = (signature.startsWith('A') ? 'B' : 'A') + signature.slice(1)
  return {
    ...wrongCredentials(),
    'an expired token': withClaims({ exp: now() - 60 }),
    'a token of tomorrow': withClaims({ nbf: now() + 3600 }),
    'issued tomorrow': withClaims({ iat: now() + 3600 }),
    'good for years': withClaims({ exp: now() + 10 * 365 * 86_400 }),
    'good for ever': withClaims({ exp: 1e300 }),
    'ended before 1970': withClaims({ exp: -1 }),
    'an end that is a text': withClaims({ exp: String(now() + 600) }),
    'an end that is null': withClaims({ exp: null }),
    'an end that is a list': withClaims({ exp: [now() + 600] }),
    'a beginning that is a text': withClaims({ nbf: 'now' }),
    'a time of issue that is a text': withClaims({ iat: 'now' }),
    'a token of another audience': withClaims({ aud: 'another' }),
    'a part of the audience': withClaims({ aud: audience.slice(0, -1) }),
    'other audiences': withClaims({ aud: ['another', `${audience}2`] }),
    'an audience that is an object': withClaims({ aud: { [audience]: true } }),
    'no audience': withClaims({ aud: undefined }),
    'a token without an end': withClaims({ exp: undefined }),
    'a token without a subject': withClaims({ sub: undefined }),
    'an empty subject': withClaims({ sub: '' }),
    'a number as its subject': withClaims({ sub: 7 }),
    'a list as its subject': withClaims({ sub: ['ada'] }),
    'an object as its subject': withClaims({ sub: { name: 'ada' } }),
    'a line break in its subject': withClaims({ sub: 'ada\nadmin' }),
    'an invisible character in its subject': withClaims({ sub: 'ada\u200b' }),
    'a space after its subject': withClaims({ sub: 'ada ' }),
    'a long subject': withClaims({ sub: 'a'.repeat(201) }),
    'a machine as its subject': withClaims({ sub: 'order-service' }),
    'a key of ours as its subject': withClaims({ sub: 'WHOLE' }),
    'nobody as its subject': withClaims({ sub: 'anonymous' }),
    'a token of another secret': signed(hs256, claims, 'another secret, of as many bytes as it takes'),
    'an empty secret': signed(hs256, claims, ''),
    'HS384 with our secret': signed({ alg: 'HS384' }, claims, secret, 'sha384'),
    'HS512 with our secret': signed({ alg: 'HS512' }, claims, secret, 'sha512'),
    'alg: none': bearer(new UnsecuredJWT(claims).encode()),
    'alg: None': bearer(`${encode({ alg: 'None' })}.${encode(claims)}.`),
    'alg: none with a signature': signed({ alg: 'none' }, claims),
    'alg: hs256': signed({ alg: 'hs256' }, claims),
    'alg that is a list': signed({ alg: ['HS256'] }, claims),
    'alg that is null': signed({ alg: null }, claims),
    'no alg': signed({ typ: 'JWT' }, claims),
    'a critical extension': signed({ ...hs256, crit: ['exp'], exp: now() + 600 }, claims),
    'a payload that is not encoded': signed({ ...hs256, b64: false, crit: ['b64'] }, claims),
    'a header that is a list': signed([hs256], claims),
    'a header that is null': signed(null, claims),
    'a payload that is a list': signed(hs256, [claims]),
    'a payload that is null': signed(hs256, null),
    'a payload that is a text': signed(hs256, 'admin'),
    'no signature': bearer(`${encode(hs256)}.${encode(claims)}.`),
    'the signature of another token': bearer(`${head}.${encode(claims)}.${signature}`),
    'a signature with another bit': bearer(`${head}.${body}.${flipped}`),
    'half of a signature': bearer(`${head}.${body}.${signature.slice(0, 20)}`),
    'a public key as the secret': signed(hs256, claims, pem),
    'ES256 that is none': signed({ alg: 'ES256' }, claims),
    'EdDSA that is none': signed({ alg: 'EdDSA' }, claims),
    'a file as the key id': signed({ ...hs256, kid: '../../dev/null' }, claims, ''),
    'SQL as the key id': signed({ ...hs256, kid: "x' UNION SELECT 'a" }, claims, 'a'),
    'a URL of keys of its own': signed({ ...hs256, jku: 'http://127.0.0.1:9/keys' }, claims, 'a'),
    'a URL of certificates of its own': signed({ ...hs256, x5u: 'http://127.0.0.1:9/c' }, claims, 'a'),
    'RS256 where there is a secret only': bearer(
      await new SignJWT(claims).setProtectedHeader({ alg: 'RS256' }).sign(privateKey),
    ),
    'a key of its own in the header': bearer(
      await new SignJWT(claims)
        .setProtectedHeader({ alg: 'RS256', jwk: publicKey.export({ format: 'jwk' }) })
        .sign(privateKey),
    ),
  }
}
