import type { ErrorTable } from '@ordinal/errors'

/** What holds for all routes of a service. */
export interface Shared {
  /** Whether the service looks at the Authorization header. */
  takesTokens: boolean
  /** Whether administrators can make keys that it takes. */
  managesKeys?: boolean
  errors: ErrorTable
}
