import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, openSync, readFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Client } from 'pg'
import { removeEmbeddedPostgres, startEmbeddedPostgres } from '@ordinal/embedded-postgres'

/** The bundle is dist/tools/bench/main.js. */
export const root = resolve(__dirname, '../../..')

const password = 'bench'

/** A server to be measured. */
export interface Contestant {
  port: number
  /** Resident memory, in MB; undefined where there is no /proc. */
  residentMb(): number | undefined
}

export type Stage = Awaited<ReturnType<typeof openStage>>

/** A database server with fsync, and the servers to be measured, all of which end with `close`. */
export async function openStage() {
  const folder = mkdtempSync(join(tmpdir(), 'ordinal-bench-'))
  const children: ChildProcess[] = []
  const postgres = await startEmbeddedPostgres({ dataFolder: join(folder, 'postgres') })

  async function asAdmin<T>(database: string, work: (admin: Client) => Promise<T>): Promise<T> {
    const admin = new Client(postgres.url(database))
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
  })

  async function createLedger(name: string) {
    await asAdmin('postgres', (admin) => admin.query(`CREATE DATABASE ${name} OWNER ledger_owner`))
    return {
      url: postgres.url(name, 'ledger_user', password),
      ownerUrl: postgres.url(name, 'ledger_owner', password),
    }
  }

  return {
    /** A setting of the database server. */
    show: (setting: 'server_version' | 'fsync') =>
      asAdmin('postgres', async (admin) => {
        const { rows } = await admin.query<Record<string, string>>(`SHOW ${setting}`)
        return rows[0]![setting]!
      }),

    async startSequencer(database: string, environment: Record<string, string> = {}): Promise<Contestant> {
      const { url, ownerUrl } = await createLedger(database)
      const port = await freePort()
      const variables = {
        SEQUENCER_PORT: String(port),
        SEQUENCER_DATABASE_URL: url,
        SEQUENCER_MIGRATION_DATABASE_URL: ownerUrl,
        ...environment,
      }
      const child = start(
        'dist/apps/sequencer/main.js',
        [],
        variables,
        openSync(join(folder, `${database}.log`), 'a'),
      )
      while (!(await isReady(port))) {
        if (child.exitCode !== null) throw new Error('the sequencer did not start')
        await delay(50)
      }
      return contestant(child, port)
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
        const variables = { SEQUENCER_DATABASE_URL: url, SEQUENCER_MIGRATION_DATABASE_URL: ownerUrl }
        await once(
          start(
            'dist/apps/sequencer/main.js',
            ['--migrate'],
            variables,
            openSync(join(folder, 'migrate.log'), 'a'),
          ),
          'exit',
        )
        urls.push(url)
      }
      const child = start(
        'dist/apps/sequencer/bench.js',
        [...urls, String(seconds), String(rounds)],
        {},
        'pipe',
      )
      let output = ''
      child.stdout!.on('data', (chunk) => (output += String(chunk)))
      const [code] = (await once(child, 'close')) as [number | null]
      if (code !== 0) throw new Error('the benchmark in process has failed')
      return output
    },

    /** Whether the values of SG are exactly 1 to n. */
    async isDense(database: string, n: number): Promise<boolean> {
      const { rows } = await asAdmin(database, (admin) =>
        admin.query<{ count: string; min: string; max: string }>(
          `SELECT count(*), min(value), max(value) FROM ledger WHERE prefix = 'SG'`,
        ),
      )
      return rows[0]?.count === String(n) && rows[0].min === '1' && rows[0].max === String(n)
    },

    async close(): Promise<void> {
      for (const child of children) child.kill()
      const running = children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)
      await Promise.all(running.map((child) => once(child, 'exit')))
      await postgres.stop()
      await removeEmbeddedPostgres(join(folder, 'postgres'))
    },
  }
}

function residentMb(pid: number): number | undefined {
  if (process.platform !== 'linux') return undefined
  const [, kb] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Math.round(Number(kb) / 1024)
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
