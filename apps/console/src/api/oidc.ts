import * as oauth from 'oauth4webapi'
import { consoleUrl, type OidcConfig } from './config'

// Loaded only by those who sign in so: OpenID Connect's authorization code flow with PKCE, for a client without a secret.

/** What a provider has given. */
export interface Grant {
  accessToken: string
  refreshToken: string | undefined
}

/** What has to be the same when the provider sends the person back. */
interface Pending {
  state: string
  nonce: string
  verifier: string
  /** Where the console was: signing in leads back there. */
  place: string
}

const pendingPlace = 'ordinal.signing-in'
const redirectUri = new URL('signed-in', consoleUrl).href

/** Goes to the provider. The page ends with it. */
export async function leaveToSignIn(config: OidcConfig): Promise<void> {
  const server = await discover(config)
  if (!server.authorization_endpoint) throw new TypeError(`${config.issuer} names no authorization_endpoint`)
  const verifier = oauth.generateRandomCodeVerifier()
  const pending: Pending = {
    state: oauth.generateRandomState(),
    nonce: oauth.generateRandomNonce(),
    verifier,
    place: location.href,
  }
  sessionStorage.setItem(pendingPlace, JSON.stringify(pending))
  const url = new URL(server.authorization_endpoint)
  const asked = {
    response_type: 'code',
    client_id: config.client_id,
    redirect_uri: redirectUri,
    scope: config.scopes,
    state: pending.state,
    nonce: pending.nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...audienceOf(config),
    // Without it providers give no refresh token for offline_access (OpenID Connect Core, 11).
    ...(config.scopes.split(' ').includes('offline_access') && { prompt: 'consent' }),
  }
  for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value)
  location.assign(url)
}

/**
 * Takes what the provider has sent back in the address, of which nothing is left in the history.
 *
 * @param done hears of the grant
 * @throws TypeError, or an error of oauth4webapi, if it is not what was asked for
 */
export async function returnSignedIn(config: OidcConfig, done: (grant: Grant) => void): Promise<void> {
  const answer = new URL(location.href)
  const kept = sessionStorage.getItem(pendingPlace)
  sessionStorage.removeItem(pendingPlace)
  const pending = kept === null ? undefined : (JSON.parse(kept) as Pending)
  const back = pending && new URL(pending.place)
  history.replaceState(null, '', back?.href.startsWith(consoleUrl.href) ? back : consoleUrl)
  // The page was opened by its address alone.
  if (!pending) return
  const server = await discover(config)
  const client = clientOf(config)
  const parameters = oauth.validateAuthResponse(server, client, answer, pending.state)
  const response = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    oauth.None(),
    parameters,
    redirectUri,
    pending.verifier,
    { ...insecure(config), additionalParameters: audienceOf(config) },
  )
  const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, {
    expectedNonce: pending.nonce,
    requireIdToken: true,
  })
  done(grantOf(tokens))
}

/** @throws oauth.ResponseBodyError where the provider wants the person to sign in again; TypeError where it does not answer */
export async function renew(config: OidcConfig, refreshToken: string): Promise<Grant> {
  const server = await discover(config)
  const client = clientOf(config)
  const response = await oauth.refreshTokenGrantRequest(server, client, oauth.None(), refreshToken, {
    ...insecure(config),
    additionalParameters: audienceOf(config),
  })
  const grant = grantOf(await oauth.processRefreshTokenResponse(server, client, response))
  // A provider that does not rotate them sends none.
  return { ...grant, refreshToken: grant.refreshToken ?? refreshToken }
}

/** Whether the provider has said no, rather than nothing. */
export const isRefusal = (error: unknown): boolean => error instanceof oauth.ResponseBodyError

let known: Promise<oauth.AuthorizationServer> | undefined

function discover(config: OidcConfig): Promise<oauth.AuthorizationServer> {
  const issuer = new URL(config.issuer)
  known ??= oauth
    .discoveryRequest(issuer, insecure(config))
    .then((response) => oauth.processDiscoveryResponse(issuer, response))
    .catch((error: unknown) => {
      known = undefined
      throw error
    })
  return known
}

const clientOf = ({ client_id }: OidcConfig): oauth.Client => ({ client_id })

/** A provider on this machine may be http://; the sequencer refuses one in production. */
const insecure = ({ issuer }: OidcConfig) => ({ [oauth.allowInsecureRequests]: issuer.startsWith('http:') })

/** Named in both ways that there are: RFC 8707, and that of Auth0. */
const audienceOf = ({ audience }: OidcConfig): Record<string, string> =>
  audience === undefined ? {} : { resource: audience, audience }

function grantOf({ access_token, refresh_token }: oauth.TokenEndpointResponse): Grant {
  // The services check a token by its signature: one without parts is only for the provider itself.
  if (access_token.split('.').length !== 3)
    throw new TypeError(
      'The provider gave an access token that is no JWT, which the services cannot check: see docs/console.md',
    )
  return { accessToken: access_token, refreshToken: refresh_token }
}
