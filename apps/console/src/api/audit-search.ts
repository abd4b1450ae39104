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

/** The kinds of documents that sites draw numbers for. */
export const invoiceTypes = ['on-cycle', 'off-cycle', 'simulated', 'suppressed'] as const

/** What the rows of the ledger are narrowed to, as the address has it. */
export interface AuditSearch {
  view?: 'live'
  prefix?: string
  number?: string
  client?: string
  site?: string
  request?: string
  event?: LedgerEntry['event']
  type?: (typeof invoiceTypes)[number]
  from?: string
  to?: string
}
