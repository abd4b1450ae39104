import { resolve } from 'node:path'
import { databases, prepareDatabases, roles } from './databases'
import { withCertificates } from './certificates'
import { catchInterruption, interrupted } from './interruption'
import { keepSecrets, newSecret, newSigningKey } from './passwords'
import { requireFreePorts } from './ports'
import { startOwnPostgres } from './postgres'
import { makePrivate } from './private-folder'
import { fail, step, warn } from './progress'
import { launchService, type ServiceProcess } from './service-process'
import { defineServices, isClosed, type Secrets } from './services'
import { readSettings } from './settings'
import { runOnce } from './run-once'
import { summarize } from './summary'
import { printToken, tokensOfRoles } from './token'

/** The bundle is dist/tools/local-stack/main.js. */
const root = resolve(__dirname, '../../..')

/** PostgreSQL, which comes first, or a service. */
interface Part {
  stop(): Promise<void>
}

async function start(parts: Part[], interruption: AbortSignal): Promise<void> {
  const read = readSettings(root)
  const { folders, postgresPort } = read

  const servicePorts = read.services.flatMap(({ port, grpcPort, debugPort }) =>
    grpcPort ? [port, grpcPort, debugPort] : [port, debugPort],
  )
  makePrivate(folders.data)
  const { environment, authority } = await withCertificates(read.environment, folders.certificates)
  const settings = { ...read, environment }
  // First of all, as it holds the lock that tells a stack in this folder from another program on its ports.
  const starting = startOwnPostgres(folders.postgres, postgresPort, servicePorts, warn)
  const postgres = await step(starting, ({ port, adopted }) =>
    adopted ? `PostgreSQL still runs, on port ${port}` : `PostgreSQL on port ${port}`,
  )
  parts.push(postgres)
  await requireFreePorts(servicePorts)

  const passwords = Object.fromEntries(roles.map((role) => [role, newSecret]))
  const secrets: Secrets = await keepSecrets(folders.secrets, {
    ...passwords,
    tokens: newSecret,
    signing: newSigningKey,
  })
  await step(prepareDatabases(postgres.adminUrl, secrets), () => `databases ${databases.join(', ')}`)

  interruption.throwIfAborted()
  const definitions = defineServices(settings, postgres, secrets)
  const services = definitions.map((definition) => {
    const service = launchService(definition, settings, warn)
    parts.push(service)
    return { ...definition, service }
  })
  await Promise.all(
    services.map(({ name, port, service }) =>
      step(service.ready(interruption), () => `${name} on port ${port}`),
    ),
  )

  reloadWhenTold(services)
  const closed = isClosed(environment)
  const tokens = closed ? await tokensOfRoles(environment, secrets) : []
  console.log(
    summarize({ services: definitions, postgres, logFolder: folders.logs, authority, closed, tokens }),
  )
}

/** Whoever started us with a channel, as `make dev` does, says which services have new bundles. */
function reloadWhenTold(services: { name: string; service: ServiceProcess }[]): void {
  // For each service one after the other: a file may be saved while it starts.
  const reloads = new Map<string, Promise<void>>()
  process.on('message', ({ reload }: { reload: string }) => {
    const told = services.find(({ name }) => name === reload)
    if (!told) return
    const reloadNow = () => step(told.service.reload(), () => `${reload} with what was saved`)
    reloads.set(
      reload,
      (reloads.get(reload) ?? Promise.resolve()).then(reloadNow).then(() => {}, fail),
    )
  })
}

async function stop([postgres, ...services]: Part[]): Promise<void> {
  await Promise.all(services.map((service) => service.stop()))
  await postgres?.stop()
}

async function main(): Promise<number> {
  const interruption = catchInterruption()
  const parts: Part[] = []
  try {
    await start(parts, interruption)
    await interrupted(interruption)
  } catch (error) {
    if (!interruption.aborted) {
      await stop(parts)
      fail(error as Error)
      return 1
    }
  }
  await step(stop(parts), () => 'services and PostgreSQL stopped')
  return 0
}

/** Does what the arguments ask for; gives the exit code. An error is printed as one line, without its stack. */
async function work(): Promise<number> {
  const [command, name = '', ...args] = process.argv.slice(2)
  try {
    if (command === '--token') return await printToken(readSettings(root), name, args[0])
    if (command === '--once') return await runOnce(readSettings(root), name, args)
    return await main()
  } catch (error) {
    fail(error as Error)
    return 1
  }
}

void work().then((exitCode) => process.exit(exitCode))
