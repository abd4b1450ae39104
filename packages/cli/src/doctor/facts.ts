import type {
  Comparison,
  OrderServiceDiagnostics,
  SequencerDiagnostics,
  UserServiceDiagnostics,
  Verification,
} from '@ordinal/client'

/** As services.json has it: `user-service`. */
export type ServiceName = string

/** What any of the services says of itself. */
export type Diagnostics = UserServiceDiagnostics &
  Partial<Pick<OrderServiceDiagnostics, 'events' | 'numbering' | 'webhooks'>> &
  Partial<Pick<SequencerDiagnostics, 'checkpoints' | 'ranges' | 'schema_differences'>>

/** What came of a question: an answer, or why there is none. */
export type Asked<Answer> =
  | { is: 'answered'; answer: Answer }
  /** It did not end in time. */
  | { is: 'slow'; afterMs: number }
  | { is: 'refused'; why: string }
  /** Nothing listens there, or what does is something else. */
  | { is: 'away'; why: string }
  /** Another service of an installation listens there. */
  | { is: 'other'; why: string }

export interface Health {
  /** 503 if it is not ready. */
  status: number
  version: string
  checks: Readonly<Record<string, string>>
}

/** One service, as it was found. */
export interface ServiceFacts {
  name: ServiceName
  health: Asked<Health>
  diagnostics: Asked<Diagnostics>
  /** By how much its clock is ahead of the one here, at least: 0 while the answer's way explains the difference. */
  clockAheadMs: number | undefined
  /** When the certificate that it shows expires, if it shows one. */
  certificateExpiresAt: Date | undefined
}

/** A checkpoint that somebody has kept, and what became of its comparison with the ledger. */
export type KeptCheckpoint = Asked<Pick<Comparison, 'at' | 'fits' | 'findings'>>

/** An installation, as it was found. */
export interface Facts {
  at: Date
  services: readonly ServiceFacts[]
  /** The services that the profile has no address of. */
  unasked: readonly ServiceName[]
  /** Whether the chains of the ledger verify; undefined if the sequencer was not asked. */
  chains: Asked<Pick<Verification, 'fits' | 'finding_count' | 'findings' | 'rows'>> | undefined
  /** Undefined if none was given. */
  checkpoint: KeptCheckpoint | undefined
  /** From which age on a kept checkpoint is too old. */
  checkpointHours: number
}
