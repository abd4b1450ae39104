import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** A port, and the variable that changes it. */
export interface PortSetting {
  variable: string
  port: number
}

/** Everything that the stack is told, with the folders it uses. */
export interface Settings {
  /** The folder of the repository. */
  root: string
  ports: {
    userService: PortSetting
    orderService: PortSetting
    sequencer: PortSetting
    postgres: PortSetting
  }
  grpcPorts: {
    orderService: PortSetting
    sequencer: PortSetting
  }
  /** Of the services' debug listeners. */
  debugPorts: {
    userService: PortSetting
    orderService: PortSetting
    sequencer: PortSetting
  }
  folders: {
    /** All of the stack's own. */
    data: string
    postgres: string
    /** The file that keeps what must not be known. */
    secrets: string
    logs: string
    bundles: string
  }
  /** What the services inherit. */
  environment: NodeJS.ProcessEnv
}

/**
 * Reads the environment, and `.env` where there is one, for what the environment does not say.
 *
 * @throws Error that names the variable that holds no port.
 */
export function readSettings(root: string): Settings {
  const envFile = join(root, '.env')
  if (existsSync(envFile)) process.loadEnvFile(envFile)

  const data = join(root, '.data')
  return {
    root,
    ports: {
      userService: readPort('USER_SERVICE_PORT', 8081),
      orderService: readPort('ORDER_SERVICE_PORT', 8082),
      sequencer: readPort('SEQUENCER_PORT', 8083),
      // 0: the one it had last, or any that is free.
      postgres: readPort('LOCAL_POSTGRES_PORT', 0),
    },
    grpcPorts: {
      orderService: readPort('ORDER_SERVICE_GRPC_PORT', 50_052),
      sequencer: readPort('SEQUENCER_GRPC_PORT', 50_053),
    },
    debugPorts: {
      userService: readPort('USER_SERVICE_DEBUG_PORT', 6061),
      orderService: readPort('ORDER_SERVICE_DEBUG_PORT', 6062),
      sequencer: readPort('SEQUENCER_DEBUG_PORT', 6063),
    },
    folders: {
      data,
      postgres: join(data, 'postgres'),
      secrets: join(data, 'passwords.json'),
      logs: join(data, 'logs'),
      bundles: join(root, 'dist/apps'),
    },
    environment: process.env,
  }
}

function readPort(variable: string, standard: number): PortSetting {
  const text = process.env[variable] || String(standard)
  const port = Number(text)
  if (/^\d+$/.test(text) && port <= 65_535) return { variable, port }
  throw new Error(
    `${variable}=${text} is no port: give a number from 1 to 65535, as in ${variable}=${standard || 5432}`,
  )
}
