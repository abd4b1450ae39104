import { createInstance } from './instance'
import { upTo } from './sequencer'

/**
 * Writes a ledger in which everything has happened: batches of one and of many requests, several numbers for one,
 * periods, a closed one, reserved, confirmed, released and recycled numbers, void and suppressed ones, sites, and keys.
 */
export async function writeLedger(runtimeUrl: string): Promise<void> {
  const instance = createInstance(runtimeUrl)
  await instance.issue({ clientId: 'erp', generatedBy: 'ada' })
  await Promise.all(
    upTo(6).map((n) => instance.issue({ count: n, idempotencyKey: `key ${n}`, caller: 'shop' })),
  )
  await instance.issue({ prefix: 'INV', businessDate: '2019-02-03' })
  await instance.issue({ prefix: 'INV', businessDate: '2020-02-03' })
  const step = { prefix: 'SG', period: '', caller: 'shop', requestId: 'r', reason: 'not needed' }
  const held = await instance.issue({ event: 'reserve', holdSeconds: 600, count: 5, siteId: 'site-2' })
  await Promise.all(
    held.numbers
      .slice(0, 4)
      .map((number, index) =>
        instance.change({ ...step, ...number, event: index === 0 ? 'confirm' : 'release' }),
      ),
  )
  await Promise.all(upTo(4).map((n) => instance.issue({ count: (n % 2) + 1, siteId: 'site-1' })))
  await instance.issue({
    event: 'suppress',
    reason: 'suppressed',
    invoiceType: 'suppressed',
    siteId: 'site-1',
  })
  const { numbers } = await instance.issue({ clientId: 'crm' })
  await instance.change({ ...step, ...numbers[0]!, event: 'void' })
  const free = await instance.issue({ prefix: 'GLOBAL', count: 3 })
  for (const number of free.numbers.slice(1))
    await instance.change({ ...step, ...number, prefix: 'GLOBAL', event: 'release' })
  // Batches of one row each, one after the other, at the end.
  for (const n of upTo(5)) await instance.issue({ clientId: `client-${n}`, reason: `reason ${n}` })
  await instance.pool.query(`SELECT close_period('INV', '2019', 'ada', 'audited', 'r')`)
  await instance.pool.query(
    `SELECT register_keys(jsonb_build_object('shop', jsonb_build_array(repeat('ab', 32))))`,
  )
  await instance.close()
}

/** Adds a sequence whose numbers are those of another, as its rules allow. */
export async function writeTwin(runtimeUrl: string): Promise<void> {
  const instance = createInstance(runtimeUrl)
  await instance.pool.query(
    `SELECT add_rules('TWIN', 1, 'SG{seq:6}', 'never', 'UTC', 1, 1, 'recycle', 60, NULL, true, NULL, NULL, true, 'ada', NULL, NULL, NULL)`,
  )
  await instance.issue({ prefix: 'TWIN' })
  await instance.close()
}
