import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAuthority, ownAddress, ownPort, startTestHaproxy, type TestHaproxy } from '@ordinal/testing'
import { ask, eventually } from './calls'
import { createDatabase, type ServiceDatabase } from './databases'
import { createService, root, type Environment, type ServiceProcess } from './service'
import { API_KEYS, apiKey } from './system'

export const publicNames = {
  users: 'users.localhost',
  orders: 'orders.localhost',
  numbers: 'numbers.localhost',
}

type Pair = [ServiceProcess, ServiceProcess]

/**
 * How long an instance that stops goes on taking requests. Longer than this machine pauses: a caller that slept through
 * all of it would send on a closed connection.
 */
const drainMs = 4_000

/** Two instances of each service behind HAProxy, which speaks TLS to callers. */
export interface Pairs {
  users: Pair
  orders: Pair
  sequencers: Pair
  /** All six, in the order in which they are replaced. */
  instances: ServiceProcess[]
  /** Where HAProxy takes all callers' requests, and the certificate that they check it against. */
  door: { host: string; port: number; ca: string }
  databases: Record<'users' | 'orders' | 'sequencer', ServiceDatabase>
  /** Migrates the databases, before any instance, to what the builds in a folder want. */
  migrate(bundles: string): Promise<void>
  /** Replaces all instances, one after the other, each when the one before gets requests; with other builds, if a folder is given. */
  replaceAll(bundles?: string): Promise<void>
  stop(): Promise<void>
}

/**
 * Starts them with deploy/production/haproxy.cfg.
 *
 * @param bundles the folder that has the bundles of all services; by default those that were built here
 */
export async function startPairs(bundles?: string): Promise<Pairs> {
  const databases = {
    users: await createDatabase('user-service'),
    orders: await createDatabase('order-service'),
    sequencer: await createDatabase('sequencer'),
  }
  const [publicPort, usersPort, sequencerPort] = [await ownPort(), await ownPort(), await ownPort()]
  const inside = {
    users: `http://${ownAddress}:${usersPort}`,
    sequencer: `http://${ownAddress}:${sequencerPort}`,
  }
  const pair = async (name: string, own: Environment): Promise<Pair> => {
    const variables = { API_KEYS, TRUST_PROXY: '1', SHUTDOWN_DRAIN_MS: String(drainMs), ...own }
    const folder = bundles === undefined ? undefined : join(bundles, name)
    return [await createService(name, variables, folder), await createService(name, variables, folder)]
  }
  const users = await pair('user-service', databases.users.environment)
  const sequencers = await pair('sequencer', databases.sequencer.environment)
  const orders = await pair('order-service', {
    ...databases.orders.environment,
    ORDER_SERVICE_USER_SERVICE_URL: inside.users,
    ORDER_SERVICE_SEQUENCER_URL: inside.sequencer,
    ORDER_SERVICE_API_KEY: apiKey,
  })
  const instances = [...sequencers, ...users, ...orders]
  const folder = mkdtempSync(join(tmpdir(), 'ordinal-pairs-'))
  const authority = await createAuthority()
  const { cert, key } = await authority.issue({ hosts: Object.values(publicNames) })
  writeFileSync(join(folder, 'certificate.pem'), `${cert}\n${key}\n`, { mode: 0o600 })

  const addressesOf = (prefix: string, [first, second]: Pair) => ({
    [`${prefix}_1`]: new URL(first.url).host,
    [`${prefix}_2`]: new URL(second.url).host,
    [`${prefix}_1_GRPC`]: first.grpcAt,
    [`${prefix}_2_GRPC`]: second.grpcAt,
  })
  let balancer: TestHaproxy | undefined
  async function stop(): Promise<void> {
    await balancer?.remove()
    await Promise.all(instances.map((instance) => instance.remove()))
    for (const database of Object.values(databases)) await database.drop()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    // The first of each migrates; the second finds nothing to do.
    for (const turn of [0, 1])
      await Promise.all([users, orders, sequencers].map((each) => each[turn]!.start()))
    balancer = await startTestHaproxy(
      join(root, 'deploy/production/haproxy.cfg'),
      {
        PUBLIC: `${ownAddress}:${publicPort}`,
        CERTIFICATE: join(folder, 'certificate.pem'),
        USERS_HOST: publicNames.users,
        ORDERS_HOST: publicNames.orders,
        NUMBERS_HOST: publicNames.numbers,
        INSIDE_USERS: new URL(inside.users).host,
        INSIDE_SEQUENCER: new URL(inside.sequencer).host,
        ...addressesOf('USER_SERVICE', users),
        ...addressesOf('ORDER_SERVICE', orders),
        ...addressesOf('SEQUENCER', sequencers),
      },
      publicPort,
    )
  } catch (error) {
    await stop()
    throw error
  }

  /** Stops an instance, starts it again, with another build if a folder is given, and waits until HAProxy sends it requests. */
  async function replace(instance: ServiceProcess, bundles: string | undefined): Promise<void> {
    const code = await instance.end('SIGTERM')
    if (code !== 0) throw new Error(`${instance.name} has ended with ${code}`)
    if (bundles !== undefined) instance.replaceBundle(join(bundles, instance.name))
    await instance.start()
    const server = `${instance.name}/${1 + instances.filter(({ name }) => name === instance.name).indexOf(instance)}`
    await eventually(
      async () => isUp(balancer!.log(), server) && (await servedOf(instance)) > 0,
      (inUse) => inUse,
      30_000,
    )
  }

  return {
    users,
    orders,
    sequencers,
    instances,
    door: { host: ownAddress, port: publicPort, ca: authority.cert },
    databases,
    stop,
    async migrate(folder) {
      for (const [instance] of [users, orders, sequencers])
        await instance.migrate(join(folder, instance.name))
    },
    async replaceAll(folder) {
      for (const instance of instances) await replace(instance, folder)
    },
  }
}

/** Whether HAProxy sends a server requests, by what it has said last about it. */
const isUp = (log: string, server: string) =>
  log
    .split('\n')
    .findLast((line) => line.includes(`Server ${server} is`))
    ?.includes(' is UP') ?? true

/** How many requests of its API an instance has answered since its start. */
async function servedOf(instance: ServiceProcess): Promise<number> {
  const { body } = await ask(instance, 'GET', '/metrics')
  const lines = (body as string).match(/^\w+_requests_total\{.*route="\/api\/.* (\d+)$/gm) ?? []
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
}
