import { consoleUrl, type OidcConfig } from './config'
import { signInWith } from './session'

let provider: OidcConfig | undefined
let failure: Error | undefined

export const identityProvider = () => provider

/** Why signing in there has failed, if it has. */
export const signInFailure = () => failure

/** Notes which identity provider there is, and takes its answer if that is what has opened the page. */
export async function setIdentityProvider(config: OidcConfig | undefined): Promise<void> {
  provider = config
  if (!config || location.pathname !== new URL('signed-in', consoleUrl).pathname) return
  const { returnSignedIn } = await import('./oidc')
  await returnSignedIn(config, ({ accessToken, refreshToken }) =>
    signInWith(accessToken, refreshToken),
  ).catch((error: unknown) => (failure = error as Error))
}
