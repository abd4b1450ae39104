import { execFileSync, spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { listedServices } from '@ordinal/local-stack'
import { root } from '../src/chart'
import { prefixOf, variablesOf } from '../src/configuration'
import { yaml } from '../src/programs'
import { withPrograms } from '../src/with-programs'

interface Container {
  image: string
  environment?: Record<string, unknown>
  secrets?: (string | { source: string; target: string })[]
  ports?: string[]
  networks?: string[]
  volumes?: string[]
  command?: string[]
  restart?: string
  healthcheck?: { test?: string[]; disable?: boolean }
  stop_grace_period?: string
  mem_limit?: string
  cpus?: number
  pids_limit?: number
  read_only?: boolean
  cap_drop?: string[]
  security_opt?: string[]
  depends_on?: Record<string, { condition: string }>
}
interface Compose {
  services: Record<string, Container>
  networks: Record<string, { internal?: boolean } | null>
  secrets: Record<string, { file: string }>
}

const file = join(root, 'docker-compose.prod.yml')
const folder = join(root, 'deploy/production')
const oidcVariables = ['ISSUER', 'CLIENT_ID', 'SCOPES', 'AUDIENCE', 'ORIGINS'].map(
  (name) => `SEQUENCER_CONSOLE_OIDC_${name}`,
)
const sourceOf = (secret: string | { source: string }) =>
  typeof secret === 'string' ? secret : secret.source

withPrograms('docker-compose.prod.yml', () => {
  let compose: Compose
  let containers: [string, Container][]
  beforeAll(() => {
    compose = yaml().parse(readFileSync(file, 'utf8'), { merge: true }) as Compose
    containers = Object.entries(compose.services)
  })
  /** The containers that run a service, by its name. */
  const instancesOf = (service: string) =>
    containers.filter(([name]) => new RegExp(`^${service}-\\d$`).test(name))

  test('publishes one port, that of HAProxy', () => {
    const published = containers.filter(([, { ports }]) => ports)
    expect(published.map(([name, { ports }]) => [name, ports])).toEqual([
      ['haproxy', ['${PUBLISH:-443}:8443']],
    ])
  })

  test('databases, PgBouncer and Redis have no way out, and nobody but HAProxy and webhooks has', () => {
    expect(compose.networks.inside).toEqual({ internal: true })
    const outside = containers
      .filter(([, { networks }]) => networks?.includes('outside'))
      .map(([name]) => name)
    expect(outside.sort()).toEqual(['haproxy', 'migrate-order-service', 'order-service-1', 'order-service-2'])
    for (const [, { networks }] of containers) expect(networks).toContain('inside')
  })

  test('what .env.prod says of signing in and of the kept checkpoint reaches the sequencers, with a folder for it', () => {
    const passed = ['SEQUENCER_KEPT_CHECKPOINT', ...oidcVariables].map((name) => [name, null])
    for (const [, { environment, volumes }] of instancesOf('sequencer')) {
      expect(environment).toMatchObject(Object.fromEntries(passed))
      expect(volumes).toEqual(['${CHECKPOINTS:-./checkpoints}:/checkpoints'])
    }
  })

  test('each container is hardened and bounded, and says whether it is well', () => {
    for (const [name, container] of containers) {
      expect([name, container]).toEqual([
        name,
        expect.objectContaining({
          read_only: true,
          cap_drop: ['ALL'],
          security_opt: ['no-new-privileges:true'],
          mem_limit: expect.any(String),
          cpus: expect.any(Number),
          pids_limit: expect.any(Number),
        }),
      ])
      const { restart, healthcheck, command } = container
      const isService = listedServices.some((entry) => instancesOf(entry.name).some(([own]) => own === name))
      if (command?.includes('--migrate')) expect([restart, healthcheck]).toEqual(['no', { disable: true }])
      // The image of a service has its own.
      else
        expect([name, restart, isService || healthcheck?.test !== undefined]).toEqual([
          name,
          'unless-stopped',
          true,
        ])
    }
  })

  describe.each(listedServices.map(({ name }) => name))('%s', (service) => {
    test('runs twice, with variables that it has', () => {
      const instances = instancesOf(service)
      expect(instances).toHaveLength(2)
      const known = variablesOf(service).flatMap(({ name, secret }) =>
        secret ? [name, `${name}_FILE`] : [name],
      )
      for (const [, { environment = {} }] of instances)
        expect(Object.keys(environment).filter((name) => !known.includes(name))).toEqual([])
    })

    test('gets its secrets as files, of which each is mounted', () => {
      const secrets = variablesOf(service).filter(({ secret }) => secret)
      for (const [, { environment = {}, secrets: mounted = [] }] of instancesOf(service)) {
        const inClear = secrets.filter(({ name }) => name !== 'REDIS_URL' && environment[name] !== undefined)
        expect(inClear.map(({ name }) => name)).toEqual([])
        const files = Object.entries(environment)
          .filter(([name]) => secrets.some((secret) => name === `${secret.name}_FILE`))
          .map(([, path]) => String(path).replace('/run/secrets/', ''))
        expect(files.sort()).toEqual(mounted.map(sourceOf).sort())
      }
    })

    test('is stopped no sooner than its drain and its requests have ended', () => {
      for (const [, { environment = {}, stop_grace_period: grace = '10s' }] of instancesOf(service)) {
        const { SHUTDOWN_DRAIN_MS: drainMs, SHUTDOWN_TIMEOUT: seconds } = environment
        expect(Number.parseInt(grace)).toBeGreaterThan(Number(drainMs) / 1000 + Number(seconds) + 3)
      }
    })

    test('has not the role of its migrations, which run before it and by themselves', () => {
      const owner = `${prefixOf(service)}_MIGRATION_DATABASE_URL_FILE`
      for (const [, { environment = {}, depends_on: before }] of instancesOf(service)) {
        expect(environment).not.toHaveProperty(owner)
        expect(before?.[`migrate-${service}`]).toEqual({ condition: 'service_completed_successfully' })
      }
      const migration = compose.services[`migrate-${service}`]!
      expect(migration.environment).toHaveProperty(owner)
      expect(migration.secrets).toContain(String(migration.environment![owner]).replace('/run/secrets/', ''))
    })
  })

  test('the secrets are those that the script makes, and the certificate', () => {
    const copy = mkdtempSync(join(tmpdir(), 'ordinal-secrets-'))
    try {
      mkdirSync(join(copy, 'deploy'))
      cpSync(folder, join(copy, 'deploy/production'), { recursive: true })
      const make = () =>
        execFileSync(join(copy, 'deploy/production/secrets.sh'), ['numbers.example.com'], {
          encoding: 'utf8',
        })
      expect(make()).toContain('Missing: secrets/certificate.pem')
      const made = readdirSync(join(copy, 'secrets'))
      const declared = Object.values(compose.secrets).map(({ file: path }) => path.replace('secrets/', ''))
      expect([...made, 'certificate.pem'].sort()).toEqual(declared.sort())
      expect(readFileSync(join(copy, '.env.prod'), 'utf8')).toBe(
        'NUMBERS_HOST=numbers.example.com\nUSERS_HOST=users.example.com\nORDERS_HOST=orders.example.com\n',
      )
      // Secrets that are there stay.
      const before = readFileSync(join(copy, 'secrets/jwt_secret'), 'utf8')
      writeFileSync(join(copy, 'secrets/certificate.pem'), 'a certificate')
      expect(make()).toBe('')
      expect(readFileSync(join(copy, 'secrets/jwt_secret'), 'utf8')).toBe(before)
      // With them the services' configuration is valid.
      for (const { name } of listedServices) expect(checkConfiguration(name, join(copy, 'secrets'))).toBe('')
    } finally {
      rmSync(copy, { recursive: true })
    }
  })

  test('orders may get their numbers from another sequence, which the key of the order service is then made for', () => {
    const copy = mkdtempSync(join(tmpdir(), 'ordinal-sequence-'))
    try {
      mkdirSync(join(copy, 'deploy'))
      cpSync(folder, join(copy, 'deploy/production'), { recursive: true })
      execFileSync(join(copy, 'deploy/production/secrets.sh'), ['numbers.example.com'], {
        env: { PATH: process.env.PATH, ORDER_SERVICE_SEQUENCE: 'RE' },
      })
      expect(readFileSync(join(copy, 'secrets/api_keys'), 'utf8')).toContain('+numbers:issue:RE+')
      expect(readFileSync(join(copy, '.env.prod'), 'utf8')).toContain('\nORDER_SERVICE_SEQUENCE=RE\n')
    } finally {
      rmSync(copy, { recursive: true })
    }
    for (const [, { environment }] of instancesOf('order-service'))
      expect(environment).toMatchObject({ ORDER_SERVICE_SEQUENCE: null })
  })

  /** What a service says against its configuration in the container; nothing if it is valid. */
  function checkConfiguration(service: string, secrets: string): string {
    const [, { environment = {} }] = instancesOf(service)[0]!
    const names: Record<string, string> = {
      NUMBERS_HOST: 'numbers.example.com',
      USERS_HOST: 'users.example.com',
      ORDERS_HOST: 'orders.example.com',
    }
    const env = Object.fromEntries(
      // Without a value: as .env.prod has it, or not at all.
      Object.entries(environment)
        .filter(([, value]) => value !== null)
        .map(([name, value]) => [
          name,
          String(value)
            .replaceAll(/\$\{(\w+)(?::-)?\}/g, (_, variable: string) => names[variable] ?? '')
            .replace('/run/secrets', secrets),
        ]),
    )
    const bundle = join(root, 'dist/apps', service, 'main.js')
    const { status, stderr } = spawnSync(process.execPath, [bundle, '--check-config'], {
      env,
      encoding: 'utf8',
    })
    return status === 0 ? '' : stderr
  }

  test('control: a secret that is missing is found', () => {
    expect(checkConfiguration('sequencer', '/nowhere')).toContain('JWT_SECRET_FILE')
  })

  test('HAProxy has all that its configuration asks for, and the files that containers mount are there', () => {
    const asked = [...readFileSync(join(folder, 'haproxy.cfg'), 'utf8').matchAll(/\$\{(\w+)\}/g)].map(
      ([, name]) => name,
    )
    const { environment = {} } = compose.services.haproxy!
    expect([...new Set(asked)].sort()).toEqual(Object.keys(environment).sort())
    const addresses = Object.entries(environment).filter(([name]) => /_[12](_GRPC)?$/.test(name))
    for (const [, address] of addresses)
      expect(compose.services).toHaveProperty(String(address).split(':')[0]!)
    for (const name of ['postgres.sh', 'backup.sh', 'init-database.sql', 'pgbouncer.ini'])
      expect(existsSync(join(folder, name))).toBe(true)
  })
})
