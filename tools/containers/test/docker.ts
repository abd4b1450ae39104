import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import list from '../../../services.json'

export const root = resolve(__dirname, '../../..')
/** A project of its own: the data of `make docker-up` is not ours to delete. */
export const project = 'ordinal-check'
export const services = list.map(({ name }) => name)
/** Of the calls of the check, which may do what an operator may. */
export const apiKey = 'the-key-of-the-check-of-the-containers'
const orderServiceKey = 'the-key-of-the-order-service-in-the-check'
const digestOf = (key: string) => createHash('sha256').update(key).digest('hex')
const keys = {
  ORDER_SERVICE_API_KEY: orderServiceKey,
  API_KEYS: `order-service:${digestOf(orderServiceKey)}:users:read+numbers:issue:ORD,check:${digestOf(apiKey)}`,
}

/** Runs a program in the repository, or another folder, gives what it prints, and fails with that if the program fails. */
export function run(
  program: string,
  args: string[],
  env: Record<string, string> = {},
  cwd = root,
): Promise<string> {
  const options = {
    cwd,
    // Run by another make, make prints "Entering directory …", and so into the token of `make token`.
    env: { ...process.env, MAKEFLAGS: '', MAKELEVEL: '', COMPOSE_PROJECT_NAME: project, ...keys, ...env },
    maxBuffer: 100 * 1024 * 1024,
  }
  return new Promise((resolve, reject) => {
    execFile(program, args, options, (error, stdout, stderr) => {
      if (error) reject(new Error(`${program} ${args.join(' ')}:\n${stdout}\n${stderr}`))
      else resolve(stdout.trim())
    })
  })
}

export const make = (target: string, env?: Record<string, string>) =>
  run('make', ['--no-print-directory', target], env)
export const docker = (...args: string[]) => run('docker', args)
export const compose = (...args: string[]) => docker('compose', ...args)

/** The name of a service's container. */
export const containerOf = (service: string) => `${project}-${service}-1`

/** What a container's own view of its first process says, by field. */
export async function statusOfFirstProcess(container: string): Promise<Record<string, string>> {
  const status = await docker('exec', container, 'cat', '/proc/1/status')
  return Object.fromEntries(status.split('\n').map((line) => line.split(/:\s+/) as [string, string]))
}

export async function inspect<T>(container: string, template: string): Promise<T> {
  return JSON.parse(await docker('inspect', '--format', `{{json ${template}}}`, container)) as T
}

/** The rows of a query as the superuser of a database container. */
export async function sql(database: 'user' | 'order' | 'sequencer', query: string): Promise<string[][]> {
  const psql = ['psql', '--username=postgres', `--dbname=${database}db`, '-AtX', '--command', query]
  const output = await docker('exec', containerOf(`${database}-db`), ...psql)
  return output ? output.split('\n').map((row) => row.split('|')) : []
}

/** Everything of the check that the engine still has. */
export async function leftovers(): Promise<string[]> {
  const ours = ['--quiet', '--filter', `label=com.docker.compose.project=${project}`]
  const found = await Promise.all([
    docker('ps', '--all', ...ours),
    docker('volume', 'ls', ...ours),
    docker('network', 'ls', ...ours),
    docker('image', 'ls', '--quiet', '--filter', 'label=ordinal=service'),
  ])
  return found.filter(Boolean)
}

/** Looks until something holds, and fails with what it saw last if that takes too long. */
export async function eventually<T>(look: () => Promise<T>, holds: (seen: T) => boolean, withinMs: number) {
  const deadline = Date.now() + withinMs
  for (;;) {
    const seen = await look()
    if (holds(seen)) return seen
    if (Date.now() > deadline)
      throw new Error(`not within ${withinMs} ms; last seen: ${JSON.stringify(seen)}`)
    await delay(200)
  }
}
