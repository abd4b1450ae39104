import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { jwtVerify } from 'jose'
import { listedServices, variablesOf } from '../src/service-list'
import { createRepository, removeRepositories, serviceNames } from './stack'
import { anythingRuns, postgresUrl, query } from './state'

afterEach(removeRepositories)

test('the stack starts, shows each step and where everything is, and Ctrl-C stops all of it', async () => {
  const repository = await createRepository()
  const stack = repository.run()
  await stack.printed('Ordinal runs.')
  for (const name of serviceNames) {
    expect(stack.output()).toMatch(
      new RegExp(`^✓ ${name} on port ${repository.ports[name]} \\(\\d+\\.\\d s\\)$`, 'm'),
    )
    expect(stack.output()).toContain(`http://localhost:${repository.ports[name]}/docs`)
  }
  const { SEQUENCER_DEBUG_PORT, SEQUENCER_GRPC_PORT } = await repository.get<Record<string, string>>(
    'sequencer',
    '/environment',
  )
  const { ORDER_SERVICE_GRPC_PORT } = await repository.get<Record<string, string>>(
    'order-service',
    '/environment',
  )
  expect(stack.output()).toMatch(
    new RegExp(`^  gRPC +localhost:${ORDER_SERVICE_GRPC_PORT} .*localhost:${SEQUENCER_GRPC_PORT} `, 'm'),
  )
  expect(stack.output()).toContain(`http://localhost:${SEQUENCER_DEBUG_PORT}/debug/pprof/`)
  expect(await query(postgresUrl(stack.output()), 'SELECT 1 AS one')).toEqual([{ one: 1 }])

  stack.signal('SIGINT')
  expect(await stack.ended()).toBe(0)
  expect(stack.output()).toContain('✓ services and PostgreSQL stopped')
  expect(await anythingRuns(repository)).toBe(false)
  // Ctrl-C has not reached the services, to which a second signal means to end at once.
  for (const name of serviceNames) expect(await repository.log(name)).toBe(`${name} ends at SIGTERM\n`)
  // eslint-disable-next-line no-control-regex
  expect(stack.output()).not.toMatch(/\u001b/)
})

test('the calls it prints work when they are pasted into a shell', async () => {
  const repository = await createRepository()
  const stack = repository.run()
  await stack.printed('Ordinal runs.')
  const commands = stack.output().match(/^ {2}curl (.*\\\n)*.*$/gm)!
  const answers = []
  for (const command of commands) {
    const { stdout } = await promisify(execFile)('/bin/sh', ['-c', command])
    const { name, url, body } = JSON.parse(stdout) as { name: string; url: string; body: string }
    answers.push({ name, url, body: body ? (JSON.parse(body) as unknown) : undefined })
  }
  expect(answers).toEqual([
    {
      name: 'user-service',
      url: '/api/v1/users',
      body: {
        email: expect.stringMatching(/^ada-\d{10}@example\.com$/) as string,
        name: 'Ada Lovelace',
        age: 36,
      },
    },
    {
      name: 'order-service',
      url: '/api/v1/orders',
      body: { user_id: 1, product_id: 'PROD-123', quantity: 2, total_price: 99.99 },
    },
    { name: 'sequencer', url: '/api/v1/next/SG?client_id=erp-system', body: undefined },
  ])
})

test('with TLS=1 services and calls are encrypted, and what it prints and make health are so, too', async () => {
  const repository = await createRepository()
  const stack = repository.run({ TLS: '1' })
  await stack.printed('Ordinal runs.')
  const [authority] = /(?<=^ {2}export CURL_CA_BUNDLE=).*$/m.exec(stack.output())!
  const shell = { PATH: process.env.PATH, CURL_CA_BUNDLE: authority }
  const commands = stack.output().match(/^ {2}curl (.*\\\n)*.*$/gm)!
  expect(commands).toHaveLength(3)
  for (const command of commands) {
    const { stdout } = await promisify(execFile)('/bin/sh', ['-c', command], { env: shell })
    expect(stdout).toMatch(/"url":"\/api/)
  }
  const urlOf = (name: string) => `https://127.0.0.1:${repository.ports[name]}`
  const { stdout } = await promisify(execFile)('curl', ['-s', `${urlOf('order-service')}/environment`], {
    env: shell,
  })
  expect(JSON.parse(stdout)).toMatchObject({
    ORDER_SERVICE_SEQUENCER_URL: urlOf('sequencer'),
    ORDER_SERVICE_USER_SERVICE_URL: urlOf('user-service'),
    API_KEYS_URL: urlOf('sequencer'),
    ORDER_SERVICE_CALLS_TLS_CA_FILE: authority,
    CORS_ORIGINS: expect.stringContaining(`https://localhost:${repository.ports.sequencer}`) as string,
  })
  const ports = Object.fromEntries(
    serviceNames.map((name) => [`${variablesOf(name)}_PORT`, String(repository.ports[name])]),
  )
  const asking = promisify(execFile)(resolve(__dirname, '../../containers/ask.sh'), ['/health'], {
    cwd: repository.root,
    env: { PATH: process.env.PATH, TLS: '1', ...ports },
  })
  const said = (await asking).stdout
  for (const name of serviceNames) expect(said).toContain(`{"name":"${name}"`)
  expect((await stat(join(repository.root, '.data/tls/tls.key'))).mode & 0o777).toBe(0o600)
})

test('the services know each other, and those that call or follow another have keys that it knows', async () => {
  const repository = await createRepository()
  const stack = repository.run({ API_KEYS: `mine:${'0'.repeat(64)}`, ORDER_SERVICE_LOG_LEVEL: 'debug' })
  await stack.printed('Ordinal runs.')
  const orders = await repository.get<Record<string, string>>('order-service', '/environment')
  expect(orders).toMatchObject({
    ORDER_SERVICE_USER_SERVICE_URL: `http://127.0.0.1:${repository.ports['user-service']}`,
    ORDER_SERVICE_SEQUENCER_URL: `http://127.0.0.1:${repository.ports.sequencer}`,
    API_KEYS_URL: `http://127.0.0.1:${repository.ports.sequencer}`,
    ORDER_SERVICE_LOG_LEVEL: 'debug',
  })
  const digestOf = (key: string) => createHash('sha256').update(key).digest('hex')
  const known = [`mine:${'0'.repeat(64)}`]
  for (const { name, scopes = [] } of listedServices.filter(({ followsKeys }) => followsKeys)) {
    const environment = await repository.get<Record<string, string>>(name, '/environment')
    const limits = [...scopes, 'api-keys:follow'].join('+')
    known.push(`${name}:${digestOf(environment[`${variablesOf(name)}_API_KEY`]!)}:${limits}`)
  }
  for (const name of ['user-service', 'sequencer'] as const) {
    const { API_KEYS } = await repository.get<Record<string, string>>(name, '/environment')
    expect(API_KEYS).toBe(known.join(','))
  }
})

test('run again, it has its data, its PostgreSQL port and its passwords', async () => {
  const repository = await createRepository()
  const first = repository.run()
  await first.printed('Ordinal runs.')
  await query(postgresUrl(first.output()), 'CREATE TABLE kept AS SELECT 42 AS answer')
  const before = await repository.get<Record<string, string>>('sequencer', '/environment')
  first.process.kill('SIGTERM')
  expect(await first.ended()).toBe(0)

  const second = repository.run()
  await second.printed('Ordinal runs.')
  const after = await repository.get<Record<string, string>>('sequencer', '/environment')
  expect(after.SEQUENCER_DATABASE_URL).toBe(before.SEQUENCER_DATABASE_URL)
  expect(await query(postgresUrl(second.output()), 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
})

test('ports can be given in .env, and the environment wins', async () => {
  const repository = await createRepository()
  const { 'user-service': users, sequencer } = repository.ports
  await writeFile(join(repository.root, '.env'), `USER_SERVICE_PORT=1\nSEQUENCER_PORT=${sequencer}\n`)
  const stack = repository.run({ SEQUENCER_PORT: undefined })
  await stack.printed('Ordinal runs.')
  expect(stack.output()).toContain(`user-service on port ${users}`)
  expect(stack.output()).toContain(`sequencer on port ${sequencer}`)
})

test('nothing that it prints or logs is a secret, and nobody else may read what it keeps', async () => {
  const repository = await createRepository()
  const stack = repository.run()
  await stack.printed('Ordinal runs.')
  const [data, logs] = [join(repository.root, '.data'), join(repository.root, '.data/logs')]
  const passwords = Object.values(JSON.parse(await readFile(join(data, 'passwords.json'), 'utf8')) as object)
  const superuser = new URL(postgresUrl(stack.output())).password
  const { ORDER_SERVICE_API_KEY } = await repository.get<Record<string, string>>(
    'order-service',
    '/environment',
  )
  const secrets = [...passwords, superuser, ORDER_SERVICE_API_KEY] as string[]
  expect(secrets.length).toBeGreaterThanOrEqual(8)
  const logged = await Promise.all(serviceNames.map((name) => repository.log(name)))
  const { stdout: processes } = await promisify(execFile)('ps', ['-eww', '-o', 'args'])
  for (const text of [stack.output(), ...logged, processes]) {
    expect(secrets.filter((secret) => text.includes(secret))).toEqual([])
    expect(text).not.toMatch(/eyJ[\w-]+\.[\w-]+\.[\w-]+/)
  }
  stack.signal('SIGINT')
  await stack.ended()

  // As an earlier version left it.
  await chmod(data, 0o755)
  await chmod(logs, 0o755)
  await chmod(join(logs, 'sequencer.log'), 0o644)
  const second = repository.run()
  await second.printed('Ordinal runs.')
  const modeOf = async (path: string) => (await stat(path)).mode & 0o777
  const forOthers = async (path: string) => (await modeOf(path)) & 0o066
  expect([await forOthers(data), await forOthers(logs)]).toEqual([0, 0])
  const files = await readdir(logs)
  expect(files).toEqual(expect.arrayContaining(['sequencer.log', 'sequencer.log.1']))
  for (const file of files) expect([file, await modeOf(join(logs, file))]).toEqual([file, 0o600])
  expect(await modeOf(join(data, 'passwords.json'))).toBe(0o600)
})

test('with AUTH=1 all services ask for tokens, and it prints some that each of them takes', async () => {
  const repository = await createRepository()
  const stack = repository.run({ AUTH: '1' })
  await stack.printed('Ordinal runs.')
  expect(stack.output()).toMatch(/^ {2}callers +need a token or a key$/m)
  const tokens = [...stack.output().matchAll(/^ {2}([A-Z]+)=(eyJ\S+)$/gm)].map(([, role, token]) => [
    role,
    token!,
  ])
  expect(tokens.map(([role]) => role)).toEqual(['VIEWER', 'OPERATOR', 'ADMIN'])
  for (const name of serviceNames) {
    const environment = await repository.get<Record<string, string>>(name, '/environment')
    expect(environment.REQUIRE_AUTHENTICATION).toBe('true')
    for (const [role, token] of tokens) {
      const { payload } = await jwtVerify(token!, new TextEncoder().encode(environment.JWT_SECRET))
      expect(String(payload.role).toUpperCase()).toBe(role)
    }
  }
})

test('without it they are open, also where it would be a fault not to say so, and one line says that', async () => {
  const repository = await createRepository()
  const stack = repository.run()
  await stack.printed('Ordinal runs.')
  expect(stack.output().match(/^.*make run AUTH=1.*$/gm)).toHaveLength(1)
  for (const name of serviceNames)
    expect(await repository.get(name, '/environment')).toMatchObject({ REQUIRE_AUTHENTICATION: 'false' })
})
