import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createOrdinal } from '@ordinal/client'
import { root } from '../cluster'
import { ownNetwork } from '../network'
import { familyOf, signal, start, until, type Program } from '../programs'
import { createServer, type Method } from './servers'

const services = { 'user-service': 'userdb', 'order-service': 'orderdb', sequencer: 'sequencerdb' } as const
type Service = keyof typeof services

export type Installation = ReturnType<typeof createInstallation>

/**
 * One instance of each service, and two servers of PostgreSQL: one has the ledger, and a backup of it; the other has the rest.
 *
 * @param ended when it is aborted nothing is started any more
 */
export function createInstallation(method: Method, ended: AbortSignal) {
  const folder = join('/var/tmp', `ordinal-restore-${process.pid}-${method}`)
  const network = ownNetwork(127)
  const host = `${network}.11`
  const urls = {
    users: `http://${host}:8081`,
    orders: `http://${host}:8082`,
    sequencer: `http://${host}:8083`,
  }
  const checkpointFile = join(folder, 'checkpoint.jws')
  const password = randomBytes(12).toString('hex')
  const auditor = randomBytes(24).toString('base64url')
  const signingKey = newSigningKey()
  const running = new Map<Service, Program>()
  mkdirSync(folder, { mode: 0o755 })
  writeFileSync(checkpointFile, 'none\n')

  const addressOf = (database: string) => `${network}.${database === services.sequencer ? 1 : 2}`
  const serverAt = (name: string, database: string, backup?: Method) =>
    createServer({ folder: join(folder, name), address: addressOf(database), password, backup, ended })
  const ledger = serverAt('ledger', services.sequencer, method)
  const others = serverAt('others', services['order-service'])
  const databaseUrl = (database: string) =>
    `postgresql://postgres:${password}@${addressOf(database)}:5432/${database}`

  const extraVariables: Record<Service, Record<string, string>> = {
    'user-service': {},
    'order-service': {
      ORDER_SERVICE_USER_SERVICE_URL: urls.users,
      ORDER_SERVICE_SEQUENCER_URL: urls.sequencer,
    },
    sequencer: {
      SEQUENCER_ANONYMOUS_QUOTA_NUMBERS: '0',
      SEQUENCER_KEPT_CHECKPOINT: checkpointFile,
      SEQUENCER_SIGNING_KEY: signingKey,
    },
  }
  function environmentOf(service: Service): Record<string, string> {
    const prefix = service.toUpperCase().replaceAll('-', '_')
    return {
      [`${prefix}_HOST`]: host,
      [`${prefix}_DATABASE_URL`]: databaseUrl(services[service]),
      [`${prefix}_RATE_LIMIT`]: '0',
      [`${prefix}_LOG_LEVEL`]: 'warn',
      API_KEYS: `auditor:${createHash('sha256').update(auditor).digest('hex')}`,
      ...extraVariables[service],
    }
  }

  function startService(service: Service): void {
    ended.throwIfAborted()
    const args = [join(root, 'dist/apps', service, 'main.js')]
    const env = environmentOf(service)
    running.set(
      service,
      start({ name: service, command: process.execPath, args, folder, env, asPostgres: false }),
    )
  }
  const killService = (service: Service) => signal(familyOf(running.get(service)!.pid), 'SIGKILL')
  const isReady = async (url: string) => (await statusOf(`${url}/health/ready`)) === 200

  return {
    folder,
    urls,
    ledger,
    databaseUrl,
    /** A key that may read the audit. */
    auditor,
    audit: createOrdinal({ ...urls, apiKey: auditor, timeoutMs: 60_000 }).audit,
    /** Where the sequencer reads the checkpoint that was kept. */
    checkpointFile,
    environmentOf,
    startService,
    killService,
    isReady,

    /** Starts all of it, and waits until each service is ready. */
    async start(): Promise<void> {
      await ledger.start()
      await others.start()
      for (const database of Object.values(services))
        await (database === services.sequencer ? ledger : others).psql(`CREATE DATABASE ${database}`)
      for (const service of Object.keys(services) as Service[]) startService(service)
      for (const url of Object.values(urls)) await until(`${url} is ready`, () => isReady(url))
    },

    /** Ends all of it, and deletes its folder, unless HA_KEEP is set. */
    async end(): Promise<void> {
      for (const service of running.keys()) killService(service)
      await Promise.all([ledger.kill(), others.kill()])
      if (process.env.HA_KEEP === undefined) rmSync(folder, { recursive: true, maxRetries: 5 })
    },
  }
}

/** 0 if there is no answer. */
export const statusOf = (url: string, init?: RequestInit): Promise<number> =>
  fetch(url, { ...init, signal: AbortSignal.timeout(5_000) }).then(
    ({ status }) => status,
    () => 0,
  )

const newSigningKey = () =>
  generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64')
