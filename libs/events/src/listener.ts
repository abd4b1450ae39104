import { setTimeout as delay } from 'node:timers/promises'
import { Client } from 'pg'
import { hasOwnSession, type PoolerMode } from '@ordinal/database'
import { tellChanges, type Logger } from '@ordinal/logging'
import { channel } from './outbox'

interface Options {
  url: string
  /** LISTEN needs one that keeps sessions; looked for if not given. */
  pooler?: PoolerMode | undefined
  /** Shown in `pg_stat_activity`. */
  applicationName: string
  /** There are new events; or there may be, since nobody listened for a while. */
  onNews: () => void
  log: Logger
  /** How often the connection is asked whether it is still one: a network may swallow all packets. */
  checkMs?: number | undefined
  /** How long a connection, or its answer, may take. */
  timeoutMs?: number | undefined
}

/** Hears of new events, on a connection of its own, which is made again when it breaks. */
export function createListener(options: Options) {
  const { url, pooler = 'auto', applicationName, onNews, log, checkMs = 10_000, timeoutMs = 5_000 } = options
  const stopping = new AbortController()
  const tell = tellChanges(
    log,
    'new events are not heard of, and are found by looking',
    'new events are heard of',
  )
  let running = Promise.resolve()

  async function run() {
    while (!stopping.signal.aborted) {
      if (pooler === 'transaction') return giveUp()
      await listen().catch(tell)
      await pause(1_000)
    }
  }

  /** Polling finds every event; LISTEN only finds it sooner. */
  function giveUp() {
    log.info(
      'new events are found by polling: LISTEN does not work through the connection pooler of the database',
    )
    stopping.abort()
  }

  /** Ends, with what has happened, when the connection does. */
  async function listen() {
    const client = new Client({
      connectionString: url,
      application_name: applicationName,
      connectionTimeoutMillis: timeoutMs,
      query_timeout: timeoutMs,
      keepAlive: true,
    })
    const broken = new Promise<Error>((resolve) => {
      client.on('error', resolve)
      client.on('end', () => resolve(new Error('The connection ended')))
    })
    client.on('notification', onNews)
    try {
      await client.connect()
      if (pooler === 'auto' && !(await hasOwnSession(client, timeoutMs))) return giveUp()
      await client.query(`LISTEN ${channel}`)
      tell()
      onNews()
      while (!stopping.signal.aborted) {
        const error = await Promise.race([broken, pause(checkMs)])
        if (error) throw error
        await client.query('SELECT 1')
      }
    } finally {
      // Says good-bye; where nobody answers, a query is under way and the socket is destroyed.
      await Promise.race([client.end().catch(() => undefined), delay(1_000, undefined, { ref: false })])
    }
  }

  const pause = (ms: number) => delay(ms, undefined, { signal: stopping.signal }).catch(() => undefined)

  return {
    start(): void {
      running = run()
    },
    async stop(): Promise<void> {
      stopping.abort()
      await running
    },
  }
}
