import { existsSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Client } from 'pg'
import type { Repository } from './stack'

/** Runs one statement on a connection of its own, and gives its rows. */
export async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client(url)
  client.on('error', () => {})
  await client.connect()
  const { rows } = await client.query<Record<string, unknown>>(sql).finally(() => client.end())
  return rows
}

/** The URL that the stack has printed for the superuser, with the password that is in the file it names. */
export function postgresUrl(output: string): string {
  const url = new URL(/postgresql:\S+/.exec(output)![0])
  url.password = readFileSync(/its password: (\S+)/.exec(output)![1]!, 'utf8')
  return url.href
}

/** The URL that a fake service has been given, and may log in with. */
export async function databaseUrl(
  repository: Repository,
  service: string,
  variable: string,
): Promise<string> {
  const environment = await repository.get<Record<string, string>>(service, '/environment')
  return environment[variable]!
}

const postmasterPidFile = ({ root }: Repository) => join(root, '.data/postgres/cluster/postmaster.pid')

export async function postmasterPid(repository: Repository): Promise<number> {
  return Number.parseInt(await readFile(postmasterPidFile(repository), 'utf8'))
}

/** Whether anything of the stack still runs: its PostgreSQL, or a service. */
export async function anythingRuns(repository: Repository): Promise<boolean> {
  const ports = Object.values(repository.ports)
  const answers = await Promise.all(
    ports.map((port) =>
      fetch(`http://127.0.0.1:${port}/health/ready`).then(
        () => true,
        () => false,
      ),
    ),
  )
  return answers.includes(true) || existsSync(postmasterPidFile(repository))
}

export async function eventually(holds: () => Promise<boolean>, withinMs = 60_000): Promise<void> {
  const deadline = Date.now() + withinMs
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`It does not hold after ${withinMs} ms: ${holds.toString()}`)
    await delay(50)
  }
}
