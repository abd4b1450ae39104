import { execFile } from 'node:child_process'
import { rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { jwtVerify } from 'jose'
import { createRepository, removeRepositories, type Repository } from './stack'

afterEach(removeRepositories)

/** What `make token ROLE=…` runs, once it is built. */
const token = ({ root }: Repository, ...role: string[]) =>
  promisify(execFile)(process.execPath, [join(root, 'dist/tools/local-stack/main.js'), '--token', ...role], {
    env: { PATH: process.env.PATH },
  })
const environmentOf = (repository: Repository) =>
  repository.get<Record<string, string>>('sequencer', '/environment')
const verify = (text: string, secret: string) => jwtVerify(text, new TextEncoder().encode(secret))

test('a token is printed, of the role asked for, that the sequencer of the stack takes, now and the next time', async () => {
  const repository = await createRepository()
  const stack = repository.run()
  await stack.printed('Ordinal runs.')
  const { JWT_SECRET } = await environmentOf(repository)
  expect(Buffer.byteLength(JWT_SECRET!)).toBeGreaterThanOrEqual(32)
  expect((await stat(join(repository.root, '.data/passwords.json'))).mode & 0o777).toBe(0o600)

  const { stdout } = await token(repository, 'viewer')
  const { payload } = await verify(stdout.trim(), JWT_SECRET!)
  expect(payload).toMatchObject({ role: 'viewer', sub: expect.stringMatching(/./) as string })
  expect(payload.exp! - payload.iat!).toBe(12 * 3600)

  expect(stack.output()).toContain('make token ROLE=admin')

  stack.signal('SIGINT')
  await stack.ended()
  const second = repository.run()
  await second.printed('Ordinal runs.')
  expect((await environmentOf(repository)).JWT_SECRET).toBe(JWT_SECRET)
})

test('a secret of .env is used in place of one of its own, and an identity provider needs none', async () => {
  const repository = await createRepository()
  const secret = 's'.repeat(40)
  await writeFile(join(repository.root, '.env'), `JWT_SECRET=${secret}\n`)
  const stack = repository.run()
  await stack.printed('Ordinal runs.')
  expect((await environmentOf(repository)).JWT_SECRET).toBe(secret)
  await verify((await token(repository, 'admin')).stdout.trim(), secret)
  stack.signal('SIGINT')
  await stack.ended()

  await writeFile(join(repository.root, '.env'), 'JWKS_URL=https://login.example.com/keys\n')
  const other = repository.run()
  await other.printed('Ordinal runs.')
  expect(await environmentOf(repository)).not.toHaveProperty('JWT_SECRET')
  expect(other.output()).not.toContain('eyJ')
})

test('a secret of a file that .env names is used, by the stack and for a token', async () => {
  const repository = await createRepository()
  const secret = 'f'.repeat(40)
  const file = join(repository.root, 'jwt_secret')
  await writeFile(file, `${secret}\n`)
  await writeFile(join(repository.root, '.env'), `JWT_SECRET_FILE=${file}\r\n`)
  const stack = repository.run()
  await stack.printed('Ordinal runs.')
  expect(await environmentOf(repository)).toMatchObject({ JWT_SECRET: secret, JWT_SECRET_FILE: '' })
  await verify((await token(repository, 'admin')).stdout.trim(), secret)

  await rm(file)
  await expect(token(repository, 'admin')).rejects.toMatchObject({
    stderr: expect.stringContaining(`JWT_SECRET_FILE is "${file}": there is no such file`) as string,
  })
})

const badFiles: [string, (folder: string) => Promise<string>][] = [
  ['there is no such file', (folder) => Promise.resolve(join(folder, 'nowhere'))],
  ['it is not a file', (folder) => Promise.resolve(folder)],
  [
    'it is empty',
    async (folder) => {
      await writeFile(join(folder, 'empty'), '\n')
      return join(folder, 'empty')
    },
  ],
]
test.each(badFiles)('a file of the secret that cannot be read is one line: %s', async (fault, make) => {
  const repository = await createRepository()
  const file = await make(repository.root)
  await writeFile(join(repository.root, '.env'), `JWT_SECRET_FILE=${file}\n`)
  const line = `✗ JWT_SECRET_FILE is "${file}": ${fault}\n`
  await expect(token(repository, 'admin')).rejects.toMatchObject({ code: 1, stdout: '', stderr: line })
  const stack = repository.run()
  expect(await stack.ended()).toBe(1)
  expect(stack.output()).toBe(line)
})

test.each([[[]], [['root']], [['']]])('the role %j is told to be none', async (role) => {
  const repository = await createRepository()
  await expect(token(repository, ...role)).rejects.toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('make token ROLE=viewer, ROLE=operator, ROLE=admin') as string,
  })
})

test('before the first run there is no secret, which is said', async () => {
  const repository = await createRepository()
  await expect(token(repository, 'admin')).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('"make run" makes one') as string,
  })
})

test('a token of a customer names the user that it is for', async () => {
  const repository = await createRepository()
  const stack = repository.run()
  await stack.printed('Ordinal runs.')
  const { JWT_SECRET } = await environmentOf(repository)
  const { payload } = await verify((await token(repository, 'customer', '7')).stdout.trim(), JWT_SECRET!)
  expect(payload).toMatchObject({ role: 'customer', user_id: 7, sub: 'user-7' })
  for (const wrong of [[], [''], ['0'], ['-1'], ['one']])
    await expect(token(repository, 'customer', ...wrong)).rejects.toMatchObject({
      stderr: expect.stringContaining('make token ROLE=customer USER_ID=1') as string,
    })
})
