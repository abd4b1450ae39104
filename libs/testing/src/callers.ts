import { createHash, createHmac, generateKeyPairSync } from 'node:crypto'
import { SignJWT, UnsecuredJWT, type JWTPayload } from 'jose'

const secret = 'a secret of the tests, and of nothing else'
const audience = 'ordinal-tests'

/** Headers by which a caller identifies itself. */
type Credentials = Record<string, string>

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
  const keyOf = (name: string) => `key of ${name}`.replaceAll(/[^\w]/g, '-').padEnd(43, '.')
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

/** What is refused with 401, whatever is asked for: wrong keys, and tokens that nobody should take. */
export async function hostileCallers(): Promise<Record<string, Credentials>> {
  const claims = good({ role: 'admin' })
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pem = publicKey.export({ type: 'spki', format: 'pem' }) as string
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
  const unsigned = `${encode({ alg: 'HS256' })}.${encode(claims)}`
  const withHeader = (header: object, key: string) => {
    const text = `${encode(header)}.${encode(claims)}`
    return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`
  }
  const [head, , signature] = (await sign(good({ role: 'viewer' }))).split('.')
  return {
    'a wrong key': { 'X-API-Key': 'wrong' },
    'an empty key': { 'X-API-Key': '' },
    'another scheme': { Authorization: 'Basic YWRtaW46YWRtaW4=' },
    'no token': { Authorization: 'Bearer' },
    'an expired token': bearer(await sign(good({ role: 'admin', exp: now() - 60 }))),
    'a token of tomorrow': bearer(await sign(good({ role: 'admin', nbf: now() + 3600 }))),
    'a token of another audience': bearer(await sign(good({ role: 'admin', aud: 'another' }))),
    'a token without an end': bearer(await sign({ aud: audience, sub: 'ada', role: 'admin' })),
    'a token without a subject': bearer(await sign({ aud: audience, exp: now() + 600, role: 'admin' })),
    'a token of another secret': bearer(await sign(claims, 'another secret, of as many bytes as it takes')),
    'alg: none': bearer(new UnsecuredJWT(claims).encode()),
    'alg: None': bearer(`${encode({ alg: 'None' })}.${encode(claims)}.`),
    'no signature': bearer(`${unsigned}.`),
    'the signature of another token': bearer(`${head}.${encode(claims)}.${signature}`),
    'a public key as the secret': bearer(withHeader({ alg: 'HS256' }, pem)),
    'RS256 where there is a secret only': bearer(
      await new SignJWT(claims).setProtectedHeader({ alg: 'RS256' }).sign(privateKey),
    ),
    'a key of its own in the header': bearer(
      await new SignJWT(claims)
        .setProtectedHeader({ alg: 'RS256', jwk: publicKey.export({ format: 'jwk' }) })
        .sign(privateKey),
    ),
    'a machine as its subject': bearer(await sign(good({ role: 'admin', sub: 'order-service' }))),
    'nobody as its subject': bearer(await sign(good({ role: 'admin', sub: 'anonymous' }))),
  }
}
