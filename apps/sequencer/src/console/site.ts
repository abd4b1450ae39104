import { existsSync } from 'node:fs'
import path from 'node:path'
import type { StaticSite } from '@ordinal/http'
import type { Logger } from '@ordinal/logging'

interface ConsoleSettings {
  console: boolean
  consoleUsersUrl: string | undefined
  consoleOrdersUrl: string | undefined
  consoleOidcIssuer: string | undefined
  consoleOidcClientId: string | undefined
  consoleOidcScopes: string
  consoleOidcAudience: string | undefined
  consoleOidcOrigins: readonly string[]
  consoleTracesUrl: string | undefined
  jwtRolesClaim: string | undefined
  jwtRoleMap: readonly { name: string; role: string }[] | undefined
}

/**
 * The console at `/dashboard`, with the addresses of the other services, the identity provider and traces, and how a token names
 * roles. The sequencer's address is the origin of the page.
 *
 * @param programFolder where the bundle is, with the console beside it
 * @returns undefined where it is switched off, or was not built
 */
export function consoleSite(
  settings: ConsoleSettings,
  programFolder: string,
  log: Logger,
): StaticSite | undefined {
  if (!settings.console) return undefined
  const { consoleUsersUrl: users, consoleOrdersUrl: orders, consoleOidcIssuer: issuer } = settings
  const folder = path.join(programFolder, 'console')
  if (!existsSync(path.join(folder, 'index.html'))) {
    log.debug('no console is served: it is not beside the program', { folder })
    return undefined
  }
  return {
    path: '/dashboard',
    folder,
    config: {
      users,
      orders,
      oidc: signInAt(settings),
      roles: rolesIn(settings),
      traces: settings.consoleTracesUrl,
    },
    callsOrigins: [
      ...[users, orders, issuer].flatMap((url) => (url === undefined ? [] : [new URL(url).origin])),
      ...settings.consoleOidcOrigins,
    ],
  }
}

const signInAt = (settings: ConsoleSettings) =>
  settings.consoleOidcIssuer === undefined
    ? undefined
    : {
        issuer: settings.consoleOidcIssuer,
        client_id: settings.consoleOidcClientId,
        scopes: settings.consoleOidcScopes,
        audience: settings.consoleOidcAudience,
      }

/** Where a token has its roles, and what they are called there: undefined where that is as usual. */
const rolesIn = ({ jwtRolesClaim: claim, jwtRoleMap: map }: ConsoleSettings) =>
  claim === undefined && map === undefined ? undefined : { claim, map }
