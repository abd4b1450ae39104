import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { createTestDatabase, sharedTestRole, until, type TestDatabase } from '@ordinal/testing'
import { raiseCountersOf } from '../src/restore/command'
import type { RestorePlan } from '../src/restore/plan'
import { configFor, createLedgerDatabase, queryAsAdmin, startSequencer } from './sequencer'
import { newSigningKey } from './signing-key'
import { bearer, secret } from './tokens'

type Database = TestDatabase & { runtimeUrl: string }
type Sequencer = Awaited<ReturnType<typeof startSequencer>>

const signingKey = newSigningKey()

/** What is done to a ledger, by callers who retry nothing. */
export interface Work {
  /** Issues so many numbers, and gives them. */
  issue: (prefix: string, count: number) => Promise<string[]>
  post: (path: string, body?: object) => Promise<{ status: number; body: Record<string, never> }>
  /** Keeps a checkpoint in the file that the service is given. */
  keepCheckpoint: () => Promise<void>
}

/**
 * A ledger in which something was done, as it was restored: without what was done after the restored moment.
 *
 * @param before what it still has
 * @param after what it has not
 */
export async function restoreLedger(
  before: (work: Work) => Promise<unknown>,
  after: (work: Work) => Promise<unknown>,
) {
  const folder = mkdtempSync(join(tmpdir(), 'ordinal-restore-'))
  const checkpointFile = join(folder, 'checkpoint.jws')
  writeFileSync(checkpointFile, 'none\n')
  const env = {
    JWT_SECRET: secret,
    SEQUENCER_SIGNING_KEY: signingKey,
    SEQUENCER_KEPT_CHECKPOINT: checkpointFile,
  }
  const original = await createLedgerDatabase()
  await workOn(original, env, checkpointFile, before)
  // Nobody is connected to it then, so that it can be copied: a server takes a moment to notice.
  await until(async () => (await connectionsTo(original)) === 0)
  const copy = await createTestDatabase({ template: original.name })
  const restored: Database = {
    ...copy,
    runtimeUrl: (await sharedTestRole(copy, 'sequencer_runtime')).url,
  }
  await workOn(original, env, checkpointFile, after)

  return {
    restored,
    checkpointFile,
    start: (more: Record<string, string> = {}) => startSequencer(restored, { ...env, ...more }),
    raise: async (plan: Partial<RestorePlan>) => {
      const whole = {
        type: 'ordinal-restore-plan-v1',
        reason: 'restored',
        margin: 0,
        counters: [],
        numbers: [],
      }
      const text = JSON.stringify({ ...whole, ...plan })
      return JSON.parse(await raiseCountersOf(configFor(restored, env), Readable.from([text]))) as {
        counters: { prefix: string; period: string; last: number; skipped: number; withheld: number }[]
        checkpoint: string
      }
    },
    async remove() {
      rmSync(folder, { recursive: true })
      await restored.drop()
      await original.drop()
    },
  }
}

export type RestoredLedger = Awaited<ReturnType<typeof restoreLedger>>

/** How many sessions there are besides the one that asks. */
async function connectionsTo(database: Database): Promise<number> {
  const [row] = await queryAsAdmin<{ count: number }>(
    database,
    `SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
       AND backend_type = 'client backend'`,
  )
  return row!.count
}

/** Starts the service on the restored ledger, and ends it afterwards. */
export async function withService(
  ledger: RestoredLedger,
  work: (service: Sequencer) => Promise<void>,
): Promise<void> {
  const service = await ledger.start()
  try {
    await work(service)
  } finally {
    await service.stop()
  }
}

async function workOn(
  database: Database,
  env: Record<string, string>,
  checkpointFile: string,
  work: (work: Work) => Promise<unknown>,
): Promise<void> {
  const sequencer = await startSequencer(database, env)
  try {
    await work(workWith(sequencer, checkpointFile))
  } catch (error) {
    process.stderr.write(sequencer.lines.filter((line) => /"(warn|error)"/.test(line)).join(''))
    throw error
  } finally {
    await sequencer.stop()
  }
}

export function workWith({ url }: Pick<Sequencer, 'url'>, checkpointFile: string): Work {
  const post: Work['post'] = async (path, body = {}) => {
    const answer = await fetch(url + path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...(await bearer('admin')) },
      body: JSON.stringify(body),
    })
    return { status: answer.status, body: (await answer.json()) as Record<string, never> }
  }
  return {
    post,
    async issue(prefix, count) {
      const numbers: string[] = []
      while (numbers.length < count) {
        const { status, body } = await post(`/api/v1/next/${prefix}`)
        if (status !== 200) throw new Error(JSON.stringify(body))
        numbers.push(body.full_number!)
      }
      return numbers
    },
    async keepCheckpoint() {
      const answer = await fetch(`${url}/api/v1/audit/checkpoints`, { headers: await bearer('viewer') })
      writeFileSync(checkpointFile, ((await answer.json()) as { checkpoint: string }).checkpoint)
    },
  }
}
