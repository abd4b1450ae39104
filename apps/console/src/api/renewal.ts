import { identityProvider } from './identity-provider'
import { currentSession, goOnWith, keepRefreshToken, refreshToken } from './session'

// Before it ends: a request takes its time, and clocks differ.
const aheadMs = 30_000
let underWay: Promise<void> | undefined

/**
 * The token for the next request, renewed if it is about to end and the provider allows it. Asked for by all requests of the
 * page, it is renewed once for all.
 */
export async function freshSecret(): Promise<string> {
  const session = currentSession()
  const isEnding = session?.expiresAt && session.expiresAt.getTime() - Date.now() < aheadMs
  if (isEnding && refreshToken() !== null) {
    underWay ??= renewSession().finally(() => (underWay = undefined))
    await underWay
  }
  return currentSession()?.secret ?? ''
}

/** What a request to a service carries besides those of the client: as the client does, with a token that is valid. */
export async function authorizationHeaders(): Promise<Record<string, string>> {
  const secret = await freshSecret()
  if (secret === '') return {}
  return currentSession()?.kind === 'key' ? { 'X-API-Key': secret } : { Authorization: `Bearer ${secret}` }
}

async function renewSession(): Promise<void> {
  const token = refreshToken()
  const provider = identityProvider()
  if (token === null || !provider) return
  const { isRefusal, renew } = await import('./oidc')
  try {
    const grant = await renew(provider, token)
    // Whoever signed out meanwhile stays signed out.
    if (refreshToken() === token) goOnWith(grant.accessToken, grant.refreshToken)
  } catch (error) {
    // Then the page says that the token has ended, and offers to sign in again. Where no answer came, the next request asks.
    if (isRefusal(error) && refreshToken() === token) keepRefreshToken(undefined)
  }
}
