import { existsSync } from 'node:fs'
import path from 'node:path'
import type { StaticSite } from '@ordinal/http'
import type { Logger } from '@ordinal/logging'

interface ConsoleSettings {
  console: boolean
  consoleUsersUrl: string | undefined
  consoleOrdersUrl: string | undefined
}

/**
 * The console at `/dashboard`, with the addresses of the other services. The sequencer's is the origin of the page.
 *
 * @param programFolder where the bundle is, with the console beside it
 * @returns undefined where it is switched off, or was not built
 */
export function consoleSite(
  { console, consoleUsersUrl: users, consoleOrdersUrl: orders }: ConsoleSettings,
  programFolder: string,
  log: Logger,
): StaticSite | undefined {
  if (!console) return undefined
  const folder = path.join(programFolder, 'console')
  if (!existsSync(path.join(folder, 'index.html'))) {
    log.debug('no console is served: it is not beside the program', { folder })
    return undefined
  }
  return {
    path: '/dashboard',
    folder,
    config: { users, orders },
    callsOrigins: [users, orders].flatMap((url) => (url === undefined ? [] : [new URL(url).origin])),
  }
}
