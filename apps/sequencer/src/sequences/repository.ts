import {
  databaseErrorOf,
  int8sAsNumbers,
  tracedPrisma,
  type Int8sAsNumbers,
  type Queryable,
} from '@ordinal/database'
import type { Span } from '@ordinal/tracing'
import { AppError } from '../domain/errors'
import { inPeriod } from '../domain/range'
import type { Rules } from '../domain/rules'
import type { PrismaClient, Sequence as SequenceRow } from '../generated/prisma/client'
import { rulesOf } from '../ledger/known-sequences'
import { onAnyServer, onServer, requireWritten, type WriteOnServer } from '../ledger/other-server'

/** A version of a sequence's rules, and how it came to be. */
export interface RulesRecord extends Rules {
  active: boolean
  createdAt: Date
  createdBy: string
  reason: string | null
}

/** A version to be added. */
interface NewRules extends Rules {
  active: boolean
  createdBy: string
  reason: string | undefined
  requestId: string
  /** How many versions of rules there were, of all sequences, when these were decided upon. */
  knownVersions: number
}

/** Which sequences are asked for. */
export interface RulesPage {
  skip: number
  take: number
  /** All, if not given. */
  active: boolean | undefined
}

export type RulesRepository = ReturnType<typeof createRulesRepository>

interface Deps {
  prisma: PrismaClient
  /** Allows a change the time to read every number that the sequence has issued. */
  db: Queryable
  /** Runs a statement only where rules may be written; anywhere, if not given. */
  write?: WriteOnServer
}

/** The rules of all sequences, version by version. What is in it stays as it is: a change is a version more. */
export function createRulesRepository({ prisma, db, write = onAnyServer }: Deps) {
  return {
    /** All versions of a sequence, the latest first; none if there is no such sequence. */
    async versionsOf(prefix: string, span?: Span): Promise<RulesRecord[]> {
      const rows = await tracedPrisma(prisma, span).sequence.findMany({
        where: { prefix },
        orderBy: { version: 'desc' },
      })
      return rows.map((row) => toRecord(int8sAsNumbers(row)))
    },

    /** All versions of all sequences, the latest first. */
    async all(): Promise<RulesRecord[]> {
      const rows = await prisma.sequence.findMany({ orderBy: [{ prefix: 'asc' }, { version: 'desc' }] })
      return rows.map((row) => toRecord(int8sAsNumbers(row)))
    },

    /** Whether a sequence has issued, reserved or imported a number under one of some versions of its rules. */
    async hasIssued(prefix: string, versions: readonly number[]): Promise<boolean> {
      const { rows } = await db.query<{ found: boolean }>(
        `SELECT EXISTS (SELECT FROM public.batches
                        WHERE prefix = $1 AND rules_version = ANY ($2) AND number_head IS NOT NULL) AS found`,
        [prefix, versions],
      )
      return rows[0]!.found
    },

    /** The rules in force of the sequences that have an end. */
    async withEnd(): Promise<RulesRecord[]> {
      const { rows } = await db.query<Row>({
        name: 'rules_with_end',
        text: `SELECT * FROM (SELECT DISTINCT ON (prefix) ${columns} FROM public.sequences ORDER BY prefix, version DESC) s
               WHERE active AND "endValue" IS NOT NULL`,
      })
      return rows.map(toRecord)
    },

    /** The latest version of each sequence, by prefix, and how many sequences there are. */
    async list({ skip, take, active }: RulesPage) {
      const latest = `SELECT DISTINCT ON (prefix) ${columns} FROM public.sequences ORDER BY prefix, version DESC`
      const filter = '($1::boolean IS NULL OR active = $1)'
      const [{ rows }, counted] = await Promise.all([
        db.query<Row>(`SELECT * FROM (${latest}) s WHERE ${filter} ORDER BY prefix OFFSET $2 LIMIT $3`, [
          active ?? null,
          skip,
          take,
        ]),
        db.query<{ total: number }>(`SELECT count(*)::int AS total FROM (${latest}) s WHERE ${filter}`, [
          active ?? null,
        ]),
      ])
      return { rules: rows.map(toRecord), total: counted.rows[0]!.total }
    },

    /**
     * Adds a version.
     *
     * @returns undefined if there are more versions by now than were known
     * @throws AppError `rules_changed` if another change came first, `rules_conflict` if the version does not fit the
     *   numbers that were issued, `rules_overlap` if another sequence could give one of its numbers, `ledger_behind`
     */
    async add(rules: NewRules): Promise<RulesRecord | undefined> {
      const { requestId, knownVersions, ...kept } = rules
      try {
        const values = [
          rules.prefix,
          rules.version,
          rules.template,
          rules.reset,
          rules.timeZone,
          rules.fiscalYearStart,
          rules.start,
          rules.gapPolicy,
          rules.releaseWindowSeconds,
          rules.sealedTo,
          rules.allowOverlap,
          rules.businessDatePastDays,
          rules.businessDateFutureDays,
          rules.active,
          rules.createdBy,
          rules.reason,
          requestId,
          knownVersions,
          rules.end,
          rules.warnAt === null ? null : String(rules.warnAt),
          rules.chronological,
        ]
        const createdAt = await write(async (server) => {
          const { rows } = await db.query<{ created_at: Date }>(
            `SELECT created_at
             FROM public.add_rules($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
                                   $19, $20, $21) created_at
             WHERE ${onServer('$22')}`,
            [...values, server ?? null],
          )
          return requireWritten(rows)[0].created_at
        })
        return { ...kept, createdAt, reason: kept.reason ?? null }
      } catch (error) {
        if (databaseErrorOf(error)?.sqlState === 'OR008') return undefined
        throw refusalOf(error, rules) ?? error
      }
    },
  }
}

/** The error for rules that the database refuses; undefined if it failed for another reason. */
function refusalOf(error: unknown, { prefix, version, start }: NewRules): AppError | undefined {
  const failure = databaseErrorOf(error)
  const conflict = (detail: string) => new AppError('rules_conflict', detail, { cause: error })
  if (failure?.sqlState === 'OR003' || failure?.constraint === 'sequences_pkey')
    return new AppError('rules_changed', `${prefix} has got version ${version} meanwhile`, { cause: error })
  if (failure?.sqlState === 'OR004')
    return conflict(`start: ${start} is lower than it was; it may only be raised`)
  if (failure?.sqlState === 'OR005') {
    const { detail: number } = error as { detail: string }
    return conflict(
      `template: the number ${number} is taken, and could be issued again; change the template, or raise start above the values that were issued`,
    )
  }
  if (failure?.sqlState === 'OR010') return conflict((error as Error).message)
  if (failure?.sqlState === 'OR009') {
    const { period, value } = JSON.parse((error as { detail: string }).detail) as {
      period: string
      value: number
    }
    return conflict(`end: ${value} is issued${inPeriod(period)}, so it cannot be lower than that`)
  }
  if (failure?.sqlState === 'OR020')
    return conflict(`template: ${(error as Error).message}; show years with four digits`)
  if (failure?.sqlState === 'OR031')
    return new AppError('rules_overlap', (error as Error).message, { cause: error })
  if (failure?.sqlState === 'OR006')
    return conflict(
      `start: the values of ${prefix} have begun and never begin again, so ${start} has no effect`,
    )
  return undefined
}

const columns = `prefix, version, template, reset, time_zone AS "timeZone", fiscal_year_start AS "fiscalYearStart", start,
  gap_policy AS "gapPolicy", release_window_seconds AS "releaseWindowSeconds", sealed_to AS "sealedTo",
  allow_overlap AS "allowOverlap", business_date_past_days AS "businessDatePastDays",
  business_date_future_days AS "businessDateFutureDays", end_value AS "endValue", warn_at AS "warnAt", chronological, active,
  created_at AS "createdAt", created_by AS "createdBy", reason`

type Row = Omit<Int8sAsNumbers<SequenceRow>, 'requestId'>

const toRecord = (row: Row): RulesRecord => ({
  ...rulesOf(row),
  active: row.active,
  createdAt: row.createdAt,
  createdBy: row.createdBy,
  reason: row.reason,
})
