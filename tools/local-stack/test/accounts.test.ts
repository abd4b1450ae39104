import { existsSync } from 'node:fs'
import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import { createRepository, removeRepositories, type Repository } from './stack'
import { anythingRuns } from './state'

const asRoot = process.getuid?.() === 0 ? test : test.skip
const nobody = { uid: 65534, gid: 65534 }

afterEach(removeRepositories)

async function runsTwice(repository: Repository, account?: typeof nobody): Promise<void> {
  for (let times = 0; times < 2; times++) {
    const stack = repository.run({}, account)
    await stack.printed('Ordinal runs.')
    stack.signal('SIGINT')
    expect(await stack.ended()).toBe(0)
    expect(await anythingRuns(repository)).toBe(false)
  }
}

asRoot('root can run it from a folder that nobody else may enter', async () => {
  const repository = await createRepository({ mode: 0o700 })
  await runsTwice(repository)
  expect((await lstat(join(repository.root, '.data/postgres'))).isSymbolicLink()).toBe(true)
})

asRoot('a plain user can run it, and root after them', async () => {
  const repository = await createRepository({ owner: nobody.uid })
  await runsTwice(repository, nobody)
  await runsTwice(repository)
  expect(existsSync(join(repository.root, '.data/postgres/cluster'))).toBe(true)
})
