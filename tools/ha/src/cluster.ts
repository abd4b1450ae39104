import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto'
import { chownSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client, escapeLiteral } from 'pg'
import { endAll } from './ending'
import { Interrupted, neverInterrupted } from './interruption'
import type { Network } from './network'
import { askPatroni, isOk } from './patroni'
import {
  accountOfPostgres,
  isAlive,
  missingPackages,
  postgresqlBin,
  start,
  until,
  type Program,
  type Start,
} from './programs'
import { reaping } from './reaping'

export const root = join(__dirname, '../../..')
const nodes = [1, 2, 3] as const
const services = ['user-service', 'order-service', 'sequencer'] as const

export interface ClusterOptions {
  /** Where its data and logs are; it is made. */
  folder: string
  /** Where its parts are; `stop` removes it. */
  network: Network
  /** Strict synchronous replication; without it a failover loses what was acknowledged. */
  synchronous: boolean
  /** Rejects when nobody wants the cluster any more; what was started by then is ended. */
  interrupted?: Promise<never>
}

export type Cluster = Awaited<ReturnType<typeof startCluster>>

/**
 * Starts three nodes of etcd, Patroni and PostgreSQL, HAProxy, and two of each service, each on an address of its own, with the
 * files of deploy/ha. They outlive this process; `stop` ends them.
 *
 * @throws Error that names the Debian packages that are missing
 */
export async function startCluster(options: ClusterOptions) {
  const missing = missingPackages()
  if (missing.length > 0) throw new Error(`Missing here: apt-get install ${missing.join(' ')}`)
  const { folder, network } = options
  const password = randomBytes(12).toString('hex')
  const { addressOf, balancer, instances, namespaceOf } = network
  const auditor = randomBytes(24).toString('base64url')
  const signingKey = newSigningKey()
  const patroni = askPatroni(nodes, addressOf)
  const running = new Map<string, Program>()
  let ended = false
  function launch(program: Start): void {
    // Whoever was interrupted may still be at its work.
    if (ended) throw new Error(`${program.name} is not started: the cluster has ended`)
    running.set(program.name, start(program))
  }
  async function end(): Promise<void> {
    ended = true
    await endAll(folder, [...running.values()])
    network.remove()
  }
  const folderOf = (node: number) => join(folder, `node${node}`)

  makeFolder(folder)
  for (const node of nodes) makeFolder(folderOf(node))

  const startEtcd = (node: number) =>
    launch({
      name: `etcd${node}`,
      command: '/usr/bin/etcd',
      folder: folderOf(node),
      namespace: namespaceOf(node),
      args: [
        ...['--name', `etcd${node}`, '--data-dir', join(folderOf(node), 'etcd'), '--enable-v2'],
        ...['--listen-client-urls', `http://${addressOf(node)}:2379`],
        ...['--advertise-client-urls', `http://${addressOf(node)}:2379`],
        ...['--listen-peer-urls', `http://${addressOf(node)}:2380`],
        ...['--initial-advertise-peer-urls', `http://${addressOf(node)}:2380`],
        '--initial-cluster',
        nodes.map((each) => `etcd${each}=http://${addressOf(each)}:2380`).join(','),
      ],
    })

  function startPatroni(node: number): void {
    const file = join(folderOf(node), 'patroni.yml')
    fill('patroni.yml', file, {
      NODE: `node${node}`,
      ADDRESS: addressOf(node),
      NETWORK: network.range,
      ETCD_HOSTS: nodes.map((each) => `${addressOf(each)}:2379`).join(','),
      SYNCHRONOUS: String(options.synchronous),
      FOLDER: folderOf(node),
      POSTGRESQL_BIN: postgresqlBin()!,
      PASSWORD: password,
    })
    const [command, ...args] = reaping('/usr/bin/patroni', [file])
    launch({
      name: `patroni${node}`,
      command,
      args,
      folder: folderOf(node),
      namespace: namespaceOf(node),
    })
  }

  function startBalancer(): void {
    const file = join(folder, 'haproxy.cfg')
    fill('haproxy.cfg', file, {
      BALANCER: balancer,
      ...Object.fromEntries(nodes.map((node) => [`NODE${node}`, addressOf(node)])),
      ...Object.fromEntries(
        services.flatMap((service) => [
          [`${prefixOf(service)}_A`, instances.a],
          [`${prefixOf(service)}_B`, instances.b],
        ]),
      ),
    })
    launch({ name: 'haproxy', command: '/usr/sbin/haproxy', args: ['-db', '-f', file], folder })
  }

  const databaseUrl = (database: string, user = 'ordinal') =>
    `postgresql://${user}:${password}@${balancer}:5432/${database}`

  function startService(service: (typeof services)[number], instance: 'a' | 'b'): void {
    const prefix = prefixOf(service)
    launch({
      name: `${service}-${instance}`,
      command: process.execPath,
      args: [join(root, 'dist/apps', service, 'main.js')],
      folder,
      asPostgres: false,
      env: {
        [`${prefix}_HOST`]: instances[instance],
        [`${prefix}_DATABASE_URL`]: databaseUrl(databaseOf[service]),
        [`${prefix}_RATE_LIMIT`]: '0',
        [`${prefix}_LOG_LEVEL`]: 'warn',
        SHUTDOWN_DRAIN_MS: '3000',
        TRUST_PROXY: '1',
        ...(service === 'order-service' && {
          ORDER_SERVICE_USER_SERVICE_URL: `http://${balancer}:8081`,
          ORDER_SERVICE_SEQUENCER_URL: `http://${balancer}:8083`,
        }),
        ...(service === 'sequencer' && {
          SEQUENCER_ANONYMOUS_QUOTA_NUMBERS: '0',
          SEQUENCER_ANONYMOUS_QUOTA_RESERVATIONS: '0',
          SEQUENCER_SIGNING_KEY: signingKey,
          API_KEYS: `auditor:${createHash('sha256').update(auditor).digest('hex')}:audit:read`,
        }),
      },
    })
  }

  /**
   * A node that cannot follow after its crash is rebuilt, as an operator would do with `patronictl reinit`: one at a time,
   * and only one that does not follow when it is looked at again. Without a standby nothing is acknowledged.
   */
  async function untilReplicas(): Promise<void> {
    const give = () => until('two replicas', async () => (await patroni.followers()).length === 2, 45_000)
    for (let tries = 0; tries < 3; tries += 1) {
      if (await give().catch(() => false)) return
      const before = await patroni.lagging()
      await sleep(3_000)
      const [still] = (await patroni.lagging()).filter((node) => before.includes(node))
      if (still !== undefined) await patroni.reinitialize(still)
    }
    await give()
  }

  const cluster = {
    folder,
    urls: {
      users: `http://${balancer}:8081`,
      orders: `http://${balancer}:8082`,
      sequencer: `http://${balancer}:8083`,
    },
    synchronous: options.synchronous,
    /** A key that may read the audit. */
    auditor,
    network,
    databaseUrl,
    leader: patroni.leader,
    followers: patroni.followers,
    running: () => [...running.values()],
    startPatroni,
    startBalancer,
    pidOf: (name: string) => running.get(name)!.pid,
    pidOfPostgres(node: number): number {
      const pid = postmasterIn(folderOf(node))
      if (pid === undefined) throw new Error(`Node ${node} has no PostgreSQL`)
      return pid
    },

    /** Waits until all is as it should be: a leader, its standbys, and services that can write. */
    async settled(): Promise<void> {
      await until('a leader', patroni.leader, 150_000)
      await untilReplicas()
      if (options.synchronous)
        await until(
          'standbys that the leader waits for',
          async () => (await patroni.synchronous()).length === 2,
          150_000,
        )
      for (const port of [8081, 8082, 8083])
        for (const address of Object.values(instances))
          await until(
            `${address}:${port} is ready`,
            () => isOk(`http://${address}:${port}/health/ready`),
            150_000,
          )
    },

    /** @param keep leaves the data and the logs for whoever looks into a failure */
    async stop({ keep = false } = {}): Promise<void> {
      await end()
      if (!keep) rmSync(folder, { recursive: true, force: true })
    },
  }

  async function assemble(): Promise<void> {
    for (const node of nodes) startEtcd(node)
    await until('etcd', () => isOk(`http://${addressOf(1)}:2379/health`))
    for (const node of nodes) startPatroni(node)
    startBalancer()
    await until('a leader', patroni.leader, 150_000)
    await until('replicas', async () => (await patroni.followers()).length === 2, 150_000)
    await createDatabases(databaseUrl('postgres', 'postgres'), password)
    for (const service of services)
      for (const instance of ['a', 'b'] as const) startService(service, instance)
    await cluster.settled()
  }

  try {
    await Promise.race([assemble(), options.interrupted ?? neverInterrupted])
    return cluster
  } catch (error) {
    await end()
    if (error instanceof Interrupted) rmSync(folder, { recursive: true, force: true })
    throw error
  }
}

const prefixOf = (service: string) => service.toUpperCase().replaceAll('-', '_')

const newSigningKey = () =>
  generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64')

const databaseOf = { 'user-service': 'userdb', 'order-service': 'orderdb', sequencer: 'sequencerdb' }

/** The process of the server of a node; undefined if there is none. */
function postmasterIn(folder: string): number | undefined {
  const file = join(folder, 'data/postmaster.pid')
  const pid = existsSync(file) ? Number(readFileSync(file, 'utf8').split('\n')[0]) : NaN
  // Not one that has its number by chance.
  return isAlive(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder) ? pid : undefined
}

async function createDatabases(url: string, password: string): Promise<void> {
  await until('the database answers', async () => {
    const admin = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 })
    admin.on('error', () => undefined)
    try {
      await admin.connect()
      await admin.query(`CREATE ROLE ordinal LOGIN PASSWORD ${escapeLiteral(password)}`)
      for (const name of Object.values(databaseOf)) await admin.query(`CREATE DATABASE ${name} OWNER ordinal`)
      return true
    } catch (error) {
      if ((error as { severity?: string }).severity === 'ERROR') throw error
      return false
    } finally {
      void admin.end().catch(() => undefined)
    }
  })
}

function makeFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o755 })
  const account = accountOfPostgres()
  if (account) chownSync(folder, account.uid, account.gid)
}

/** Writes a file of deploy/ha with its values. */
function fill(name: string, file: string, values: Readonly<Record<string, string>>): void {
  const text = readFileSync(join(root, 'deploy/ha', name), 'utf8')
  writeFileSync(
    file,
    text.replaceAll(/\$\{([A-Z0-9_]+)\}/g, (given, key: string) => values[key] ?? given),
    // It may have a password.
    { mode: 0o600 },
  )
  const account = accountOfPostgres()
  if (account) chownSync(file, account.uid, account.gid)
}
