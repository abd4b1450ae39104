import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { changesSeen, startProgram, startTestRedis, type TestRedis, until, withRedis } from '@ordinal/testing'
import { buildSync } from 'esbuild'
import type { RedisSettings } from '../src/redis/transport'
import { createStage, hurried, recorder, type Stage } from './stage'

const folder = mkdtempSync(join(tmpdir(), 'ordinal-events-'))
const program = join(folder, 'main.js')

beforeAll(() => {
  buildSync({
    entryPoints: [join(__dirname, 'fixtures/main.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    external: ['pg-native'],
  })
})
afterAll(() => rmSync(folder, { recursive: true }))

function survivesKills(createRedis: () => RedisSettings | undefined): void {
  let redis: RedisSettings | undefined
  let stage: Stage
  beforeEach(async () => {
    redis = createRedis()
    stage = await createStage(redis)
  })
  afterEach(() => stage.end())

  /** Kills an instance in the middle of handling; gives the ids of what it was at. */
  async function killWhileItHandles(count: number): Promise<string[]> {
    const { child, output, ended } = startProgram(
      [program, stage.database.url, redis?.url ?? '', redis?.stream ?? ''],
      {},
    )
    // What takes longer than its lease is begun once more.
    const begun = () => [...new Set(Array.from(output().matchAll(/handling (\S+)\n/g), ([, id]) => id!))]
    await until(() => begun().length === count)
    child.kill('SIGKILL')
    await ended()
    return begun()
  }

  test('what an instance was at when it was killed is handled by another one, in order', async () => {
    for (const subject of ['a', 'b', 'a', 'b']) await stage.change(subject)
    const lost = await killWhileItHandles(2)
    expect(lost).toHaveLength(2)
    const { consumer, seen } = recorder()
    stage.startInstance([consumer])
    await until(() => seen.length === 4)
    expect(changesSeen(seen)).toEqual({ a: [1, 2], b: [1, 2] })
    const ids = seen.map(({ id }) => id)
    expect(ids).toEqual(expect.arrayContaining(lost))
  })

  test('an event that kills the process that handles it moves to the dead letters after its attempts, unchanged', async () => {
    await stage.change('a')
    for (let attempt = 0; attempt < hurried.retry.attempts; attempt += 1) await killWhileItHandles(1)
    await stage.change('a')
    const { consumer, seen } = recorder()
    const instance = stage.startInstance([consumer])
    await until(() => seen.length === 1)
    expect(changesSeen(seen)).toEqual({ a: [2] })
    await until(async () => (await instance.metric('test_dead_events')) === 1)
    expect(JSON.stringify(instance.log.entries)).toContain('not handled after 4 attempts that had no end')
  })
}

describe('in the process', () => survivesKills(() => undefined))

withRedis('killed, by Redis Streams', () => {
  let server: TestRedis
  let nth = 0
  beforeAll(async () => {
    server = await startTestRedis()
  })
  afterAll(() => server.remove())
  survivesKills(() => ({
    url: server.url,
    stream: `kill:${(nth += 1)}`,
    maxLength: 10_000,
    timeoutMs: 10_000,
    leaseMs: 1_000,
  }))
})
