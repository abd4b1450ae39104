import { createHash } from 'node:crypto'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { migrate } from '@ordinal/database'

// A ledger as the first release wrote it: its schema, its functions, and hashes of format 1 as docs/decisions/0008 says.

const sha256 = (fields: unknown[]) => createHash('sha256').update(JSON.stringify(fields)).digest()

interface Request {
  event: string
  caller?: string
  count?: number
  value?: number
  number?: string
  hold_seconds?: number
  site_id?: string
  partition_id?: string
  business_date?: string
  reason?: string
}
interface Frame {
  prefix: string
  period: string
  start?: number
  head: string
  width: number
  tail?: string
}

/** Brings an empty database to the released schema. */
export async function makeReleasedSchema(url: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'ordinal-released-'))
  const released = '20261121000000_init'
  await cp(join(__dirname, '../prisma/migrations', released), join(folder, released), { recursive: true })
  await migrate({ url, folder })
  await rm(folder, { recursive: true })
}

/** What the released service did with its functions, as the owner. */
export async function releasedLedger(url: string) {
  const db = new Client(url)
  await db.connect()
  let keys = 0
  const complete = (requests: Request[]) =>
    requests.map((request) => ({
      count: 1,
      caller: 'anonymous',
      key: `key-${(keys += 1)}`,
      request_id: 'r-1',
      ...request,
    }))
  const digest = (r: ReturnType<typeof complete>[number]) =>
    sha256([
      'ordinal-request-v1',
      r.event,
      r.caller,
      r.key,
      r.count,
      r.hold_seconds ?? null,
      null,
      null,
      r.site_id ?? null,
      r.partition_id ?? null,
      null,
      r.business_date ?? null,
      r.reason ?? null,
      r.request_id,
    ])
  const rows = `(SELECT array_agg(r) FROM jsonb_populate_recordset(NULL::ledger_request, $1) r)`

  return {
    async issue({ prefix, period, start = 1, head, width, tail = '' }: Frame, ...given: Request[]) {
      const requests = complete(given)
      const header = sha256(['ordinal-batch-v1', prefix, period, head, width, tail, 1, 'recycle'])
      await db.query(
        `SELECT * FROM issue_numbers($2, $3, 1, $4, $5, $6, $7, NULL, NULL, ${rows}, $8, $9, false, NULL, false)`,
        [
          JSON.stringify(requests),
          prefix,
          period,
          start,
          head,
          width,
          tail,
          Buffer.concat(requests.map(digest)),
          header,
        ],
      )
    },
    async change(prefix: string, period: string, ...given: Request[]) {
      const requests = complete(given)
      const header = sha256(['ordinal-batch-v1', prefix, period, null, null, null, 1, 'recycle'])
      await db.query(`SELECT * FROM change_numbers($2, $3, 1, ${rows}, $4, $5, false)`, [
        JSON.stringify(requests),
        prefix,
        period,
        Buffer.concat(requests.map(digest)),
        header,
      ])
    },
    define: (prefix: string, template: string) =>
      db.query(
        `SELECT add_rules($1, 1, $2, 'never', 'UTC', 1, 1, 'recycle', true, 'ada', NULL, NULL, NULL)`,
        [prefix, template],
      ),
    end: () => db.end(),
  }
}
