import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { listedServices, prefixOf, root, serviceNames, type ListedService } from '../src/service'

const read = (file: string) => readFileSync(join(root, file), 'utf8')
const strong = randomBytes(20).toString('hex')

test.each(serviceNames)('%s does not start in production with any secret of .env.example', (service) => {
  const bundle = join(root, 'dist/apps', service, 'main.js')
  const described = JSON.parse(
    execFileSync(process.execPath, [bundle, '--describe-config'], { encoding: 'utf8' }),
  ) as { name: string; secret: boolean }[]
  const secrets = described.flatMap(({ name, secret }) => {
    const [, value] = new RegExp(`^#? ?${name}=(.*)$`, 'm').exec(read('.env.example')) ?? []
    return secret && value && name !== 'REDIS_URL'
      ? [[name, value.replaceAll(/^['"]|['"]$/g, '')] as const]
      : []
  })
  expect(secrets.length).toBeGreaterThanOrEqual(3)
  for (const [name, value] of secrets) {
    const { status, stderr } = spawnSync(process.execPath, [bundle, '--check-config'], {
      cwd: tmpdir(),
      encoding: 'utf8',
      env: {
        NODE_ENV: 'production',
        ALLOW_NO_AUTHENTICATION: 'true',
        [`${prefixOf(service)}_DB_PASSWORD`]: strong,
        [name]: value,
      },
    })
    expect([name, status, stderr]).toEqual([
      name,
      78,
      expect.stringContaining(`${name} is an example or a word that is guessed first`),
    ])
  }
})

test('the files of Compose have no secret at all', () => {
  for (const file of ['docker-compose.yml', 'docker-compose.external-databases.yml']) {
    const defaults = [...read(file).matchAll(/\$\{(\w*(?:PASSWORD|KEYS?|SECRET)):-([^}]+)\}/g)]
    // What stands there as it is, and is neither a variable nor an alias of one.
    const written = [
      ...read(file).matchAll(/^\s*\w*(?:PASSWORD|SECRET|KEYS?)\w*:[ \t]+(?!\*|(?:&[\w-]+ )?\$\{)\S.*$/gm),
    ]
    expect([...defaults, ...written].map(([text]) => text)).toEqual([])
  }
})

test('make docker-up makes the secrets that are missing, once, where nobody else reads them', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ordinal-secrets-'))
  const make = (env: Record<string, string> = {}) =>
    execFileSync(join(root, 'tools/containers/secrets.sh'), {
      cwd: folder,
      env: { PATH: process.env.PATH, ...env },
      encoding: 'utf8',
    })
  const file = join(folder, '.env')
  const followers = listedServices.filter(({ followsKeys }) => followsKeys).map(({ name }) => name)
  const said = make({ GRAFANA_PASSWORD: 'given' })
  const text = readFileSync(file, 'utf8')
  const values = Object.fromEntries(
    text
      .trim()
      .split('\n')
      .map((line) => line.split('=') as [string, string]),
  )
  expect(Object.keys(values)).toEqual([
    ...serviceNames.map((name) => `${prefixOf(name)}_DB_PASSWORD`),
    'LEDGER_OWNER_PASSWORD',
    'POSTGRES_PASSWORD',
    'JWT_SECRET',
    ...followers.map((name) => `${prefixOf(name)}_API_KEY`),
    'API_KEYS',
    'API_KEYS_URL',
  ])
  expect(new Set(Object.values(values)).size).toBe(Object.keys(values).length)
  expect(limitsIn(text)).toEqual(limitsOf(listedServices))
  for (const value of Object.values(values)) expect(said).not.toContain(value)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  make({ GRAFANA_PASSWORD: 'given' })
  expect(readFileSync(file, 'utf8')).toBe(text)

  rmSync(file)
  writeFileSync(file, 'API_KEYS=mine:00\nJWKS_URL=https://a\nPOSTGRES_PASSWORD=kept', { mode: 0o644 })
  make()
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const kept = readFileSync(file, 'utf8')
  expect(kept).toMatch(/^API_KEYS=mine:00\nJWKS_URL=https:\/\/a\nPOSTGRES_PASSWORD=kept\n/)
  expect(kept).not.toContain('JWT_SECRET')
  expect(kept).not.toContain('ORDER_SERVICE_API_KEY')

  // As an editor of Windows saves it, and as a shell reads it.
  writeFileSync(file, '\uFEFFAPI_KEYS="mine:00"\r\nexport POSTGRES_PASSWORD = kept\r\nGRAFANA_PASSWORD=\r\n')
  make()
  const ofWindows = readFileSync(file, 'utf8')
  expect(ofWindows).not.toContain('ORDER_SERVICE_API_KEY')
  expect(ofWindows.match(/POSTGRES_PASSWORD/g)).toHaveLength(1)
  expect(ofWindows).toMatch(/^GRAFANA_PASSWORD=\w/m)
  rmSync(folder, { recursive: true })
})

test('keys have the scopes of services.json, also where these are wrapped', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ordinal-secrets-'))
  const program = 'tools/containers/secrets.sh'
  cpSync(join(root, program), join(folder, program))
  const billing: ListedService = {
    ...listedServices[0]!,
    name: 'billing',
    scopes: ['numbers:issue:ORD', 'orders:read'],
  }
  const services = [...listedServices, billing]
  // A line for each scope.
  writeFileSync(join(folder, 'services.json'), JSON.stringify(services, null, 2))
  execFileSync(join(folder, program), {
    cwd: folder,
    env: { PATH: process.env.PATH, ORDER_SERVICE_SEQUENCE: 'INV' },
  })
  // Another sequence is that of the order service, and of no other.
  const expected = limitsOf(services).map((limits) =>
    limits.startsWith('order-service ') ? limits.replace(':ORD+', ':INV+') : limits,
  )
  expect(limitsIn(readFileSync(join(folder, '.env'), 'utf8'))).toEqual(expected)
  expect(expected).toContain('order-service users:read+numbers:issue:INV+api-keys:follow')
  expect(expected).toContain('billing numbers:issue:ORD+orders:read+api-keys:follow')
  rmSync(folder, { recursive: true })
})

/** The scopes of each key in a file of variables: `user-service api-keys:follow`. */
const limitsIn = (text: string) =>
  /^API_KEYS=(.*)$/m
    .exec(text)![1]!
    .split(',')
    .map((entry) => entry.replace(/:[0-9a-f]{64}:/, ' '))

const limitsOf = (services: readonly ListedService[]) =>
  services
    .filter(({ followsKeys }) => followsKeys)
    .map(({ name, scopes = [] }) => `${name} ${[...scopes, 'api-keys:follow'].join('+')}`)
