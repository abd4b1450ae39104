// An identity provider for the tests of the console, in a process of its own: its library is an ES module. It asks the person for
// a name, and puts the role of that name into the tokens.
import { Provider } from 'oidc-provider'

const [, , url, redirectUri, tokenSeconds] = process.argv
const audience = 'https://numbers.example.com'

const provider = new Provider(url, {
  clients: [
    {
      client_id: 'ordinal-console',
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      redirect_uris: [redirectUri],
    },
  ],
  // The console comes from another origin.
  clientBasedCORS: (_context, origin) => origin === new URL(redirectUri).origin,
  pkce: { required: () => true },
  scopes: ['openid', 'offline_access'],
  cookies: { keys: ['a-key-of-the-tests'] },
  ttl: { AccessToken: Number(tokenSeconds), Session: 3600, Grant: 3600, RefreshToken: 3600 },
  features: {
    devInteractions: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: () => ({
        scope: 'openid',
        audience,
        accessTokenFormat: 'jwt',
        accessTokenTTL: Number(tokenSeconds),
        jwt: { sign: { alg: 'RS256' } },
      }),
      useGrantedResource: () => true,
    },
  },
  extraTokenClaims: (_context, { accountId }) => ({ realm_access: { roles: [`numbers-${accountId}`] } }),
  rotateRefreshToken: true,
  findAccount: (_context, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
})

const { hostname, port } = new URL(url)
provider.listen(Number(port), hostname, () => process.stdout.write('ready\n'))
