import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createRepository, removeRepositories } from './stack'
import { anythingRuns, eventually, postgresUrl, postmasterPid, query } from './state'

const listening: Server[] = []
afterEach(async () => {
  for (const server of listening.splice(0)) await once(server.close(), 'close')
  await removeRepositories()
})

/** Another program, on a port or on any that is free. */
async function occupy(port = 0): Promise<number> {
  const other = createServer().listen(port, '127.0.0.1')
  listening.push(other)
  await once(other, 'listening')
  return (other.address() as AddressInfo).port
}

test('killed with kill -9 and run again at once, it takes over the PostgreSQL that still runs', async () => {
  const repository = await createRepository()
  const first = repository.run()
  await first.printed('Ordinal runs.')
  await query(postgresUrl(first.output()), 'CREATE TABLE kept AS SELECT 42 AS answer')
  const pid = await postmasterPid(repository)
  first.process.kill('SIGKILL')
  await first.ended()

  const second = repository.run()
  await second.printed('Ordinal runs.')
  expect(second.output()).toContain('PostgreSQL still runs')
  expect(await postmasterPid(repository)).toBe(pid)
  expect(await query(postgresUrl(second.output()), 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
  second.signal('SIGINT')
  expect(await second.ended()).toBe(0)
  expect(await anythingRuns(repository)).toBe(false)
})

test('killed with all it runs, PostgreSQL too, it comes up again', async () => {
  const repository = await createRepository()
  const first = repository.run()
  await first.printed('Ordinal runs.')
  await query(postgresUrl(first.output()), 'CREATE TABLE kept AS SELECT 42 AS answer')
  process.kill(await postmasterPid(repository), 'SIGKILL')
  first.process.kill('SIGKILL')
  await first.ended()

  const second = repository.run()
  await second.printed('Ordinal runs.')
  expect(await query(postgresUrl(second.output()), 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
})

test.each(['ORDER_SERVICE_PORT', 'ORDER_SERVICE_GRPC_PORT', 'SEQUENCER_GRPC_PORT'])(
  'a port that another program holds ends the start, with a line that says how to mend it: %s',
  async (variable) => {
    const repository = await createRepository()
    const port = await occupy()
    const stack = repository.run({ [variable]: String(port) })
    expect(await stack.ended()).toBe(1)
    expect(stack.output()).toMatch(
      new RegExp(
        `^✗ Port ${port} is taken by another program: stop it, or set ${variable} to a free port` +
          ` \\(${variable}=\\d+ make run\\)$`,
        'm',
      ),
    )
    expect(await anythingRuns(repository)).toBe(false)
  },
)

test('a PostgreSQL port that another program holds is told in the same way', async () => {
  const repository = await createRepository()
  const port = repository.ports['order-service']
  await occupy(port)
  const stack = repository.run({ LOCAL_POSTGRES_PORT: String(port) })
  expect(await stack.ended()).toBe(1)
  expect(stack.output()).toMatch(
    `Port ${port} is taken by another program: stop it, or set LOCAL_POSTGRES_PORT`,
  )
})

test('a second stack in the same folder is refused, and the first goes on', async () => {
  const repository = await createRepository()
  const first = repository.run()
  await first.printed('Ordinal runs.')

  const second = repository.run()
  expect(await second.ended()).toBe(1)
  expect(second.output()).toContain(
    `Ordinal already runs from this folder (process ${first.process.pid}): stop it with Ctrl-C there first`,
  )
  expect(await anythingRuns(repository)).toBe(true)
  expect(await query(postgresUrl(first.output()), 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  first.signal('SIGINT')
  expect(await first.ended()).toBe(0)
})

test('a service that cannot start ends the stack, with what it says itself', async () => {
  const repository = await createRepository()
  const stack = repository.run({ FAKE_FAULT: 'sequencer' })
  expect(await stack.ended()).toBe(1)
  expect(stack.output()).toContain(
    'sequencer ended while it was starting:\n  sequencer does not like its configuration\n',
  )
  expect(stack.output()).not.toContain('"info"')
  expect(await anythingRuns(repository)).toBe(false)
})

test('a service that is up, and not ready, is waited for, and a line says why; when it is ready, the stack runs', async () => {
  const repository = await createRepository()
  const stack = repository.run({ FAKE_UNREADY: 'sequencer' })
  const line =
    /^! sequencer is not ready, and is waited for: the ledger is old: mend it; its log: .*sequencer\.log$/m
  await stack.printed(line)
  expect(stack.output()).not.toContain('Ordinal runs.')
  await stack.printed('user-service on port')
  expect(await repository.get('user-service')).toMatchObject({ name: 'user-service' })
  expect(await repository.get('sequencer', '/mend')).toBe(true)
  await stack.printed('Ordinal runs.')
  expect(stack.output().match(/is not ready/g)).toHaveLength(1)
  stack.signal('SIGINT')
  expect(await stack.ended()).toBe(0)
})

test('Ctrl-C ends a stack that waits for a service to be ready', async () => {
  const repository = await createRepository()
  const stack = repository.run({ FAKE_UNREADY: 'order-service' })
  await stack.printed('order-service is not ready')
  stack.signal('SIGINT')
  expect(await stack.ended()).toBe(0)
  expect(await anythingRuns(repository)).toBe(false)
})

test('one that ends while it is waited for ends the stack', async () => {
  const repository = await createRepository()
  const stack = repository.run({ FAKE_UNREADY: 'sequencer' })
  await stack.printed('sequencer is not ready')
  await repository.get('sequencer', '/die').catch(() => {})
  expect(await stack.ended()).toBe(1)
  expect(stack.output()).toContain('sequencer ended while it was starting')
  expect(await anythingRuns(repository)).toBe(false)
})

test('a stack that has not been built says what to do', async () => {
  const repository = await createRepository()
  await rm(join(repository.root, 'dist/apps/sequencer'), { recursive: true })
  const stack = repository.run()
  expect(await stack.ended()).toBe(1)
  expect(stack.output()).toContain('run "make build" first')
  expect(await anythingRuns(repository)).toBe(false)
})

test('a service that dies is started again, and the others go on', async () => {
  const repository = await createRepository()
  const stack = repository.run()
  await stack.printed('Ordinal runs.')
  const before = await repository.get<{ pid: number }>('sequencer')
  const users = await repository.get<{ pid: number }>('user-service')

  await repository.get('sequencer', '/die').catch(() => {})
  await stack.printed(
    /! sequencer ended \(exit code 3\), and is started again in 0\.5 s; its log: .*sequencer\.log/,
  )
  await eventually(() =>
    repository.get('sequencer').then(
      () => true,
      () => false,
    ),
  )
  expect((await repository.get<{ pid: number }>('sequencer')).pid).not.toBe(before.pid)
  expect((await repository.get<{ pid: number }>('user-service')).pid).toBe(users.pid)

  process.kill(users.pid, 'SIGKILL')
  await stack.printed('user-service ended (SIGKILL)')
  // Stopped while it waits to start the service again.
  stack.signal('SIGINT')
  expect(await stack.ended()).toBe(0)
  expect(await anythingRuns(repository)).toBe(false)
})

test('a service that is reloaded while it waits to be started again runs once', async () => {
  const repository = await createRepository()
  const stack = repository.run()
  await stack.printed('Ordinal runs.')
  await repository.get('sequencer', '/die').catch(() => {})
  await stack.printed('is started again in 0.5 s')
  stack.reload('sequencer')
  await stack.printed('sequencer with what was saved')
  const { pid } = await repository.get<{ pid: number }>('sequencer')
  // A second one would find the port taken, and end.
  await delay(1_500)
  expect(stack.output().match(/sequencer ended/g)).toHaveLength(1)
  expect((await repository.get<{ pid: number }>('sequencer')).pid).toBe(pid)
  stack.signal('SIGINT')
  expect(await stack.ended()).toBe(0)
  expect(await anythingRuns(repository)).toBe(false)
})

test('a PostgreSQL that dies is started again on its port', async () => {
  const repository = await createRepository()
  const stack = repository.run()
  await stack.printed('Ordinal runs.')
  const url = postgresUrl(stack.output())
  await query(url, 'CREATE TABLE kept AS SELECT 42 AS answer')
  process.kill(await postmasterPid(repository), 'SIGKILL')
  await stack.printed('! PostgreSQL ended, and is started again in 1 s')
  await eventually(() =>
    query(url, 'SELECT answer FROM kept').then(
      () => true,
      () => false,
    ),
  )
  stack.signal('SIGINT')
  expect(await stack.ended()).toBe(0)
  expect(await anythingRuns(repository)).toBe(false)
})

test.each([100, 400, 700, 1_000])('Ctrl-C %i ms after the start leaves nothing behind', async (afterMs) => {
  const repository = await createRepository()
  const stack = repository.run()
  await delay(afterMs)
  stack.signal('SIGINT')
  // Before it listens for signals, Ctrl-C ends it as any program.
  expect([0, 'SIGINT']).toContain(await stack.ended())
  expect(await anythingRuns(repository)).toBe(false)
})

test('a second Ctrl-C ends it at once; the next start recovers', async () => {
  const repository = await createRepository()
  const first = repository.run({ FAKE_STUBBORN: 'sequencer' })
  await first.printed('Ordinal runs.')
  first.signal('SIGINT')
  await delay(500)
  expect(first.process.exitCode).toBeNull()
  // One that comes soon after the first was noticed is taken for its echo: whoever wants the end presses once more.
  let presses = 0
  for (; first.process.exitCode === null; await delay(500)) {
    first.signal('SIGINT')
    presses += 1
  }
  expect(await first.ended()).toBe(130)
  expect(presses).toBeLessThan(5)

  const second = repository.run()
  await second.printed('Ordinal runs.')
})
