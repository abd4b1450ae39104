import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { removeEmbeddedPostgres } from '@ordinal/embedded-postgres'
import { until } from '@ordinal/testing'
import { startMakeRun, type RunningStack } from './make-run'
import { copyRepository, removeCopy } from '../src/repository-copy'
import { choosePorts, type StackPorts } from './stack-ports'

let copy: string
let ports: StackPorts
let stack: RunningStack

beforeAll(async () => {
  copy = copyRepository()
  ports = await choosePorts(copy)
  stack = await startMakeRun(copy, 'dev')
})
afterAll(async () => {
  await stack?.end('SIGINT')
  await removeEmbeddedPostgres(join(copy, '.data/postgres'))
  removeCopy(copy)
})

const text = async (url: string) => (await fetch(ports.here(url))).text()
const serves = (url: string, what: string) => () =>
  text(url).then(
    (answer) => answer.includes(what),
    () => false,
  )
/** The condition comes to hold: on a busy machine a build and a start take their time. */
const eventually = (condition: () => boolean | Promise<boolean>) => until(condition, 120_000)
const serverOf = () => readFileSync(join(copy, '.data/postgres/cluster/postmaster.pid'), 'utf8')
const startsOf = (service: string) => stack.log().split(`✓ ${service} with what was saved`).length - 1

/** Saves a file as an editor does: a new one takes the place of the old. */
function save(file: string, change: (source: string) => string): () => void {
  const path = join(copy, file)
  const before = readFileSync(path, 'utf8')
  const write = (source: string) => {
    writeFileSync(`${path}.tmp`, source)
    renameSync(`${path}.tmp`, path)
  }
  write(change(before))
  return () => write(before)
}

test('a saved file of a service is live, and nothing else is started again', async () => {
  const server = serverOf()
  const restore = save('apps/user-service/src/app.ts', (source) =>
    source.replace("description: '", "description: 'Saved a moment ago. "),
  )
  await eventually(serves('http://localhost:8081/openapi.json', 'Saved a moment ago.'))
  await eventually(() => startsOf('user-service') === 1)
  expect([startsOf('order-service'), startsOf('sequencer')]).toEqual([0, 0])
  expect(serverOf()).toBe(server)
  restore()
  await eventually(() => startsOf('user-service') === 2)
})

test('a saved file of a library is live in each service that uses it', async () => {
  const restore = save('libs/errors/src/common-errors.ts', (source) =>
    source.replace('There is nothing at this path', 'Nothing here'),
  )
  for (const port of [8081, 8082, 8083])
    await eventually(serves(`http://localhost:${port}/nowhere`, 'Nothing here'))
  restore()
  for (const port of [8081, 8082, 8083])
    await eventually(serves(`http://localhost:${port}/nowhere`, 'There is nothing at this path'))
})

test('a file in a new folder is watched like the others', async () => {
  const folder = join(copy, 'apps/user-service/src/words')
  mkdirSync(folder)
  writeFileSync(join(folder, 'word.ts'), `export const word = 'First.'\n`)
  const before = startsOf('user-service')
  const restore = save('apps/user-service/src/app.ts', (source) =>
    `import { word } from './words/word'\n${source}`.replace("description: '", "description: word + '"),
  )
  await eventually(serves('http://localhost:8081/openapi.json', 'First.'))
  save('apps/user-service/src/words/word.ts', () => `export const word = 'Second.'\n`)
  await eventually(serves('http://localhost:8081/openapi.json', 'Second.'))
  restore()
  await eventually(() => startsOf('user-service') === before + 3)
})

test('what cannot be built is told, and what runs goes on; what cannot start is told, and is mended by the next save', async () => {
  const unbroken = save('apps/sequencer/src/app.ts', (source) => `${source}\nthis is no TypeScript`)
  await eventually(() => /✘ \[ERROR\] Expected ";" but found/.test(stack.log()))
  expect(await text('http://localhost:8083/health/live')).toContain('ok')
  unbroken()
  await eventually(() => startsOf('sequencer') === 3)
  const mended = save('apps/sequencer/src/app.ts', (source) => `${source}\nthrow new Error('not today')`)
  await eventually(() => /✗ sequencer ended while it was starting:[^]*not today/.test(stack.log()))
  mended()
  await eventually(serves('http://localhost:8083/health/ready', 'ok'))
})
