import type { Span } from '@ordinal/tracing'
import { AppError } from '../domain/errors'
import { requireVersion, type Author } from '../domain/versions'
import type { KnownSites } from './known-sites'
import type { SiteConfig, SiteRecord, SiteRepository } from './repository'

export type SiteService = ReturnType<typeof createSiteService>

interface Deps {
  repository: SiteRepository
  sites: Pick<KnownSites, 'forget'>
}

/**
 * Sites. Each change adds a version to what is there, and of two changes at once one is refused. This instance knows
 * them at once, another within a second.
 */
export function createSiteService({ repository, sites }: Deps) {
  async function requireSite(siteId: string): Promise<SiteRecord> {
    const [current] = await repository.versionsOf(siteId)
    if (!current?.active) throw notFound(siteId)
    return current
  }

  const add = async (
    siteId: string,
    { partitions, simulation }: SiteConfig,
    version: number,
    { by, reason, requestId }: Author,
    active = true,
  ) => {
    const site = { siteId, version, partitions, simulation, active, createdBy: by, reason, requestId }
    const added = await repository.add(site)
    sites.forget()
    return added
  }

  return {
    /** All sites, or those that are in use or were taken out of it. */
    async list(active: boolean | undefined): Promise<SiteRecord[]> {
      const all = await repository.list()
      return all.filter((site) => active === undefined || site.active === active)
    },

    /**
     * All versions of a site, the latest first; also of one that was retired.
     *
     * @throws AppError `site_not_found`
     */
    async versionsOf(siteId: string, span?: Span): Promise<[SiteRecord, ...SiteRecord[]]> {
      const [current, ...earlier] = await repository.versionsOf(siteId, span)
      if (!current) throw notFound(siteId)
      return [current, ...earlier]
    },

    /**
     * Adds a site, or takes one into use again.
     *
     * @throws AppError `site_exists`, `site_changed`, `ledger_behind`
     */
    async define(siteId: string, config: SiteConfig, author: Author): Promise<SiteRecord> {
      const [current] = await repository.versionsOf(siteId)
      if (current?.active)
        throw new AppError(
          'site_exists',
          `There is a site "${siteId}" already, at version ${current.version}`,
        )
      return add(siteId, config, (current?.version ?? 0) + 1, author)
    },

    /**
     * Changes partitions or settings of a site. What changes nothing makes no version.
     *
     * @param expected the versions that are to be changed; undefined if any
     * @throws AppError `site_not_found`, `version_mismatch`, `site_changed`, `ledger_behind`
     */
    async change(
      siteId: string,
      changes: Partial<SiteConfig>,
      expected: readonly number[] | undefined,
      author: Author,
    ): Promise<SiteRecord> {
      const current = await requireSite(siteId)
      requireVersion(siteId, current.version, expected)
      const config = { partitions: current.partitions, simulation: current.simulation, ...changes }
      const same =
        config.simulation === current.simulation &&
        config.partitions.join('\n') === current.partitions.join('\n')
      return same ? current : add(siteId, config, current.version + 1, author)
    },

    /**
     * Takes a site out of use: it draws no more numbers. What it drew stays, and may be released.
     *
     * @throws AppError `site_not_found`, `version_mismatch`, `site_changed`, `ledger_behind`
     */
    async retire(siteId: string, expected: readonly number[] | undefined, author: Author): Promise<void> {
      const current = await requireSite(siteId)
      requireVersion(siteId, current.version, expected)
      await add(siteId, current, current.version + 1, author, false)
    },
  }
}

const notFound = (siteId: string) => new AppError('site_not_found', `There is no site "${siteId}"`)
