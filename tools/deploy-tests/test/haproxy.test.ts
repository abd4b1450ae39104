import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
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
async function startInstance(host: string, port: number) {
  const instance = {
    address: `${host}:${port}`,
    health: 'ok' as 'ok' | 'waiting' | 'stopping',
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
    listen: async () => void (await once(server.listen(port, host), 'listening')),
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

interface Balanced {
  haproxy: TestHaproxy
  /** The user service, as callers reach it. */
  url: string
  instances: [Instance, Instance]
  /** What the log of HAProxy calls them. */
  names: [string, string]
}

/** deploy/production/haproxy.cfg, which reads the environment. */
async function startProduction(folder: string): Promise<Balanced> {
  const { cert, key } = await (await createAuthority()).issue({ hosts: ['localhost'] })
  writeFileSync(join(folder, 'certificate.pem'), `${cert}\n${key}\n`, { mode: 0o600 })
  const [users, publicPort, nobody] = [await ownPort(), await ownPort(), `${ownAddress}:${await ownPort()}`]
  const others = ['ORDER_SERVICE', 'SEQUENCER'].flatMap((name) => [`${name}_1`, `${name}_2`])
  const instances: Balanced['instances'] = [
    await startInstance(ownAddress, await ownPort()),
    await startInstance(ownAddress, await ownPort()),
  ]
  const haproxy = await startTestHaproxy(
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
      USER_SERVICE_1: instances[0].address,
      USER_SERVICE_2: instances[1].address,
    },
    users,
  )
  const url = `http://${ownAddress}:${users}/api/v1/users`
  return { haproxy, url, instances, names: ['user-service/1', 'user-service/2'] }
}

/** deploy/ha/haproxy.cfg, whose addresses are filled in; the ports are ours here. */
async function startHa(folder: string): Promise<Balanced> {
  const [users, nobody] = [await ownPort(), `${ownAddress}:${await ownPort()}`]
  const instances: Balanced['instances'] = [
    await startInstance(ownAddress, await ownPort()),
    await startInstance(ownAddress, await ownPort()),
  ]
  const places: Record<string, string> = {
    'BALANCER:5432': `${ownAddress}:${await ownPort()}`,
    'BALANCER:8081': `${ownAddress}:${users}`,
    'BALANCER:8082': `${ownAddress}:${await ownPort()}`,
    'BALANCER:8083': `${ownAddress}:${await ownPort()}`,
    'USER_SERVICE_A:8081': instances[0].address,
    'USER_SERVICE_B:8081': instances[1].address,
  }
  const file = join(folder, 'haproxy.cfg')
  const text = readFileSync(join(root, 'deploy/ha/haproxy.cfg'), 'utf8')
  writeFileSync(
    file,
    text.replaceAll(
      /\$\{([A-Z0-9_]+)\}:(\d+)/g,
      (_, name: string, port: string) => places[`${name}:${port}`] ?? nobody,
    ),
  )
  const haproxy = await startTestHaproxy(file, {}, users)
  const url = `http://${ownAddress}:${users}/api/v1/users`
  return { haproxy, url, instances, names: ['user-service/a', 'user-service/b'] }
}

withHaproxy('HAProxy', () => {
  describe.each([
    ['docker-compose.prod.yml', startProduction],
    ['deploy/ha', startHa],
  ])('of %s', (_, start) => {
    let folder: string
    let haproxy: TestHaproxy
    let url: string
    let [firstName, secondName] = ['', '']
    let first: Instance
    let second: Instance
    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), 'ordinal-haproxy-'))
      const balanced = await start(folder)
      ;({ haproxy, url } = balanced)
      ;[first, second] = balanced.instances
      ;[firstName, secondName] = balanced.names
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
      expect(await askUntil(() => says(`Server ${firstName} is stopping`))).toEqual([])
      const before = first.requests
      for (let request = 0; request < 20; request += 1) expect(await ask()).toBe(200)
      expect(first.requests).toBe(before)
      await first.close()
      first.health = 'ok'
      await first.listen()
      expect(await askUntil(() => first.requests > before)).toEqual([])
    })

    test('sends requests to an instance whose database is away: all share it, and callers wait in the service', async () => {
      for (const instance of [first, second]) instance.health = 'waiting'
      const before = [first.checks, second.checks]
      await until(() => first.checks > before[0]! + 3 && second.checks > before[1]! + 3)
      expect(await askUntil(() => first.requests > 0 && second.requests > 0)).toEqual([])
      for (const name of [firstName, secondName]) expect(says(`Server ${name} is DOWN`)).toBe(false)
    })

    // `on-marked-down shutdown-sessions` would cut it.
    test('lets an instance that stops finish its last request after it is down', async () => {
      await second.close()
      expect(await askUntil(() => says(`Server ${secondName} is DOWN`))).toEqual([])
      first.held = []
      const status = ask()
      await until(() => first.held!.length === 1)
      first.health = 'stopping'
      await until(() => says(`Server ${firstName} is stopping`))
      first.refuse()
      await until(() => says(`Server ${firstName} is DOWN`))
      first.held[0]!.end()
      expect(await status).toBe(200)
    })

    test('keeps the only instance that is left while it is late with a check, and not when it is late with two', async () => {
      await first.close()
      expect(await askUntil(() => says(`Server ${firstName} is DOWN`))).toEqual([])
      second.lateChecks = 1
      expect(await askUntil(() => second.checksGivenUp > 0)).toEqual([])
      const before = second.requests
      expect(await askUntil(() => second.requests > before + 50)).toEqual([])
      second.lateChecks = Infinity
      await until(() => says(`Server ${secondName} is DOWN`))
      expect(await ask()).toBe(503)
    })
  })
})
