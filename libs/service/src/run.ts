import { existsSync } from 'node:fs'
import { ConfigError, parseConfig, type Config, type Definition } from '@ordinal/config'
import type { Service } from './service'

const exitCodes = { fault: 1, badConfiguration: 78 } // sysexits.h: EX_CONFIG

/** What a service's process does with its configuration. */
interface Steps<C> {
  /** Brings the database to the schema of this build. */
  migrate(config: C): Promise<unknown>
  /** Wires the service; its database is migrated. */
  create(config: C): Service
}

/**
 * The life of a service's process: reads `.env` and the environment, starts the service, and stops it at
 * SIGTERM, SIGINT, or when the process that started it goes away. A second signal ends it at once. What stands
 * in the way of a start is told in plain lines on standard error; `--check-config` only checks, `--migrate` only
 * migrates the database.
 *
 * @param host the process; the one place where a library touches it
 */
export async function runService<D extends Definition>(
  host: NodeJS.Process,
  definition: D,
  { create, migrate }: Steps<Config<D>>,
): Promise<void> {
  const fail = (code: number, message: string) => {
    host.stderr.write(`${message}\n`)
    host.exit(code)
  }

  try {
    if (existsSync('.env')) host.loadEnvFile()
    const config = parseConfig(definition, host.env)
    if (host.argv.includes('--check-config')) {
      host.stdout.write('The configuration is valid.\n')
      return
    }
    await migrate(config)
    if (host.argv.includes('--migrate')) {
      host.stdout.write('The database has the schema of this build.\n')
      return
    }
    const service = create(config)
    stopWithProcess(host, service)
    await service.start()
  } catch (error) {
    if (error instanceof ConfigError) return fail(exitCodes.badConfiguration, error.message)
    fail(exitCodes.fault, `The service cannot start: ${startFault(error, definition)}`)
  }
}

function stopWithProcess(host: NodeJS.Process, service: Service): void {
  let signals = 0
  const stop = () => {
    signals += 1
    if (signals > 1) return host.exit(exitCodes.fault)
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
  if (host.channel) host.on('disconnect', stop)
}

function startFault(error: unknown, definition: Definition): string {
  const { code, port, message } = error as NodeJS.ErrnoException & { port?: number }
  if (code === 'EADDRINUSE') {
    const variable = Object.values(definition.variables).find(({ name }) => name.endsWith('_PORT'))
    return `port ${port} is taken by another program: stop it, or set ${variable?.name} to a free port`
  }
  return error instanceof Error ? message : String(error)
}
