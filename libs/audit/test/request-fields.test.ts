import { hash } from 'node:crypto'
import type { EntryRecord } from '../src'
import { digestOfRows } from '../src/chain'
import type { BatchRecord } from '../src/records'

const row: EntryRecord = {
  type: 'entry',
  prefix: 'SG',
  period: '',
  batch: 1,
  position: 1,
  value: 1,
  revision: 1,
  event: 'reserve',
  state: 'reserved',
  number: 'SG000001',
  caller: 'shop',
  idempotency_key: 'k',
  item: 0,
  hold_seconds: 60,
  client_id: 'erp',
  generated_by: 'ada',
  site_id: 'site-1',
  partition_id: 'partition-a',
  invoice_type: 'on-cycle',
  business_date: '2026-11-21',
  reason: 'why',
  request_id: 'r-1',
  at: '2026-11-21T03:43:00.123456Z',
}
const digestOf = (of: EntryRecord, format: number) => digestOfRows([of], { format } as BatchRecord)

// Written out: hashes that were made before must be made again in a hundred years.
const ofFormat1 =
  '["ordinal-request-v1","reserve","shop","k",1,60,"erp","ada","site-1","partition-a","on-cycle","2026-11-21","why","r-1"]'
const ofFormat2 =
  'reserve|shop|k|1|H60|Cerp|Gada|Ssite-1|Ppartition-a|Ton-cycle|D2026-11-21|Rwhy|Ir-1'.replaceAll(
    '|',
    '\x1f',
  )

test('the digest of a request of format 1 has nine fields in this order, for ever', () => {
  expect(digestOf(row, 1)).toEqual(hash('sha256', ofFormat1, 'buffer'))
})

test('and that of format 2 begins with the same, each behind its letter', () => {
  expect(digestOf(row, 2).toString()).toBe(ofFormat2)
})
