import type { Pool } from 'pg'
import { z } from 'zod'
import { transaction, type Queryable } from '@ordinal/database'
import { timestamp } from '@ordinal/http'
import { compareSchema, type BuildSchema } from './audit/schema'
import { readRanges } from './sequences/range-watch'
import type { RulesRepository } from './sequences/repository'

// Those nearest to their ends; of the rest nothing is to be said.
const mostRanges = 20
const mostDifferences = 20
const limitMs = 4_000

/** What the diagnostics of the sequencer have besides those of every service. */
export const ownDiagnostics = {
  schema_differences: z
    .array(z.string())
    .optional()
    .meta({ description: 'From the schema of the build: the first' }),
  checkpoints: z.object({
    signed: z.boolean(),
    logged_at: timestamp().optional().meta({ description: 'When the log last had one of now' }),
    given_at: timestamp().optional().meta({ description: 'When somebody last got one' }),
  }),
  ranges: z
    .array(
      z.object({ prefix: z.string(), period: z.string(), end: z.int(), left: z.int(), warn_at: z.int() }),
    )
    .optional()
    .meta({ description: 'The sequences nearest to their ends' }),
}

interface Deps {
  /** For reads, with a limit. */
  db: Queryable
  heavyPool: Pool
  schema: BuildSchema | undefined
  repository: Pick<RulesRepository, 'withEnd'>
  /** When checkpoints were last logged, and given to somebody. */
  checkpoints: { signed: boolean; loggedAt: () => Date | undefined; givenAt: () => Date | undefined }
}

/** Reads what puts the ledger and its sequences at risk. */
export const createOwnDiagnostics =
  ({ db, heavyPool, schema, repository, checkpoints }: Deps) =>
  async () => {
    const [differences, ranges] = await Promise.all([
      schema && readDifferences(heavyPool, schema).catch(() => undefined),
      nearestRanges(db, repository).catch(() => undefined),
    ])
    const [loggedAt, givenAt] = [checkpoints.loggedAt(), checkpoints.givenAt()]
    return {
      ...(differences && { schema_differences: differences }),
      checkpoints: {
        signed: checkpoints.signed,
        ...(loggedAt && { logged_at: loggedAt.toISOString() }),
        ...(givenAt && { given_at: givenAt.toISOString() }),
      },
      ...(ranges && { ranges }),
    }
  }

async function readDifferences(pool: Pool, schema: BuildSchema): Promise<string[]> {
  const limits = { attempts: 1, timeoutMs: limitMs }
  const findings = await transaction(pool, (tx) => compareSchema(tx, schema), limits)
  return findings.slice(0, mostDifferences).map(({ detail }) => detail)
}

async function nearestRanges(db: Queryable, repository: Deps['repository']) {
  const rules = await repository.withEnd()
  const ranges = rules.length === 0 ? [] : await readRanges(db, rules)
  return ranges
    .toSorted((a, b) => a.left / a.end - b.left / b.end)
    .slice(0, mostRanges)
    .map(({ warnAt, ...range }) => ({ ...range, warn_at: warnAt }))
}
