import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { findEmbeddedPostgres } from '@ordinal/embedded-postgres'
import { readSecrets } from './passwords'
import { fail } from './progress'
import { variablesOf } from './service-list'
import { defineServices, type Secrets } from './services'
import type { Settings } from './settings'

/**
 * Runs the program of a service once, for one of its commands: on the database that the environment names, else on
 * that of the stack, which must run. Gives the exit code.
 */
export async function runOnce(settings: Settings, name: string, args: string[]): Promise<number> {
  const own = await environmentFor(settings, name)
  if (!own) {
    const variable = `${variablesOf(name)}_DATABASE_URL`
    fail(new Error(`There is no database to ask: start the stack with "make run", or set ${variable}`))
    return 1
  }
  const { environment, folders, root } = settings
  const program = spawn(process.execPath, [join(folders.bundles, name, 'main.js'), ...args], {
    cwd: root,
    env: { ...environment, ...own },
    stdio: 'inherit',
  })
  const [code] = (await once(program, 'exit')) as [number | null]
  return code ?? 1
}

async function environmentFor(settings: Settings, name: string): Promise<Record<string, string> | undefined> {
  const { environment, folders } = settings
  const prefix = variablesOf(name)
  if (environment[`${prefix}_DATABASE_URL`] || environment[`${prefix}_DB_HOST`]) return {}
  const postgres = await findEmbeddedPostgres(folders.postgres)
  if (!postgres) return undefined
  // Whoever started the stack has made them all.
  const secrets = (await readSecrets(folders.secrets)) as Secrets
  return defineServices(settings, postgres, secrets).find((service) => service.name === name)?.environment
}
