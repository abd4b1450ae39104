import type { Reading } from './readers'
import type { Contestant } from './stage'

export interface StarvationSettings {
  /** Of a turn beside readers; one alone comes before it. */
  seconds: number
  /** Of the ledger. */
  rows: number
  users: number
  leases: number
  /** Only scenarios whose names have this in them. */
  named: string | undefined
}

/** What runs beside issuing, and how much of its rate issuing has to keep. */
export interface Scenario {
  name: string
  /** The share of its rate that issuing must keep. */
  wanted: number
  reading?: Omit<Reading, 'port' | 'seconds'>
  /** Done before the turn. */
  prepare?: () => Promise<void>
  /** The service that the readers ask, if it is another than that of the main work. */
  reads?: Contestant
  /** The main work, if it is not issuing numbers. */
  main?: { service: Contestant; request: () => string; connections: number }
}
