import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Client } from 'pg'
import { removePostgres, startPostgres } from './postgres'
import type { Reading, ReadingResult } from './readers'
import { root } from './root'

export { root } from './root'

const password = randomBytes(24).toString('base64url')

/** A server to be measured. */
export interface Contestant {
  port: number
  /** Of gRPC, where it has it. */
  grpcPort?: number
  /** Resident memory, in MB; undefined where there is no /proc. */
  residentMb(): number | undefined
  /** Processor time since its start, in milliseconds; undefined where there is no /proc. */
  cpuMs(): number | undefined
}

export type Stage = Awaited<ReturnType<typeof openStage>>

/**
 * A database server with fsync, and the servers to be measured, all of which end with `close`.
 *
 * @param options.standby whether a second server confirms each commit
 */
export async function openStage({ standby: withStandby = false } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'ordinal-bench-'))
  const dataFolder = join(folder, 'postgres')
  const children: ChildProcess[] = []
  const close = closedOnSignals(async () => {
    for (const child of children) child.kill()
    const running = children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)
    await Promise.all(running.map((child) => once(child, 'exit')))
    await removePostgres(dataFolder)
    rmSync(folder, { recursive: true, force: true })
  })
  const postgres = await startPostgres(dataFolder, withStandby)

  async function asAdmin<T>(database: string, work: (admin: Client) => Promise<T>): Promise<T> {
    const admin = new Client(postgres.url(database))
    // Whoever ends a benchmark ends the server under a query: that fails, and is enough.
    admin.on('error', () => {})
    await admin.connect()
    return work(admin).finally(() => admin.end())
  }
  await asAdmin('postgres', async (admin) => {
    for (const role of ['ledger_owner', 'ledger_user'])
      await admin.query(`CREATE ROLE ${role} LOGIN PASSWORD '${password}'`)
  })

  /** Starts a program, with its output in a file as in production. */
  function start(
    program: string,
    args: string[],
    environment: Record<string, string>,
    output: 'pipe' | number,
  ): ChildProcess {
    const child = spawn(process.execPath, [join(root, program), ...args], {
      env: { PATH: process.env.PATH, ...environment },
      cwd: folder,
      stdio: ['ignore', output, 'inherit'],
    })
    children.push(child)
    return child
  }
  const contestant = (child: ChildProcess, port: number): Contestant => ({
    port,
    residentMb: () => residentMb(child.pid!),
    cpuMs: () => cpuMs(child.pid!),
  })

  const made = new Set<string>()
  async function createDatabase(name: string): Promise<string> {
    if (!made.has(name))
      await asAdmin('postgres', (admin) => admin.query(`CREATE DATABASE ${name} OWNER ledger_owner`))
    made.add(name)
    return postgres.url(name, 'ledger_owner', password)
  }

  async function createLedger(name: string) {
    const ownerUrl = await createDatabase(name)
    return {
      url: postgres.url(name, 'ledger_user', password),
      ownerUrl,
    }
  }

  /** Starts a program that serves HTTP, and waits until it does. */
  async function startServer(
    program: string,
    args: string[],
    port: number,
    variables: Record<string, string>,
    logName: string,
  ): Promise<Contestant> {
    const child = start(program, args, variables, openSync(join(folder, `${logName}.log`), 'a'))
    while (!(await isReady(port))) {
      if (child.exitCode !== null) throw new Error(`${program} did not start`)
      await delay(50)
    }
    return contestant(child, port)
  }

  async function startService(
    program: string,
    args: string[],
    database: string,
    environment: Record<string, string> = {},
  ): Promise<Contestant> {
    const { url, ownerUrl } = await createLedger(database)
    const port = await freePort()
    const grpcPort = await freePort()
    const variables = {
      SEQUENCER_PORT: String(port),
      SEQUENCER_GRPC_PORT: String(grpcPort),
      SEQUENCER_DATABASE_URL: url,
      SEQUENCER_MIGRATION_DATABASE_URL: ownerUrl,
      // The load has no key.
      ...(program.includes('sequencer') && {
        SEQUENCER_ANONYMOUS_QUOTA_NUMBERS: '0',
        SEQUENCER_ANONYMOUS_QUOTA_RESERVATIONS: '0',
      }),
      ...environment,
    }
    if (args.length > 0) await migrate(url, ownerUrl)
    return { ...(await startServer(program, args, port, variables, database)), grpcPort }
  }

  /** Starts a Redis without a disk; gives its port, or undefined where there is no Redis. */
  async function startRedisServer(): Promise<number | undefined> {
    const port = await freePort()
    const redis = spawn(
      'redis-server',
      ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder],
      { stdio: 'ignore' },
    )
    if (!(await once(redis, 'spawn').catch(() => undefined))) return undefined
    children.push(redis)
    return port
  }

  async function migrate(url: string, ownerUrl: string): Promise<void> {
    const variables = { SEQUENCER_DATABASE_URL: url, SEQUENCER_MIGRATION_DATABASE_URL: ownerUrl }
    const log = openSync(join(folder, 'migrate.log'), 'a')
    await once(start('dist/apps/sequencer/main.js', ['--migrate'], variables, log), 'exit')
  }

  return {
    asAdmin,
    startRedisServer,

    /**
     * Starts a service on a database of its own, which is made and migrated.
     *
     * @param prefix of its variables: `ORDER_SERVICE`
     */
    async startOnDatabase(
      program: 'user-service' | 'order-service',
      prefix: string,
      database: string,
      environment: Record<string, string> = {},
    ): Promise<Contestant> {
      const port = await freePort()
      const variables = {
        [`${prefix}_PORT`]: String(port),
        ...(program === 'order-service' && {
          ORDER_SERVICE_GRPC_PORT: '0',
          // A pause of the machine makes a call slow; one that failed would end the measurement.
          ORDER_SERVICE_CALL_TIMEOUT_MS: '10000',
        }),
        [`${prefix}_DATABASE_URL`]: await createDatabase(database),
        [`${prefix}_RATE_LIMIT`]: '0',
        ...environment,
      }
      return startServer(`dist/apps/${program}/main.js`, [], port, variables, database)
    },

    /** A setting of the database server. */
    show: (setting: 'server_version' | 'fsync') =>
      asAdmin('postgres', async (admin) => {
        const { rows } = await admin.query<Record<string, string>>(`SHOW ${setting}`)
        return rows[0]![setting]!
      }),

    /** Starts an instance on a database, which is made if it is not there. */
    async startSequencer(database: string, environment: Record<string, string> = {}): Promise<Contestant> {
      return startService('dist/apps/sequencer/main.js', [], database, environment)
    },

    /** Starts the sequencer's HTTP with Redis in place of the ledger; undefined where there is no Redis. */
    async startRedis(): Promise<Contestant | undefined> {
      const port = await startRedisServer()
      if (port === undefined) return undefined
      return startService('dist/apps/sequencer/bench.js', ['redis', String(port)], 'beside_redis')
    },

    /**
     * Gives a new ledger so many numbers.
     *
     * @param tell takes how many there are, each million
     */
    async fill(database: string, rows: number, tell: (done: number) => void = () => {}): Promise<void> {
      const { url, ownerUrl } = await createLedger(database)
      await migrate(url, ownerUrl)
      const child = start('dist/apps/sequencer/bench.js', ['fill', url, String(rows)], {}, 'pipe')
      child.stdout!.on('data', (lines) => tell(Number(String(lines).trim().split('\n').at(-1))))
      const [code] = (await once(child, 'close')) as [number | null]
      if (code !== 0) throw new Error('the ledger could not be filled')
      await asAdmin(database, (admin) => admin.query('VACUUM ANALYZE'))
    },

    /** Defines sequences beside those that a ledger has from the start. */
    async define(database: string, prefixes: readonly string[]): Promise<void> {
      await asAdmin(database, (admin) =>
        admin.query(
          `INSERT INTO sequences (prefix, version, template, reset, created_by)
           SELECT prefix, 1, '{prefix}-{seq}', 'never', 'bench' FROM unnest($1::text[]) prefix`,
          [prefixes],
        ),
      )
    },

    /** Starts readers, a process of their own; resolves when they have read for as long as they were to. */
    async startReaders(reading: Reading): Promise<ReadingResult> {
      const child = start('dist/tools/bench/main.js', ['--readers', JSON.stringify(reading)], {}, 'pipe')
      let output = ''
      child.stdout!.on('data', (chunk) => (output += String(chunk)))
      await once(child, 'close')
      return JSON.parse(output) as ReadingResult
    },

    async startConstant(kind: 'node' | 'express'): Promise<Contestant> {
      const child = start('dist/tools/bench/main.js', ['--serve', kind], { NODE_ENV: 'production' }, 'pipe')
      const [line] = (await once(child.stdout!, 'data')) as [Buffer]
      return contestant(child, Number(line))
    },

    /** Runs the sequencer's own benchmark, on two new databases; gives what it prints. */
    async runInProcess(seconds: number, rounds: number): Promise<string> {
      const urls: string[] = []
      for (const name of ['inside_grouped', 'inside_single']) {
        const { url, ownerUrl } = await createLedger(name)
        await migrate(url, ownerUrl)
        urls.push(url)
      }
      const child = start(
        'dist/apps/sequencer/bench.js',
        ['in-process', ...urls, String(seconds), String(rounds)],
        {},
        'pipe',
      )
      let output = ''
      child.stdout!.on('data', (chunk) => (output += String(chunk)))
      const [code] = (await once(child, 'close')) as [number | null]
      if (code !== 0) throw new Error('the benchmark in process has failed')
      return output
    },

    /** Whether a ledger has exactly n numbers, and the values of each of its sequences are 1 to their count. */
    async isDense(database: string, n: number): Promise<boolean> {
      const { rows } = await asAdmin(database, (admin) =>
        admin.query<{ total: string | null; dense: boolean | null }>(
          `SELECT sum(count) AS total, bool_and(min = 1 AND max = count) AS dense
           FROM (SELECT count(*), min(value), max(value) FROM ledger GROUP BY prefix) counted`,
        ),
      )
      return Number(rows[0]?.total) === n && rows[0]?.dense === true
    },

    close,
  }
}

/**
 * The servers run in process groups of their own: who ends a benchmark with Ctrl-C would leave them behind, and gigabytes.
 *
 * @returns closes once, whoever asks
 */
function closedOnSignals(closeStage: () => Promise<void>): () => Promise<void> {
  let closing: Promise<void> | undefined
  const close = () => {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
    return (closing ??= closeStage())
  }
  const onSignal = (_signal: NodeJS.Signals, number: number) => {
    console.error('Stopping the servers and removing their data.')
    void close().finally(() => process.exit(128 + number))
  }
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  return close
}

function residentMb(pid: number): number | undefined {
  if (process.platform !== 'linux') return undefined
  const [, kb] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Math.round(Number(kb) / 1024)
}

// In which the kernel counts it for programs, on all platforms that Node runs on.
const msOfTick = 10

function cpuMs(pid: number): number | undefined {
  if (process.platform !== 'linux') return undefined
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // After the name, which may have any character.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * msOfTick
}

const isReady = (port: number) =>
  fetch(`http://127.0.0.1:${port}/health/ready`).then(
    ({ ok }) => ok,
    () => false,
  )

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
