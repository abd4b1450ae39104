import { transaction, type Queryable } from '@ordinal/database'
import type { Pool } from 'pg'

/** Reads at one moment: all statements see the same, and none changes anything. */
export const inSnapshot = <Result>(
  pool: Pool,
  statementLimitMs: number,
  read: (tx: Queryable) => Promise<Result>,
): Promise<Result> =>
  transaction(
    pool,
    async (tx) => {
      await tx.query('SET TRANSACTION READ ONLY')
      await tx.query(`SET LOCAL statement_timeout = ${statementLimitMs}`)
      return read(tx)
    },
    { isolation: 'repeatable read', timeoutMs: 2 * statementLimitMs },
  )
