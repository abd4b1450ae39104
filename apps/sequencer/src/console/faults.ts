import type { Fault } from '@ordinal/config'

interface SignInSettings {
  consoleOidcIssuer: string | undefined
  consoleOidcClientId: string | undefined
  nodeEnv: string | undefined
}

/** The faults of signing in to the console: both variables or none, and in production a provider that is reached by TLS. */
export function faultsOfConsole({
  consoleOidcIssuer: issuer,
  consoleOidcClientId: clientId,
  nodeEnv,
}: SignInSettings): Fault[] {
  const issuerVariable = 'SEQUENCER_CONSOLE_OIDC_ISSUER'
  const clientIdVariable = 'SEQUENCER_CONSOLE_OIDC_CLIENT_ID'
  if ((issuer === undefined) !== (clientId === undefined)) {
    const [missing, set] =
      issuer === undefined ? [issuerVariable, clientIdVariable] : [clientIdVariable, issuerVariable]
    return [{ variable: missing, message: `${missing} is not set: ${set} needs it` }]
  }
  if (nodeEnv === 'production' && issuer?.startsWith('http:')) {
    const message = `NODE_ENV is production and ${issuerVariable} is http://: whoever is on the way could sign in as anybody; use https://`
    return [{ variable: issuerVariable, message }]
  }
  return []
}
