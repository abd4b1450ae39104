import { setTimeout as delay } from 'node:timers/promises'
import { DatabaseClient, hasOwnSession, type PoolerMode } from '@ordinal/database'
import { logChanges, type Logger } from '@ordinal/logging'
import { createPeriodicTask } from '@ordinal/periodic-task'
import { channel } from './outbox'

interface Options {
  url: string
  /** LISTEN needs a session of its own; `auto` if not given. */
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

/** Listens for new events on a connection of its own, which is opened again when it breaks. */
export function createListener(options: Options) {
  const { url, pooler = 'auto', applicationName, onNews, log, checkMs = 10_000, timeoutMs = 5_000 } = options
  const report = logChanges(
    log,
    'LISTEN does not work: new events are found by polling',
    'LISTEN works: new events are found at once',
  )
  const task = createPeriodicTask({
    run: listen,
    // It reports success as soon as it listens.
    report: (error) => void (error !== undefined && report(error)),
    everyMs: 1_000,
  })

  /** Polling finds every event; LISTEN only finds it sooner. */
  function stopListening() {
    log.info(
      'new events are found by polling: LISTEN does not work through the connection pooler of the database',
    )
    void task.stop()
  }

  /** Ends, with what has happened, when the connection does. */
  async function listen(stopping: AbortSignal) {
    if (pooler === 'transaction') return stopListening()
    const client = new DatabaseClient({
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
      if (pooler === 'auto' && !(await hasOwnSession(client, timeoutMs))) return stopListening()
      await client.query(`LISTEN ${channel}`)
      report()
      onNews()
      while (!stopping.aborted) {
        const error = await Promise.race([broken, pause(checkMs, stopping)])
        if (error) throw error
        await client.query('SELECT 1')
      }
    } finally {
      // Says good-bye; where nobody answers, a query is under way and the socket is destroyed.
      await Promise.race([client.end().catch(() => undefined), delay(1_000, undefined, { ref: false })])
    }
  }

  return task
}

const pause = (ms: number, signal: AbortSignal) => delay(ms, undefined, { signal }).catch(() => undefined)
