import { execFile } from 'node:child_process'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { loadProtos } from '@ordinal/grpc'
import { createGrpcClient, startTestPgbouncer, startTestPostgres, until } from '@ordinal/testing'
import { migrateSequencer } from '../src/app'
import { workWith } from './restored-ledger'
import { configFor, queryAsAdmin, type startSequencer } from './sequencer'
import { bearer } from './tokens'

export type Sequencer = Awaited<ReturnType<typeof startSequencer>>

const protos = loadProtos(__dirname, 'sequencer.proto')
const site = { site_id: 'site-1', partition_id: 'partition-a' }

export type ServerToLose = Awaited<ReturnType<typeof startServerToLose>>

/** A server with a ledger, and a copy of it that may take its place under instances that run. */
export async function startServerToLose() {
  const postgres = await startTestPostgres()
  const url = postgres.url('postgres')
  const database = { adminUrl: url, url, runtimeUrl: url }
  await migrateSequencer(configFor(database))
  const folder = (name = 'cluster') => join(postgres.dataFolder, name)

  return {
    ...database,
    postgres,

    /** What the ledger has of all sequences: nothing that is written leaves it the same. */
    rowsInLedger: async () =>
      (await queryAsAdmin<{ count: string }>(database, 'SELECT count(*) FROM ledger'))[0]!.count,

    /**
     * Keeps the ledger as it is now, for `failOver`.
     *
     * @param prepare gets the folder of the copy
     */
    async copy(prepare?: (folder: string) => Promise<void>): Promise<void> {
      await postgres.stop()
      await rm(folder('older'), { recursive: true, force: true })
      await promisify(execFile)('cp', ['-a', folder(), folder('older')])
      await prepare?.(folder('older'))
      await postgres.restart()
    },

    /**
     * The copy takes the place of the server, as a standby that had not everything.
     *
     * @param meanwhile begins when the server is away
     */
    async failOver<T>(meanwhile: () => Promise<T>): Promise<T> {
      await postgres.stop()
      const doing = meanwhile()
      await rename(folder(), folder('lost'))
      await rename(folder('older'), folder())
      await rm(folder('lost'), { recursive: true })
      await postgres.restart()
      return doing
    },
  }
}

/** Issues a number as soon as the server takes writes. */
export const issueAgain = (instance: Sequencer) =>
  until(async () => (await workWith(instance, '').post('/api/v1/next/SG')).status === 200, 30_000)

const firstResult = ({ body }: { body: object }) => {
  const { results } = body as { results?: { problem?: { code: string } }[] }
  return { body: results?.[0]?.problem ?? body }
}

/** One call of each kind that issues or changes numbers, or signs what was; gives the code of each answer. */
export async function callEachWay(instance: Sequencer, held: string): Promise<string[]> {
  const { post } = workWith(instance, '')
  const client = createGrpcClient(instance.grpcPort!, protos, 'sequential.SequentialIDService')
  const imported = async () => {
    const answer = await fetch(`${instance.url}/api/v1/sequences/PO/import`, {
      method: 'POST',
      headers: { 'Content-Type': 'text/csv', ...(await bearer('admin')) },
      body: `number\nPO${new Date().getUTCFullYear()}-0001\n`,
    })
    return (await answer.json()) as { code?: string; stopped?: { code: string } }
  }
  const overGrpc = async (method: string, message: object) => {
    const { code, trailers } = await client.call(method, message, { deadlineMs: 20_000 })
    return { body: { code: (trailers['ordinal-error-code'] as string | undefined) ?? code } }
  }
  const answers = await Promise.all([
    ...Array.from({ length: 5 }, () => post('/api/v1/next/SG')),
    post('/api/v1/next/ORD'),
    post('/api/v1/next/SG', { count: 10 }),
    post('/api/v1/next/SG', { hold_seconds: 60 }),
    post('/api/v1/numbers:batch', { requests: [{ prefix: 'SG' }] }).then(firstResult),
    post('/api/v1/sequence/next', site),
    post(`/api/v1/numbers/${held}/release`, { reason: 'test' }),
    overGrpc('GetNext', { prefix: 'SG' }),
    overGrpc('GetNextBatch', { prefix: 'SG', count: 3 }),
    imported().then((body) => ({ body: { code: body.code ?? body.stopped?.code } })),
    fetch(`${instance.url}/api/v1/audit/checkpoints`, { headers: await bearer('viewer') }).then(
      async (answer) => ({ body: (await answer.json()) as { code?: string } }),
    ),
  ])
  client.close()
  return answers.map(({ body }) => JSON.stringify((body as { code?: unknown }).code ?? body))
}

/** A pooler that keeps a session for each connection, and one that shares servers between transactions. */
export async function startBothPoolers({ adminUrl }: { adminUrl: string }) {
  // It looks for a server that was away again after a second.
  const options = { adminUrl, settings: { server_login_retry: 1 } }
  return Promise.all([startTestPgbouncer('session', options), startTestPgbouncer('transaction', options)])
}
