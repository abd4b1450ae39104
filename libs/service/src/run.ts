import { once } from 'node:events'
import {
  ConfigError,
  describeConfig,
  loadEnvFile,
  parseConfig,
  type Config,
  type Definition,
} from '@ordinal/config'
import type { AccessTable } from '@ordinal/http'
import type { Service } from './service'

const exitCodes = { fault: 1, badUsage: 64, badConfiguration: 78 } // sysexits.h: EX_USAGE, EX_CONFIG

const flags = {
  '--check-config': 'check the configuration',
  '--describe-config': 'print the variables of the configuration as JSON',
  '--describe-access': 'print who may do what as JSON',
  '--describe-api': 'print the OpenAPI document',
  '--migrate': 'bring the database to the schema of this build',
  '--help': 'print this',
}

/** What a service can do once, instead of serving. */
interface Command<C> {
  /** One line for people. */
  description: string
  /** Returns the text to print, or yields it line by line if it may be large. */
  run: (config: C) => Promise<string> | AsyncIterable<string>
}

/** What a service's process does with its configuration. */
interface Steps<C> {
  /** Brings the database to the schema of this build. */
  migrate: (config: C) => Promise<unknown>
  /** Wires the service; its database is migrated. */
  create: (config: C) => Service
  /** Who may do what, for the documentation. */
  access?: AccessTable
  /** By the flag that asks for it. */
  commands?: Record<string, Command<C>>
}

/**
 * The life of a service's process: reads `.env` and the environment, starts the service, and stops it at
 * SIGTERM, SIGINT, or when the process that started it goes away. A second signal ends it at once. What stands
 * in the way of a start is printed in plain lines on standard error. A flag asks for one thing instead of serving:
 * those of every service are above, and a service may have commands of its own.
 *
 * @param host the process; the one place where a library touches it
 */
export async function runService<D extends Definition>(
  host: NodeJS.Process,
  definition: D,
  { create, migrate, access = {}, commands = {} }: Steps<Config<D>>,
): Promise<void> {
  const fail = (code: number, message: string) => {
    host.stderr.write(`${message}\n`)
    host.exit(code)
  }

  const unknown = host.argv.slice(2).find((argument) => !Object.hasOwn({ ...flags, ...commands }, argument))
  if (unknown !== undefined) return fail(exitCodes.badUsage, `${unknown} is not known.\n${usage(commands)}`)
  const command = Object.keys(commands).find((flag) => host.argv.includes(flag))
  if (host.argv.length > 2) endWithReader(host)
  let config: Config<D> | undefined
  try {
    if (host.argv.includes('--help')) {
      host.stdout.write(`${usage(commands)}\n`)
      return
    }
    if (host.argv.includes('--describe-config')) {
      host.stdout.write(`${JSON.stringify(describeConfig(definition))}\n`)
      return
    }
    if (host.argv.includes('--describe-access')) {
      host.stdout.write(`${JSON.stringify(access)}\n`)
      return
    }
    if (host.argv.includes('--describe-api')) {
      // Uses the defaults. What `create` opens would keep the process alive, so it exits after writing.
      const { openApi } = create(parseConfig(definition, {}, { serves: false }))
      host.stdout.write(`${JSON.stringify(openApi)}\n`, () => host.exit(0))
      return
    }
    loadEnvFile('.env', host.env)
    // Nobody calls a migration, or another thing that is done once.
    const serves = !command && !host.argv.includes('--migrate')
    config = parseConfig(definition, host.env, { serves })
    if (host.argv.includes('--check-config')) {
      host.stdout.write('The configuration is valid.\n')
      return
    }
    if (command) {
      await print(host, commands[command]!.run(config))
      return
    }
    const stopWithProcess = watchProcess(host)
    await migrate(config)
    if (host.argv.includes('--migrate')) {
      host.stdout.write('The database has the schema of this build.\n')
      return
    }
    const service = create(config)
    stopWithProcess(service)
    await service.start()
  } catch (error) {
    if (error instanceof ConfigError) return fail(exitCodes.badConfiguration, error.message)
    const failed = command ? `${command} failed` : 'The service cannot start'
    fail(exitCodes.fault, `${failed}: ${startFault(error, definition, config)}`)
  }
}

function usage(commands: Record<string, Pick<Command<never>, 'description'>>): string {
  const own = Object.entries(commands).map(([flag, { description }]) => [flag, description] as const)
  return [
    'Without an argument the service starts; its configuration comes from the environment. Or, instead:',
    ...[...Object.entries(flags), ...own].map(([flag, does]) => `  ${flag.padEnd(18)}${does}`),
  ].join('\n')
}

/** A reader that has gone, as of `| head`, is no fault. */
function endWithReader(host: NodeJS.Process): void {
  host.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') host.exit(0)
    throw error
  })
}

/** Reads no further ahead than the reader of standard output has come. */
async function print(host: NodeJS.Process, printed: Promise<string> | AsyncIterable<string>): Promise<void> {
  for await (const line of Symbol.asyncIterator in printed ? printed : [printed])
    if (!host.stdout.write(`${line}\n`)) await once(host.stdout, 'drain')
}

/**
 * Ends the process at a signal, or when the one that started it has gone.
 *
 * @returns takes the service, to be stopped first; until then, and at a second signal, the process ends at once
 */
function watchProcess(host: NodeJS.Process): (service: Service) => void {
  let service: Service | undefined
  let stopping = false
  const stop = () => {
    if (!service || stopping) return host.exit(exitCodes.fault)
    stopping = true
    service.stop().then(
      () => host.exit(0),
      (error: unknown) => {
        host.stderr.write(`${String(error)}\n`)
        host.exit(exitCodes.fault)
      },
    )
  }
  host.on('SIGTERM', stop)
  host.on('SIGINT', stop)
  // Started with an IPC channel (the local stack does): its end means that the parent has gone, even by kill -9.
  host.on('disconnect', stop)
  // To wait for that must not keep a process going that has done what it was started for.
  host.channel?.unref()
  return (created) => {
    service = created
  }
}

function startFault(
  error: unknown,
  { variables }: Definition,
  config: Readonly<Record<string, unknown>> = {},
): string {
  const { code, port, address, message } = error as NodeJS.ErrnoException & {
    port?: number
    address?: string
  }
  const namesOf = (ending: string, value: unknown) =>
    Object.entries(variables).flatMap(([key, { name }]) =>
      name.endsWith(ending) && config[key] === value ? [name] : [],
    )
  if (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT') {
    return `${address} is no address of this machine: set ${namesOf('_HOST', address).join(' or ')} to one that is`
  }
  const reason = code && portFaults[code]
  if (!reason) return error instanceof Error ? message : String(error)
  // That of the database is another machine's, most of the time.
  const names = namesOf('_PORT', port).filter((name) => !name.endsWith('_DB_PORT'))
  if (names.length > 1) return `${names.join(' and ')} are both ${port}: set one of them to a free port`
  return `port ${port} ${reason}, or set ${names[0]} to a free port`
}

const portFaults: Record<string, string | undefined> = {
  EADDRINUSE: 'is taken by another program: stop it',
  EACCES: 'is only for privileged programs: allow it to this one',
}
