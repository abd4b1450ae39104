import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createRepository, removeRepositories, type Repository } from './stack'

afterEach(removeRepositories)

/** What `make events-dead` runs, once it is built; the program is a small one, which says what it was given. */
const once = ({ root }: Repository, env: Record<string, string> = {}) =>
  promisify(execFile)(
    process.execPath,
    [join(root, 'dist/tools/local-stack/main.js'), '--once', 'order-service', '--events-dead'],
    { env: { PATH: process.env.PATH, FAKE_ONCE: 'true', ...env } },
  )

test('a command of a service runs on the database of the stack, if that runs', async () => {
  const repository = await createRepository()
  await expect(once(repository)).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining(
      'start the stack with "make run", or set ORDER_SERVICE_DATABASE_URL',
    ) as string,
  })
  const stack = repository.run()
  await stack.printed('Ordinal runs.')
  const { ORDER_SERVICE_DATABASE_URL } = await repository.get<Record<string, string>>(
    'order-service',
    '/environment',
  )
  const { stdout } = await once(repository)
  expect(JSON.parse(stdout)).toEqual([['--events-dead'], ORDER_SERVICE_DATABASE_URL])
})

test('a database that the environment names comes first', async () => {
  const repository = await createRepository()
  const { stdout } = await once(repository, { ORDER_SERVICE_DATABASE_URL: 'postgres://elsewhere/orderdb' })
  expect(JSON.parse(stdout)).toEqual([['--events-dead'], 'postgres://elsewhere/orderdb'])
})
