import { chainHash, type ChainedBatch, type ChainedRow } from '@ordinal/testing'
import type { Client } from 'pg'

/** Computes the hashes of all chains again, as their description says. */
export async function rechain(db: Client): Promise<void> {
  const { rows: batches } = await db.query<ChainedBatch & { batch: string }>(
    `SELECT *, (extract(epoch FROM at) * 1000000)::bigint AS at_us FROM batches ORDER BY prefix, period, batch`,
  )
  let head = Buffer.alloc(32)
  for (const batch of batches) {
    if (batch.batch === '1') head = Buffer.alloc(32)
    const key = [batch.prefix, batch.period, batch.batch]
    const { rows } = await db.query<ChainedRow>(
      `SELECT *, business_date::text FROM ledger WHERE (prefix, period, batch) = ($1, $2, $3) ORDER BY position`,
      key,
    )
    head = Buffer.from(chainHash(head, batch, rows))
    await db.query('UPDATE batches SET hash = $4 WHERE (prefix, period, batch) = ($1, $2, $3)', [
      ...key,
      head,
    ])
    await db.query('UPDATE counters SET head = $4 WHERE (prefix, period, batch) = ($1, $2, $3)', [
      ...key,
      head,
    ])
  }
}

/** Numbers the entries of the register again, and computes their hashes. */
export async function rechainRegister(db: Client): Promise<void> {
  await db.query(`
    UPDATE register SET entry = entry + 1000;
    UPDATE register r SET entry = n.nth
    FROM (SELECT entry, row_number() OVER (ORDER BY entry) AS nth FROM register) n WHERE n.entry = r.entry;
    DO $$
    DECLARE
      v_entry register;
      v_hash bytea := decode(repeat('00', 32), 'hex');
    BEGIN
      FOR v_entry IN SELECT * FROM register ORDER BY entry LOOP
        v_hash := sha256(v_hash || int8send(v_entry.entry) || int4send(v_entry.version)
          || int8send((extract(epoch FROM v_entry.at) * 1000000)::bigint) || sha256(convert_to(v_entry.kind, 'UTF8'))
          || sha256(convert_to(v_entry.name, 'UTF8')) || sha256(convert_to(v_entry.content::text, 'UTF8')));
        UPDATE register SET hash = v_hash WHERE entry = v_entry.entry;
      END LOOP;
    END $$`)
}
