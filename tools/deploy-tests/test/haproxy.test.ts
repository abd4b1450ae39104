import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createAuthority,
  ownAddress,
  ownPort,
  startTestHaproxy,
  until,
  withHaproxy,
  type TestHaproxy,
} from '@ordinal/testing'
import { root } from '../src/chart'

type Instance = Awaited<ReturnType<typeof startInstance>>

/** A fake user service whose health answer the test controls. */
async function startInstance() {
  const port = await ownPort()
  const instance = {
    address: `${ownAddress}:${port}`,
    health: 'ok' as 'ok' | 'stopping',
    /** Checks to come that it does not answer. */
    lateChecks: 0,
    /** If set, collects the answers to callers, which the test then ends. */
    held: undefined as ServerResponse[] | undefined,
    /** Requests of callers. */
    requests: 0,
    /** Checks that it has answered. */
    checks: 0,
    /** Checks that HAProxy has waited for in vain. */
    checksGivenUp: 0,
    /** Closes the listener and keeps the connections, as a service does after its drain. */
    refuse: () => void server.close(),
    listen: async () => void (await once(server.listen(port, ownAddress), 'listening')),
    async close() {
      if (!server.listening) return
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
  const server = createServer((request, response) => {
    if (request.url !== '/health/ready') {
      instance.requests += 1
      if (instance.held) instance.held.push(response)
      else response.end()
    } else if (instance.lateChecks > 0) {
      instance.lateChecks -= 1
      request.socket.once('close', () => (instance.checksGivenUp += 1))
    } else {
      instance.checks += 1
      response.writeHead(instance.health === 'ok' ? 200 : 503).end(`{"status":"${instance.health}"}`)
    }
  })
  await instance.listen()
  return instance
}

withHaproxy('the HAProxy of docker-compose.prod.yml', () => {
  let folder: string
  let haproxy: TestHaproxy
  let url: string
  let first: Instance
  let second: Instance
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ordinal-haproxy-'))
    const { cert, key } = await (await createAuthority()).issue({ hosts: ['localhost'] })
    writeFileSync(join(folder, 'certificate.pem'), `${cert}\n${key}\n`, { mode: 0o600 })
    const [users, publicPort, nobody] = [await ownPort(), await ownPort(), `${ownAddress}:${await ownPort()}`]
    const others = ['ORDER_SERVICE', 'SEQUENCER'].flatMap((name) => [`${name}_1`, `${name}_2`])
    ;[first, second] = [await startInstance(), await startInstance()]
    url = `http://${ownAddress}:${users}/api/v1/users`
    haproxy = await startTestHaproxy(
      join(root, 'deploy/production/haproxy.cfg'),
      {
        ...Object.fromEntries(others.flatMap((name) => [name, `${name}_GRPC`].map((each) => [each, nobody]))),
        PUBLIC: `${ownAddress}:${publicPort}`,
        CERTIFICATE: join(folder, 'certificate.pem'),
        INSIDE_USERS: `${ownAddress}:${users}`,
        INSIDE_SEQUENCER: `${ownAddress}:${await ownPort()}`,
        USERS_HOST: 'users.localhost',
        ORDERS_HOST: 'orders.localhost',
        NUMBERS_HOST: 'numbers.localhost',
        USER_SERVICE_1: first.address,
        USER_SERVICE_2: second.address,
      },
      users,
    )
    // Until it has passed a check, one that fails takes an instance out. What is answered is known a moment later.
    await until(() => [first, second].every(({ checks }) => checks > 1))
  })
  afterEach(async () => {
    await haproxy.remove()
    await Promise.all([first.close(), second.close()])
    rmSync(folder, { recursive: true })
  })

  const ask = async () => (await fetch(url)).status
  /** Asks again and again until something holds; gives the statuses other than 200. */
  async function askUntil(holds: () => boolean): Promise<number[]> {
    const bad: number[] = []
    await until(async () => {
      const status = await ask()
      if (status !== 200) bad.push(status)
      return holds()
    })
    expect(holds()).toBe(true)
    return bad
  }
  const says = (text: string) => haproxy.log().includes(text)

  test('sends nothing more to an instance that says that it stops, and requests again when it is back', async () => {
    expect(await askUntil(() => first.requests > 0 && second.requests > 0)).toEqual([])
    first.health = 'stopping'
    expect(await askUntil(() => says('Server user-service/1 is stopping'))).toEqual([])
    const before = first.requests
    for (let request = 0; request < 20; request += 1) expect(await ask()).toBe(200)
    expect(first.requests).toBe(before)
    await first.close()
    first.health = 'ok'
    await first.listen()
    expect(await askUntil(() => first.requests > before)).toEqual([])
  })

  // `on-marked-down shutdown-sessions` would cut it.
  test('lets an instance that stops finish its last request after it is down', async () => {
    await second.close()
    expect(await askUntil(() => says('Server user-service/2 is DOWN'))).toEqual([])
    first.held = []
    const status = ask()
    await until(() => first.held!.length === 1)
    first.health = 'stopping'
    await until(() => says('Server user-service/1 is stopping'))
    first.refuse()
    await until(() => says('Server user-service/1 is DOWN'))
    first.held[0]!.end()
    expect(await status).toBe(200)
  })

  test('keeps the only instance that is left while it is late with a check, and not when it is late with two', async () => {
    await first.close()
    expect(await askUntil(() => says('Server user-service/1 is DOWN'))).toEqual([])
    second.lateChecks = 1
    expect(await askUntil(() => second.checksGivenUp > 0)).toEqual([])
    const before = second.requests
    expect(await askUntil(() => second.requests > before + 50)).toEqual([])
    second.lateChecks = Infinity
    await until(() => says('Server user-service/2 is DOWN'))
    expect(await ask()).toBe(503)
  })
})
