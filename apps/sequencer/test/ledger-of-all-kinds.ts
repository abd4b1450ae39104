import { createInstance } from './instance'
import { upTo } from './sequencer'

/**
 * Writes a ledger in which everything has happened: batches of one and of many requests, several numbers for one,
 * periods, a closed one, reserved, confirmed, released and recycled numbers, void and suppressed ones, sites, and keys.
 */
export async function writeLedger(runtimeUrl: string): Promise<void> {
  const instance = createInstance(runtimeUrl)
  await instance.issue({ client_id: 'erp', generated_by: 'ada' })
  await Promise.all(upTo(6).map((n) => instance.issue({ count: n, key: `key ${n}`, caller: 'shop' })))
  await instance.issue({ prefix: 'INV', business_date: '2019-02-03' })
  await instance.issue({ prefix: 'INV', business_date: '2020-02-03' })
  const step = { prefix: 'SG', period: '', caller: 'shop', request_id: 'r', reason: 'not needed' }
  const held = await instance.issue({ event: 'reserve', hold_seconds: 600, count: 5, site_id: 'site-2' })
  await Promise.all(
    held.numbers
      .slice(0, 4)
      .map((number, index) =>
        instance.change({ ...step, ...number, event: index === 0 ? 'confirm' : 'release' }),
      ),
  )
  await Promise.all(upTo(4).map((n) => instance.issue({ count: (n % 2) + 1, site_id: 'site-1' })))
  await instance.issue({
    event: 'suppress',
    reason: 'suppressed',
    invoice_type: 'suppressed',
    site_id: 'site-1',
  })
  const { numbers } = await instance.issue({ client_id: 'crm' })
  await instance.change({ ...step, ...numbers[0]!, event: 'void' })
  const free = await instance.issue({ prefix: 'GLOBAL', count: 3 })
  for (const number of free.numbers.slice(1))
    await instance.change({ ...step, ...number, prefix: 'GLOBAL', event: 'release' })
  // Batches of one row each, one after the other, at the end.
  for (const n of upTo(5)) await instance.issue({ client_id: `client-${n}`, reason: `reason ${n}` })
  await instance.pool.query(`SELECT close_period('INV', '2019', 'ada', 'audited', 'r')`)
  await instance.pool.query(
    `SELECT register_keys(jsonb_build_object('shop', jsonb_build_array(repeat('ab', 32))))`,
  )
  await instance.close()
}

/** Adds a batch that mixes released and new values, and an import of a site. */
export async function writeReuse(runtimeUrl: string): Promise<void> {
  const instance = createInstance(runtimeUrl)
  await writeMixedBatch(instance)
  await writeImport(instance)
  await instance.close()
}

/** Writes a batch in which one request gets a released value, and the others new ones. */
async function writeMixedBatch({ issue, change, pool }: Instance): Promise<void> {
  const { numbers, period } = await issue({ prefix: 'PO', count: 3 })
  const released = { prefix: 'PO', period, caller: 'shop', request_id: 'r', reason: 'not needed' }
  await change({ ...released, ...numbers[1]!, event: 'release' })
  await pool.query(
    `SELECT issue_numbers('PO', 1, NULL, array_agg(ROW('issue', 'shop', 'mixed ' || client, count, NULL, NULL, NULL, client,
       NULL, NULL, NULL, NULL, NULL, NULL, 'r')::ledger_request ORDER BY client), false, NULL)
     FROM (VALUES ('ada', 1), ('bob', 1), ('two', 2)) r(client, count)`,
  )
}

/** Imports two numbers of a site, of which it releases one. */
async function writeImport({ change, pool }: Instance): Promise<void> {
  await pool.query(
    `SELECT issue_numbers('INV', 1, '2021-05-05', array_agg(ROW('import', 'shop', 'import ' || n, 1, NULL, NULL, NULL, NULL,
       NULL, 'site-2', 'partition-a', 'on-cycle', NULL, NULL, 'r')::ledger_request ORDER BY n), false, NULL)
     FROM generate_series(1, 2) n`,
  )
  const imported = { prefix: 'INV', period: '2021', value: 1, number: 'INV2021-0001' }
  await change({ ...imported, event: 'release', caller: 'shop', request_id: 'r', reason: 'not needed' })
}

type Instance = ReturnType<typeof createInstance>

/** Adds a sequence whose numbers are those of another, as its rules allow. */
export async function writeTwin(runtimeUrl: string): Promise<void> {
  const instance = createInstance(runtimeUrl)
  await instance.pool.query(
    `SELECT add_rules('TWIN', 1, 'SG{seq:6}', 'never', 'UTC', 1, 1, 'recycle', 60, NULL, true, NULL, NULL, true, 'ada', NULL, NULL, NULL)`,
  )
  await instance.issue({ prefix: 'TWIN' })
  await instance.close()
}
