import { suiteNeeding } from './needing'
import { hasPgbouncer } from './test-pgbouncer'

/** Tests that need PgBouncer; skipped with a notice where it is not installed, unless no suite may be skipped. */
export const withPgbouncer = suiteNeeding('pgbouncer', hasPgbouncer)
