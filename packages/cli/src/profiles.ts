import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Addresses } from '@ordinal/client'
import { services, urlVariableOf } from './services'

/** Where one installation is, and who calls it. */
export interface Profile extends Addresses {
  token?: string
  apiKey?: string
}

/** What `make run` starts. */
const local: Profile = Object.fromEntries(
  services.map(({ client, port }) => [client, `http://localhost:${port}`]),
)

type Environment = Readonly<Record<string, string | undefined>>

/** The file with the profiles: below XDG_CONFIG_HOME, or ~/.config. */
export const profilesFile = (env: Environment): string =>
  join(env.XDG_CONFIG_HOME ?? join(env.HOME ?? env.USERPROFILE ?? '.', '.config'), 'ordinal', 'profiles.json')

/** The profiles in a file, by their names; none without the file. */
export function readProfiles(file: string): Record<string, Profile> {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw error
  }
  try {
    return JSON.parse(text) as Record<string, Profile>
  } catch {
    throw new Error(`${file} is not JSON: correct it, or delete it`)
  }
}

/** Writes them so that only the user can read them: they may have a token. */
export function writeProfiles(file: string, profiles: Record<string, Profile>): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  // Its mode is set only where the file is new.
  if (existsSync(file)) chmodSync(file, 0o600)
  writeFileSync(file, `${JSON.stringify(profiles, null, 2)}\n`, { mode: 0o600 })
}

/**
 * The installation to use: the profile that is named, else the one called `default`, else the local stack. Variables override
 * it.
 *
 * @throws Error where there is no such profile
 */
export function profileFor(name: string | undefined, env: Environment): Profile {
  const profiles = readProfiles(profilesFile(env))
  const meant = name ?? 'default'
  const found = Object.hasOwn(profiles, meant) ? profiles[meant] : undefined
  if (name !== undefined && !found)
    throw new Error(
      `There is no profile "${name}". There ${Object.keys(profiles).length === 0 ? 'is none' : `are: ${Object.keys(profiles).join(', ')}`}`,
    )
  const fromEnvironment: Profile = {
    ...Object.fromEntries(services.map((service) => [service.client, env[urlVariableOf(service)]])),
    token: env.ORDINAL_TOKEN,
    apiKey: env.ORDINAL_API_KEY,
  }
  const set = Object.entries(fromEnvironment).filter(([, value]) => value)
  return { ...(found ?? local), ...(Object.fromEntries(set) as Profile) }
}
