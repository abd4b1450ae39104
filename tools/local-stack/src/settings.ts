import { join } from 'node:path'
import { loadEnvFile, readSecretFiles } from '@ordinal/config'
import { listedServices, variablesOf, type ListedService } from './service-list'

/** A port, and the variable that changes it. */
export interface PortSetting {
  variable: string
  port: number
}

/** A service, with the ports that it is to have. */
export interface ServiceSettings extends Omit<ListedService, 'port' | 'grpcPort' | 'debugPort'> {
  port: PortSetting
  grpcPort: PortSetting | undefined
  debugPort: PortSetting
}

/** The settings of the stack, with the folders it uses. */
export interface Settings {
  /** The folder of the repository. */
  root: string
  services: ServiceSettings[]
  postgresPort: PortSetting
  folders: {
    /** All of the stack's own. */
    data: string
    postgres: string
    /** The file that keeps what must not be known. */
    secrets: string
    logs: string
    /** What `TLS=1` makes. */
    certificates: string
    bundles: string
  }
  /** What the services inherit. */
  environment: NodeJS.ProcessEnv
}

/**
 * Reads the environment, and `.env` where there is one, for what the environment does not say.
 *
 * @throws Error that names the variable that holds no port, or a file of a secret that cannot be read.
 */
export function readSettings(root: string): Settings {
  loadEnvFile(join(root, '.env'), process.env)

  const data = join(root, '.data')
  return {
    root,
    services: listedServices.map(withPorts),
    // 0: the one it had last, or any that is free.
    postgresPort: readPort('LOCAL_POSTGRES_PORT', 0),
    folders: {
      data,
      postgres: join(data, 'postgres'),
      secrets: join(data, 'passwords.json'),
      logs: join(data, 'logs'),
      certificates: join(data, 'tls'),
      bundles: join(root, 'dist/apps'),
    },
    environment: readSecrets(),
  }
}

/** The environment with the contents of the files that hold secrets which the stack would make otherwise. */
function readSecrets(): NodeJS.ProcessEnv {
  const own = ['DATABASE_URL', 'MIGRATION_DATABASE_URL', 'API_KEY']
  const ofServices = listedServices.flatMap(({ name }) =>
    own.map((secret) => `${variablesOf(name)}_${secret}`),
  )
  const secrets = ['JWT_SECRET', 'API_KEYS', 'SEQUENCER_SIGNING_KEY', ...ofServices]
  const { env, faults } = readSecretFiles(secrets, process.env)
  if (faults.length > 0) throw new Error(faults.map(({ message }) => message).join('\n'))
  return env
}

function withPorts(service: ListedService): ServiceSettings {
  const { name, port, grpcPort, debugPort } = service
  const variables = variablesOf(name)
  return {
    ...service,
    port: readPort(`${variables}_PORT`, port),
    grpcPort: grpcPort === undefined ? undefined : readPort(`${variables}_GRPC_PORT`, grpcPort),
    debugPort: readPort(`${variables}_DEBUG_PORT`, debugPort),
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
