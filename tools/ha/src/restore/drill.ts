import { execFile, spawn } from 'node:child_process'
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createOrdinal } from '@ordinal/client'
import { startCallers, type Callers } from '../callers'
import { root } from '../cluster'
import { neverInterrupted } from '../interruption'
import { ownNetwork } from '../network'
import { familyOf, signal, start, until, type Program } from '../programs'
import { prove, readRecords, type Proof } from '../proof'
import { described, hasFoundLoss, isSilent, type Checked } from './check'
import { createServer, type Method } from './servers'

export interface Restored {
  proof: Proof
  /** Numbers that were acknowledged, and that the restored ledger did not have. */
  missing: number
  /** Of these, how many are void on record, with the reason of the restore. */
  explained: number
  /** Values that were skipped in all. */
  skipped: number
  /** Whether the service refused to issue before the counters were raised. */
  refused: boolean
  /** Whether `ordinal restore-check` found nothing before the loss, and after it what was lost and nothing else. */
  silent: boolean
  found: boolean
  fits: boolean
}

const reason = 'drill: the disk of the ledger was lost'
const services = { 'user-service': 'userdb', 'order-service': 'orderdb', sequencer: 'sequencerdb' } as const
type Service = keyof typeof services

/**
 * Issues numbers under load, loses the ledger's server, restores it to a moment before its end, checks it, raises its
 * counters and goes on issuing.
 *
 * @param options.deaths how often the process that raises is killed before it is let finish
 * @param options.restMs of a caller after each answer
 * @param options.interrupted rejects when nobody wants the result any more: all that was started is ended then, too
 */
export async function restoreDrill(
  method: Method,
  say: (line: string) => void,
  { deaths = 2, numbers = 500, restMs = 0, interrupted = neverInterrupted } = {},
): Promise<Restored> {
  const folder = join('/var/tmp', `ordinal-restore-${process.pid}-${method}`)
  const network = ownNetwork(127)
  const host = `${network}.11`
  const checkpointFile = join(folder, 'checkpoint.jws')
  const password = randomBytes(12).toString('hex')
  const auditor = randomBytes(24).toString('base64url')
  const secrets = {
    SEQUENCER_SIGNING_KEY: generateKeyPairSync('ed25519')
      .privateKey.export({ type: 'pkcs8', format: 'der' })
      .toString('base64'),
  }
  const urls = {
    users: `http://${host}:8081`,
    orders: `http://${host}:8082`,
    sequencer: `http://${host}:8083`,
  }
  const running: Program[] = []
  mkdirSync(folder, { mode: 0o755 })
  writeFileSync(checkpointFile, 'none\n')
  // Whoever was interrupted may still be at its work: it starts nothing more.
  const end = new AbortController()
  const ended = end.signal
  const ledger = createServer({
    folder: join(folder, 'ledger'),
    address: `${network}.1`,
    password,
    backup: method,
    ended,
  })
  const others = createServer({ folder: join(folder, 'others'), address: `${network}.2`, password, ended })
  const serverOf = (database: string) => (database === services.sequencer ? ledger : others)
  const databaseUrl = (database: string) =>
    `postgresql://postgres:${password}@${network}.${database === services.sequencer ? 1 : 2}:5432/${database}`

  const environmentOf = (service: Service): Record<string, string> => {
    const prefix = service.toUpperCase().replaceAll('-', '_')
    return {
      [`${prefix}_HOST`]: host,
      [`${prefix}_DATABASE_URL`]: databaseUrl(services[service]),
      [`${prefix}_RATE_LIMIT`]: '0',
      LOG_LEVEL: 'warn',
      API_KEYS: `auditor:${createHash('sha256').update(auditor).digest('hex')}`,
      ...(service === 'order-service' && {
        ORDER_SERVICE_USER_SERVICE_URL: urls.users,
        ORDER_SERVICE_SEQUENCER_URL: urls.sequencer,
      }),
      ...(service === 'sequencer' && {
        SEQUENCER_ANONYMOUS_QUOTA_NUMBERS: '0',
        SEQUENCER_KEPT_CHECKPOINT: checkpointFile,
        ...secrets,
      }),
    }
  }
  const startService = (service: Service) => {
    const args = [join(root, 'dist/apps', service, 'main.js')]
    const env = environmentOf(service)
    ended.throwIfAborted()
    const program = start({ name: service, command: process.execPath, args, folder, env, asPostgres: false })
    running.push(program)
    return program
  }
  const statusOf = async (url: string, init?: RequestInit) =>
    fetch(url, { ...init, signal: AbortSignal.timeout(5_000) }).then(
      ({ status }) => status,
      () => 0,
    )
  const isReady = async (url: string) => (await statusOf(`${url}/health/ready`)) === 200

  /** Runs `ordinal restore-check`, and gives what it has found. */
  const check = (...options: string[]) =>
    new Promise<Checked>((resolve, reject) => {
      const env = {
        PATH: process.env.PATH,
        HOME: folder,
        ORDINAL_USERS_URL: urls.users,
        ORDINAL_ORDERS_URL: urls.orders,
        ORDINAL_SEQUENCER_URL: urls.sequencer,
        ORDINAL_API_KEY: auditor,
      }
      const main = join(root, 'packages/cli/dist/main.js')
      execFile(
        process.execPath,
        [main, '--json', 'restore-check', '--checkpoint', checkpointFile, ...options],
        { env, cwd: folder, signal: ended, maxBuffer: 1e8 },
        (error, stdout, stderr) => {
          if (stdout === '') return reject(new Error(`ordinal restore-check printed nothing: ${stderr}`))
          const exitCode = error ? Number(error.code) : 0
          const checked = { ...(JSON.parse(stdout) as Omit<Checked, 'exitCode'>), exitCode }
          say(described(checked))
          resolve(checked)
        },
      )
    })

  /** Runs `sequencer --raise-counters`; killed after some milliseconds, it gives undefined. */
  const raise = (plan: string, killedAfterMs?: number) =>
    new Promise<{ counters: { skipped: number; withheld: number }[] } | undefined>((resolve, reject) => {
      const child = spawn(process.execPath, [join(root, 'dist/apps/sequencer/main.js'), '--raise-counters'], {
        cwd: folder,
        env: { PATH: process.env.PATH, ...environmentOf('sequencer') },
        stdio: ['pipe', 'pipe', 'inherit'],
        signal: ended,
        killSignal: 'SIGKILL',
      })
      child.on('error', reject)
      let output = ''
      child.stdout.on('data', (piece: Buffer) => (output += piece.toString()))
      child.stdin.on('error', () => undefined)
      child.stdin.end(plan)
      const timer =
        killedAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killedAfterMs)
      child.on('close', (code) => {
        clearTimeout(timer)
        if (code === 0) resolve(JSON.parse(output) as { counters: { skipped: number; withheld: number }[] })
        else if (killedAfterMs !== undefined) resolve(undefined)
        else reject(new Error(`--raise-counters ends with ${code}`))
      })
    })

  const { audit } = createOrdinal({ ...urls, apiKey: auditor, timeoutMs: 60_000 })
  let callers: Callers | undefined
  async function carryOut(): Promise<Restored> {
    await ledger.start()
    await others.start()
    for (const database of Object.values(services))
      await serverOf(database).psql(`CREATE DATABASE ${database}`)
    for (const service of Object.keys(services) as Service[]) startService(service)
    for (const url of Object.values(urls)) await until(`${url} is ready`, () => isReady(url))
    callers = await startCallers(urls, restMs)
    const drawn = callers
    const more = (count: number) => {
      const wanted = drawn.numbers.length + count
      return until('numbers', () => drawn.numbers.length >= wanted, 120_000)
    }
    await more(numbers)
    await ledger.takeBackup()
    await more(numbers)
    const moment = await ledger.psql('SELECT clock_timestamp()')
    await more(numbers)
    writeFileSync(checkpointFile, (await audit.checkpoint()).checkpoint)
    const silent = isSilent(await check())
    await ledger.archiveAll()
    await more(50)
    const sequencer = running.find(({ name }) => name === 'sequencer')!
    await ledger.destroy()
    signal(familyOf(sequencer.pid), 'SIGKILL')
    say(`The ledger is lost, ${drawn.numbers.length} numbers after its start. It is restored to ${moment}.`)

    await ledger.restore(moment)
    const kept = new Set((await readRecords(databaseUrl)).numbers.map(({ number }) => number))
    const lost = drawn.numbers.map(({ answer }) => answer).filter((number) => !kept.has(number))
    startService('sequencer')
    await until('the sequencer listens', () =>
      statusOf(`${urls.sequencer}/health/live`).then((status) => status === 200),
    )
    const refused =
      (await statusOf(`${urls.sequencer}/api/v1/next/SG`, { method: 'POST' })) === 503 &&
      !(await isReady(urls.sequencer))
    const plan = join(folder, 'plan.json')
    const checked = await check('--plan', plan, '--reason', reason, '--margin', String(4 * numbers))
    const found = hasFoundLoss(checked, await readRecords(databaseUrl))
    const content = readFileSync(plan, 'utf8')
    for (let death = 1; death <= deaths; death += 1) await raise(content, 400 * death + Math.random() * 800)
    await raise(content)
    await ledger.psql('ALTER SYSTEM RESET ordinal.restored')
    await ledger.psql('SELECT pg_reload_conf()')
    await until('the sequencer issues again', () => isReady(urls.sequencer))
    await more(numbers)
    await callers.stop()

    const proof = await prove(databaseUrl, callers)
    const records = await readRecords(databaseUrl)
    const given = new Set(records.numbers.map(({ number }) => number))
    const count = (sql: string) => ledger.psql(sql, services.sequencer).then(Number)
    const voided = new Set(
      (
        await ledger.psql(
          `SELECT number FROM ledger WHERE event = 'skip' AND state = 'void' AND reason = '${reason}'`,
          services.sequencer,
        )
      ).split('\n'),
    )
    const { fits } = await audit.verify()
    return {
      proof,
      missing: lost.length,
      explained: lost.filter((number) => voided.has(number) && !given.has(number)).length,
      skipped: await count(`SELECT count(*) FROM ledger WHERE event = 'skip'`),
      refused,
      silent,
      found,
      fits,
    }
  }

  try {
    return await Promise.race([carryOut(), interrupted])
  } finally {
    end.abort()
    const stopped = callers?.stop().catch(() => undefined)
    signal(
      running.flatMap(({ pid }) => familyOf(pid)),
      'SIGKILL',
    )
    await Promise.all([ledger.kill(), others.kill()])
    if (process.env.HA_KEEP === undefined) rmSync(folder, { recursive: true, maxRetries: 5 })
    void stopped
  }
}
