import { randomBytes } from 'node:crypto'
import { chownSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client, escapeLiteral } from 'pg'
import {
  accountOfPostgres,
  familyOf,
  isAlive,
  missingPackages,
  postgresqlBin,
  signal,
  start,
  until,
  type Program,
} from './programs'

export const root = join(__dirname, '../../..')
const nodes = [1, 2, 3] as const
const services = ['user-service', 'order-service', 'sequencer'] as const

export interface ClusterOptions {
  /** Where its data and logs are; it is made. */
  folder: string
  /** The first three bytes of its addresses on the loopback: `127.27.0`. */
  network: string
  /** Strict synchronous replication; without it a failover loses what was acknowledged. */
  synchronous: boolean
}

export type Cluster = Awaited<ReturnType<typeof startCluster>>

/**
 * Starts three nodes of etcd, Patroni and PostgreSQL, HAProxy, and two of each service, each on an address of its own on the
 * loopback, with the files of deploy/ha. They outlive this process; `stop` ends them.
 *
 * @throws Error that names the Debian packages that are missing
 */
export async function startCluster(options: ClusterOptions) {
  const missing = missingPackages()
  if (missing.length > 0) throw new Error(`Missing here: apt-get install ${missing.join(' ')}`)
  const { folder, network } = options
  const password = randomBytes(12).toString('hex')
  const addressOf = (node: number) => `${network}.${node}`
  const balancer = `${network}.10`
  const instances = { a: `${network}.11`, b: `${network}.12` }
  const running = new Map<string, Program>()
  const launch = (program: Program) => void running.set(program.name, program)
  const folderOf = (node: number) => join(folder, `node${node}`)

  makeFolder(folder)
  for (const node of nodes) makeFolder(folderOf(node))

  const startEtcd = (node: number) =>
    launch(
      start({
        name: `etcd${node}`,
        command: '/usr/bin/etcd',
        folder: folderOf(node),
        args: [
          ...['--name', `etcd${node}`, '--data-dir', join(folderOf(node), 'etcd'), '--enable-v2'],
          ...['--listen-client-urls', `http://${addressOf(node)}:2379`],
          ...['--advertise-client-urls', `http://${addressOf(node)}:2379`],
          ...['--listen-peer-urls', `http://${addressOf(node)}:2380`],
          ...['--initial-advertise-peer-urls', `http://${addressOf(node)}:2380`],
          '--initial-cluster',
          nodes.map((each) => `etcd${each}=http://${addressOf(each)}:2380`).join(','),
        ],
      }),
    )

  function startPatroni(node: number): void {
    const file = join(folderOf(node), 'patroni.yml')
    fill('patroni.yml', file, {
      NODE: `node${node}`,
      ADDRESS: addressOf(node),
      ETCD_HOSTS: nodes.map((each) => `${addressOf(each)}:2379`).join(','),
      SYNCHRONOUS: String(options.synchronous),
      FOLDER: folderOf(node),
      POSTGRESQL_BIN: postgresqlBin()!,
      PASSWORD: password,
    })
    launch(
      start({ name: `patroni${node}`, command: '/usr/bin/patroni', args: [file], folder: folderOf(node) }),
    )
  }

  function startBalancer(): void {
    const file = join(folder, 'haproxy.cfg')
    fill('haproxy.cfg', file, {
      BALANCER: balancer,
      ...Object.fromEntries(nodes.map((node) => [`NODE${node}`, addressOf(node)])),
      INSTANCE_A: instances.a,
      INSTANCE_B: instances.b,
    })
    launch(start({ name: 'haproxy', command: '/usr/sbin/haproxy', args: ['-db', '-f', file], folder }))
  }

  const databaseUrl = (database: string, user = 'ordinal') =>
    `postgresql://${user}:${password}@${balancer}:5432/${database}`

  function startService(service: (typeof services)[number], instance: 'a' | 'b'): void {
    const prefix = service.toUpperCase().replaceAll('-', '_')
    launch(
      start({
        name: `${service}-${instance}`,
        command: process.execPath,
        args: [join(root, 'dist/apps', service, 'main.js')],
        folder,
        asPostgres: false,
        env: {
          [`${prefix}_HOST`]: instances[instance],
          [`${prefix}_DATABASE_URL`]: databaseUrl(databaseOf[service]),
          [`${prefix}_RATE_LIMIT`]: '0',
          LOG_LEVEL: 'warn',
          ...(service === 'order-service' && {
            ORDER_SERVICE_USER_SERVICE_URL: `http://${balancer}:8081`,
            ORDER_SERVICE_SEQUENCER_URL: `http://${balancer}:8083`,
          }),
          ...(service === 'sequencer' && {
            SEQUENCER_ANONYMOUS_QUOTA_NUMBERS: '0',
            SEQUENCER_ANONYMOUS_QUOTA_RESERVATIONS: '0',
          }),
        },
      }),
    )
  }

  /** Which node is the leader: it says so itself. */
  async function leader(): Promise<number | undefined> {
    for (const node of nodes) if (await isOk(`http://${addressOf(node)}:8008/primary`)) return node
    return undefined
  }

  /** How many nodes say that they are this. */
  async function count(role: 'replica' | 'synchronous'): Promise<number> {
    const found = await Promise.all(nodes.map((node) => isOk(`http://${addressOf(node)}:8008/${role}`)))
    return found.filter(Boolean).length
  }

  /** A node that cannot follow after its crash is rebuilt, as an operator would do with `patronictl reinit`. */
  async function untilReplicas(): Promise<void> {
    const give = () => until('two replicas', async () => (await count('replica')) === 2, 45_000)
    for (let tries = 0; tries < 3; tries += 1)
      if (await give().catch(() => false)) return
      else for (const node of await lagging()) await reinitialize(addressOf(node))
    await give()
  }

  async function lagging(): Promise<number[]> {
    const well = await Promise.all(
      nodes.map(
        async (node) =>
          (await isOk(`http://${addressOf(node)}:8008/replica`)) ||
          (await isOk(`http://${addressOf(node)}:8008/primary`)),
      ),
    )
    return nodes.filter((_, index) => !well[index])
  }

  const cluster = {
    folder,
    urls: {
      users: `http://${balancer}:8081`,
      orders: `http://${balancer}:8082`,
      sequencer: `http://${balancer}:8083`,
    },
    databaseUrl,
    leader,
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
      await until('a leader', leader, 150_000)
      await untilReplicas()
      if (options.synchronous)
        await until(
          'a standby that the leader waits for',
          async () => (await count('synchronous')) > 0,
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
      const order = [...running.values()].reverse()
      await endAll(folder, order)
      if (!keep) rmSync(folder, { recursive: true, force: true })
    },
  }

  try {
    for (const node of nodes) startEtcd(node)
    await until('etcd', () => isOk(`http://${addressOf(1)}:2379/health`))
    for (const node of nodes) startPatroni(node)
    startBalancer()
    await until('a leader', leader, 150_000)
    await until('replicas', async () => (await count('replica')) === 2, 150_000)
    await createDatabases(databaseUrl('postgres', 'postgres'), password)
    for (const service of services)
      for (const instance of ['a', 'b'] as const) startService(service, instance)
    await cluster.settled()
    return cluster
  } catch (error) {
    await endAll(folder, [...running.values()].reverse())
    throw error
  }
}

const databaseOf = { 'user-service': 'userdb', 'order-service': 'orderdb', sequencer: 'sequencerdb' }

/** Ends the programs of a cluster, and all that come from them. */
export async function endAll(folder: string, programs: readonly Program[]): Promise<void> {
  const families = programs.flatMap(({ pid }) => familyOf(pid))
  // No failover now, and nothing that is kept: the cluster is at its end.
  signal(families, 'SIGKILL')
  // They are nobody's children.
  const servers = nodes.flatMap((node) => postmasterIn(join(folder, `node${node}`)) ?? []).flatMap(familyOf)
  signal(servers, 'SIGKILL')
  await until('all programs have ended', () => ![...families, ...servers].some(isAlive))
}

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

/** Refused or unanswered, it is asked again later. */
async function reinitialize(address: string): Promise<void> {
  const answer = await fetch(`http://${address}:8008/reinitialize`, {
    method: 'POST',
    body: JSON.stringify({ force: true }),
    signal: AbortSignal.timeout(5_000),
  }).catch(() => undefined)
  await answer?.body?.cancel()
}

async function isOk(url: string): Promise<boolean> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined)
  await answer?.body?.cancel()
  return answer?.ok ?? false
}
