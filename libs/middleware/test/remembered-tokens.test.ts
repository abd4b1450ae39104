import { randomBytes } from 'node:crypto'
import { SignJWT, type JWTPayload } from 'jose'
import { tokenVerifier, type TokenSettings } from '../src'
import { startIdentityProvider } from './identity-provider'

const secret = randomBytes(32).toString('hex')
const settings: TokenSettings = {
  jwtSecret: secret,
  jwksUrl: undefined,
  jwtIssuer: undefined,
  jwtAudience: undefined,
  jwtClockToleranceSeconds: 0,
  jwtMaxLifetimeSeconds: 86_400,
}
const now = () => Math.floor(Date.now() / 1000)
const sign = (claims: JWTPayload = {}, key = secret) =>
  new SignJWT({ sub: 'ada', role: 'viewer', exp: now() + 600, ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(key))

let checks: jest.SpyInstance
beforeEach(() => {
  checks = jest.spyOn(crypto.subtle, 'verify')
})
afterEach(() => {
  jest.restoreAllMocks()
  jest.useRealTimers()
})

/** Lets only the clocks stand, at a time that the test moves. */
const holdClocks = () =>
  jest.useFakeTimers({
    doNotFake: [
      'nextTick',
      'queueMicrotask',
      'setImmediate',
      'setInterval',
      'setTimeout',
      'clearTimeout',
      'clearInterval',
      'clearImmediate',
    ],
  })

test('a token is checked once, however often it comes, and each token for itself', async () => {
  const verify = tokenVerifier(settings)!
  const [ada, bob] = [await sign(), await sign({ sub: 'bob', role: 'admin' })]
  for (let nth = 0; nth < 50; nth++) {
    expect(await verify(ada)).toMatchObject({ subject: 'ada', role: 'viewer' })
    expect(await verify(bob)).toMatchObject({ subject: 'bob', role: 'admin' })
  }
  expect(checks).toHaveBeenCalledTimes(2)
})

test('a token that is remembered ends at its end', async () => {
  holdClocks()
  const verify = tokenVerifier(settings)!
  const token = await sign({ exp: now() + 30 })
  await verify(token)
  jest.setSystemTime(Date.now() + 29_000)
  await verify(token)
  jest.setSystemTime(Date.now() + 1_000)
  await expect(verify(token)).rejects.toMatchObject({ code: 'invalid_token' })
})

test('what is refused is not remembered, nor does it drive out what is', async () => {
  const verify = tokenVerifier(settings)!
  const [good, wrong] = [await sign(), await sign({}, 'x'.repeat(64))]
  await verify(good)
  for (let nth = 0; nth < 3; nth++)
    await expect(verify(wrong)).rejects.toMatchObject({ code: 'invalid_token' })
  await verify(good)
  expect(checks).toHaveBeenCalledTimes(4)
  // One character more or less is another token.
  await expect(verify(good.slice(0, -1))).rejects.toMatchObject({ code: 'invalid_token' })
  await expect(verify(`${good}A`)).rejects.toMatchObject({ code: 'invalid_token' })
})

test('a key that the identity provider has taken back counts for no longer than its keys are kept', async () => {
  const provider = await startIdentityProvider()
  const verify = tokenVerifier({ ...settings, jwtSecret: undefined, jwksUrl: provider.jwksUrl })!
  holdClocks()
  const token = await provider.sign({ sub: 'ada', role: 'admin', exp: now() + 3_600 })
  await verify(token)
  provider.takeBack()
  // Ten minutes jose keeps keys, and one the token is remembered.
  jest.advanceTimersByTime(11 * 60_000)
  await expect(verify(token)).rejects.toMatchObject({ code: 'invalid_token' })
  await provider.stop()
})

test('as many tokens are remembered as there is room for: the last', async () => {
  const verify = tokenVerifier(settings)!
  const first = await sign({ sub: 'first' })
  await verify(first)
  for (let nth = 0; nth < 5_000; nth++) await verify(await sign({ sub: `n${nth}` }))
  checks.mockClear()
  await verify(first)
  expect(checks).toHaveBeenCalledTimes(1)
})
