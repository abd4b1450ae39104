import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { listedServices } from '@ordinal/local-stack'
import { root } from '../src/chart'
import { prefixOf, variablesOf } from '../src/configuration'
import { yaml } from '../src/programs'
import { withPrograms } from '../src/with-programs'

interface Container {
  image: string
  command?: string[]
  environment?: Record<string, string | null>
  networks?: Record<string, { ipv4_address: string }> | string[]
  stop_grace_period?: string
  volumes?: string[]
  depends_on?: string[] | Record<string, unknown>
  cap_drop: string[]
  security_opt: string[]
}

const folder = join(root, 'deploy/ha')
const read = (file: string) => readFileSync(join(folder, file), 'utf8')

withPrograms('the compose file of a cluster that fails over', () => {
  const file = yaml().parse(read('docker-compose.yml'), { merge: true }) as {
    services: Record<string, Container>
    volumes: Record<string, unknown>
  }
  const containers = Object.entries(file.services)
  const addressOf = (container: Container): string | undefined =>
    Array.isArray(container.networks) ? undefined : container.networks?.ha?.ipv4_address
  const containersOfServices = () => containers.filter(([name]) => /-[ab]$/.test(name))
  const withCommand = (command: string) =>
    containers.filter(([, container]) => container.command?.[0] === command).map(([, each]) => each)

  test('has three nodes, three of etcd, a balancer and two of each service', () => {
    expect(['etcd', 'patroni', 'haproxy', 'databases'].map((role) => withCommand(role).length)).toEqual([
      3, 3, 1, 1,
    ])
    for (const { name } of listedServices.filter((entry) => `${entry.name}-a` in file.services))
      expect(file.services[`${name}-b`]).toMatchObject({ image: `${name}:latest` })
  })

  test('no two containers have the same address', () => {
    const addresses = containers.flatMap(([, container]) => addressOf(container) ?? [])
    expect(new Set(addresses).size).toBe(addresses.length)
    expect(addresses.length).toBe(13)
  })

  test.each([
    ['patroni.yml', 'patroni', ['FOLDER', 'POSTGRESQL_BIN']],
    ['haproxy.cfg', 'haproxy', []],
  ])('every value of %s is given', (config, command, byScript) => {
    const wanted = new Set([...read(config).matchAll(/\$\{([A-Z0-9_]+)\}/g)].map(([, name]) => name!))
    for (const { environment } of withCommand(command))
      expect([...Object.keys(environment!), ...byScript].sort()).toEqual([...wanted].sort())
  })

  test('every value that the script takes is given', () => {
    for (const command of ['etcd', 'databases']) {
      const part = read('start.sh').split(`\n${command})`)[1]!.split(';;')[0]!
      const wanted = new Set([...part.matchAll(/\$(BALANCER|PASSWORD|NODE|ADDRESS|ETCD_CLUSTER)\b/g)])
      const names = new Set([...wanted].map(([, name]) => name))
      for (const { environment } of withCommand(command))
        expect(Object.keys(environment!).sort()).toEqual([...names].sort())
    }
  })

  test('what names a node, the balancer or an instance has its address', () => {
    const [balancer] = withCommand('haproxy')
    expect(balancer!.environment).toEqual({
      BALANCER: addressOf(balancer!),
      NODE1: addressOf(file.services.node1!),
      NODE2: addressOf(file.services.node2!),
      NODE3: addressOf(file.services.node3!),
      ...Object.fromEntries(
        containersOfServices().map(([name, container]) => [prefixOf(name), addressOf(container)]),
      ),
    })
    for (const own of [...withCommand('etcd'), ...withCommand('patroni')])
      expect(own.environment!.ADDRESS).toBe(addressOf(own))
    const etcd = withCommand('etcd').map(addressOf)
    for (const { environment } of withCommand('patroni'))
      expect(environment!.ETCD_HOSTS).toBe(etcd.map((address) => `${address}:2379`).join(','))
    for (const { environment } of withCommand('etcd'))
      expect(environment!.ETCD_CLUSTER).toBe(
        etcd.map((address, index) => `etcd${index + 1}=http://${address}:2380`).join(','),
      )
  })

  test('the services have variables that exist, and find their databases and each other at the balancer', () => {
    const address = addressOf(withCommand('haproxy')[0]!)
    expect(containersOfServices()).toHaveLength(6)
    for (const [name, { environment }] of containersOfServices()) {
      const service = name.slice(0, -2)
      const known = variablesOf(service).map((variable) => variable.name)
      expect(Object.keys(environment!).filter((variable) => !known.includes(variable))).toEqual([])
      const entry = listedServices.find((each) => each.name === service)!
      const url = new URL(environment![`${prefixOf(service)}_DATABASE_URL`]!)
      expect([url.hostname, url.pathname]).toEqual([address, `/${entry.database}`])
      for (const called of entry.calls ?? []) {
        const port = listedServices.find((each) => each.name === called)!.port
        expect(environment![`${prefixOf(service)}_${prefixOf(called)}_URL`]).toBe(`http://${address}:${port}`)
      }
    }
  })

  test('a service starts with its environment, in production as its image is', () => {
    for (const [name, { environment }] of containersOfServices()) {
      const given = Object.entries(environment!).filter(([, value]) => value !== null)
      const password = randomBytes(12).toString('hex')
      const env = {
        NODE_ENV: 'production',
        ...Object.fromEntries(
          given.map(([variable, value]) => [variable, String(value).replaceAll('${HA_PASSWORD}', password)]),
        ),
      }
      const bundle = join(root, 'dist/apps', name.slice(0, -2), 'main.js')
      const checked = spawnSync(process.execPath, [bundle, '--check-config'], { env, encoding: 'utf8' })
      expect([name, checked.stderr, checked.status]).toEqual([name, '', 0])
    }
  })

  test('an instance that stops takes requests for longer than two checks, and is given the time that it needs', () => {
    const [, checkMs] = /^defaults http$.*?\binter (\d+)ms/ms.exec(read('haproxy.cfg'))!
    for (const [, { environment, stop_grace_period: grace }] of containersOfServices()) {
      const { SHUTDOWN_DRAIN_MS: drainMs, SHUTDOWN_TIMEOUT: seconds } = environment!
      expect(Number(drainMs)).toBeGreaterThan(2 * Number(checkMs))
      expect(Number.parseInt(grace!)).toBeGreaterThan(Number(drainMs) / 1000 + Number(seconds) + 3)
    }
  })

  test('every container has no capabilities and can get none, and each volume is declared', () => {
    for (const [, { cap_drop: drop, security_opt: options, volumes = [] }] of containers) {
      expect([drop, options]).toEqual([['ALL'], ['no-new-privileges:true']])
      for (const volume of volumes) expect(Object.keys(file.volumes)).toContain(volume.split(':')[0])
    }
  })

  test('the script is one that a shell reads', () => {
    execFileSync('sh', ['-n', join(folder, 'start.sh')])
  })
})
