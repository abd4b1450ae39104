import type { Fault } from './check'
import type { Coverage } from './coverage'
import type { Dice } from './dice'
import type { Known } from './known'

/** A caller: the headers that say who it is, and what stands for them in a line for a shell. */
export interface Caller {
  headers: Readonly<Record<string, string>>
  inShell?: string
}

export interface Finding extends Fault {
  service: string
  operation: string
  /** How often it was met. */
  times: number
  /** A line for a shell that meets it again. */
  line: string
}

/** Makes one request after another of a service. */
export interface Player {
  play(dice: Dice): Promise<void>
  close(): void
}

/** What the players of a run share. */
export interface Shared {
  known: Known
  coverage: Coverage
  findings: Map<string, Finding>
}
