import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT, type JWTPayload } from 'jose'

/** An identity provider of its own: it signs tokens, and gives its public keys at an address. */
export async function startIdentityProvider() {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true })
  const jwk = { ...(await exportJWK(publicKey)), kid: 'key-1', alg: 'RS256', use: 'sig' }
  let requests = 0
  let kid = 'key-1'
  const server: Server = createServer((_req, res) => {
    requests += 1
    res.setHeader('Content-Type', 'application/json').end(JSON.stringify({ keys: [{ ...jwk, kid }] }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const { port } = server.address() as AddressInfo
  return {
    jwksUrl: `http://127.0.0.1:${port}/jwks.json`,
    publicKey,
    requests: () => requests,
    /** From now on it has another key. */
    takeBack: () => void (kid = 'key-2'),
    sign: (claims: JWTPayload, header: Record<string, unknown> = {}) =>
      new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'key-1', ...header }).sign(privateKey),
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(resolve)
      }),
  }
}
