import type { LedgerEntry } from '@ordinal/client'

export const eventNames = [
  'issue',
  'reserve',
  'confirm',
  'release',
  'expire',
  'void',
  'import',
  'skip',
  'suppress',
] as const satisfies readonly LedgerEntry['event'][]

/** What the rows of the ledger are narrowed to, as the address has it. */
export interface AuditSearch {
  view?: 'live'
  prefix?: string
  number?: string
  client?: string
  site?: string
  event?: LedgerEntry['event']
  from?: string
  to?: string
}
