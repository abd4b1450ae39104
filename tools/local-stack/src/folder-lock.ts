import { setTimeout as delay } from 'node:timers/promises'
import { Client } from 'pg'

/** Any number that nobody else uses for an advisory lock in the database `postgres`. */
const lockKey = 5_718_301

/**
 * Takes the lock by which one stack at a time runs from a folder. It is held until the connection ends, which
 * `end()` on it does, or the death of this process.
 *
 * @throws Error that names the process which holds it.
 */
export async function takeFolderLock(adminUrl: string): Promise<Client> {
  const client = new Client({ connectionString: adminUrl, application_name: `local-stack ${process.pid}` })
  // Every error is followed by `end`.
  client.on('error', () => {})
  await client.connect()
  let holder = 'unknown'
  // The lock of a stack that was killed goes a moment after it: when the server notices that.
  for (let tries = 0; tries < 10 || (tries < 100 && !isAlive(holder)); tries++) {
    const { rows } = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1) AS taken', [
      lockKey,
    ])
    if (rows[0]!.taken) return client
    holder = await findHolder(client)
    await delay(100)
  }
  await client.end()
  throw new Error(
    isAlive(holder)
      ? `Ordinal already runs from this folder (process ${holder}): stop it with Ctrl-C there first`
      : `The database of this folder is still held by a stack that has ended (process ${holder}): try again in a minute`,
  )
}

async function findHolder(client: Client): Promise<string> {
  const { rows } = await client.query<{ application_name: string }>(
    `SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid)
     WHERE locktype = 'advisory' AND granted AND objid = $1`,
    [lockKey],
  )
  return rows[0]?.application_name.split(' ')[1] ?? 'unknown'
}

/** Whether there is a process with this id; of another account it cannot be told, and it may be. */
function isAlive(pid: string): boolean {
  try {
    return process.kill(Number(pid), 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
