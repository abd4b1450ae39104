import { databaseErrorOf, tracedPrisma, type Queryable } from '@ordinal/database'
import type { Span } from '@ordinal/tracing'
import { AppError } from '../domain/errors'
import type { PrismaClient } from '../generated/prisma/client'
import { onAnyServer, onServer, requireWritten, type WriteOnServer } from '../ledger/other-server'

/** What an administrator says of a site. */
export interface SiteConfig {
  partitions: string[]
  /** Whether it may ask what a number would be, without drawing it. */
  simulation: boolean
}

/** A version of a site, and how it came to be. */
export interface SiteRecord extends SiteConfig {
  siteId: string
  version: number
  active: boolean
  createdAt: Date
  createdBy: string
  reason: string | null
}

/** A version to be added. */
interface NewSite extends Omit<SiteRecord, 'createdAt' | 'reason'> {
  reason: string | undefined
  requestId: string
}

export type SiteRepository = ReturnType<typeof createSiteRepository>

interface Deps {
  prisma: PrismaClient
  db: Queryable
  /** Runs a statement only where the register may be written to; anywhere, if not given. */
  write?: WriteOnServer
}

/** All sites, version by version. What is in it stays as it is: a change is a version more. */
export function createSiteRepository({ prisma, db, write = onAnyServer }: Deps) {
  return {
    /** All versions of a site, the latest first; none if there is no such site. */
    async versionsOf(siteId: string, span?: Span): Promise<SiteRecord[]> {
      return tracedPrisma(prisma, span).site.findMany({
        select: recordFields,
        where: { siteId },
        orderBy: { version: 'desc' },
      })
    },

    /** The latest version of each site, by its id. */
    async list(): Promise<SiteRecord[]> {
      const { rows } = await db.query<SiteRecord>({
        name: 'list_sites',
        text: `SELECT DISTINCT ON (site_id) ${columns} FROM public.sites ORDER BY site_id, version DESC`,
      })
      return rows
    },

    /**
     * Adds a version.
     *
     * @throws AppError `site_changed` if another change came first, `ledger_behind`
     */
    async add({ requestId, ...site }: NewSite): Promise<SiteRecord> {
      const { siteId, version, partitions, simulation, active, createdBy, reason } = site
      try {
        const values = [siteId, version, partitions, simulation, active, createdBy, reason, requestId]
        const createdAt = await write(async (server) => {
          const { rows } = await db.query<{ created_at: Date }>(
            `SELECT created_at FROM public.add_site($1, $2, $3, $4, $5, $6, $7, $8) created_at WHERE ${onServer('$9')}`,
            [...values, server ?? null],
          )
          return requireWritten(rows)[0].created_at
        })
        return { ...site, createdAt, reason: reason ?? null }
      } catch (error) {
        const failure = databaseErrorOf(error)
        if (failure?.sqlState === 'OR003' || failure?.constraint === 'sites_pkey')
          throw new AppError('site_changed', `${siteId} has got version ${version} meanwhile`, {
            cause: error,
          })
        throw error
      }
    },
  }
}

const recordFields = {
  siteId: true,
  version: true,
  partitions: true,
  simulation: true,
  active: true,
  createdAt: true,
  createdBy: true,
  reason: true,
} as const

const columns = `site_id AS "siteId", version, partitions, simulation, active, created_at AS "createdAt",
  created_by AS "createdBy", reason`
