import { AppError } from '../domain/errors'
import type { SiteRepository, SiteRecord } from './repository'

export type KnownSites = ReturnType<typeof createKnownSites>

// How long an instance may go on after a site was changed at another instance.
const keptMs = 1_000
// A message that names more is no help.
const maxNamed = 10

/**
 * The sites, as this instance knows them: read at most once a second, so that drawing a number costs no look at
 * them. A site or partition that is taken out of use may draw numbers for up to a second more; one that is new is
 * there at once, as nobody is refused without a fresh look.
 */
export function createKnownSites(repository: Pick<SiteRepository, 'list'>) {
  let known: { sites: SitesById; atMs: number } | undefined
  let reading: Promise<SitesById> | undefined

  function fresh(): Promise<SitesById> {
    if (reading) return reading
    const atMs = performance.now()
    const mine = repository.list().then((list) => {
      const sites: SitesById = new Map(list.map((site) => [site.siteId, site]))
      if (reading === mine) known = { sites, atMs }
      return sites
    })
    reading = mine
    return mine.finally(() => {
      if (reading === mine) reading = undefined
    })
  }

  const recent = async () => (known && performance.now() - known.atMs < keptMs ? known.sites : fresh())

  return {
    /**
     * A site that draws numbers for one of its partitions.
     *
     * @throws AppError `site_unknown` if there is no such site or partition, or it is out of use
     */
    async requireOpen(siteId: string, partitionId: string): Promise<SiteRecord> {
      const open = (sites: SitesById) => {
        const site = sites.get(siteId)
        return site?.active && site.partitions.includes(partitionId) ? site : undefined
      }
      const found = open(await recent())
      if (found) return found
      const sites = await fresh()
      const site = open(sites)
      if (!site) throw refusalOf(sites, siteId, partitionId)
      return site
    },

    /** All sites that draw numbers. */
    async open(): Promise<SiteRecord[]> {
      return [...(await recent()).values()].filter(({ active }) => active)
    },

    /** All sites that there are or were. */
    async all(): Promise<SiteRecord[]> {
      return [...(await recent()).values()]
    },

    /** Forgets what was read: a site was changed here. */
    forget(): void {
      known = undefined
      reading = undefined
    },
  }
}

type SitesById = ReadonlyMap<string, SiteRecord>

function refusalOf(sites: SitesById, siteId: string, partitionId: string): AppError {
  const site = sites.get(siteId)
  if (!site?.active) {
    const open = [...sites.values()].filter(({ active }) => active).map((each) => each.siteId)
    return new AppError('site_unknown', `There is no site "${siteId}"${naming(open)}`)
  }
  return new AppError(
    'site_unknown',
    `There is no partition "${partitionId}" at ${siteId}${naming(site.partitions)}`,
  )
}

const naming = (names: readonly string[]) =>
  names.length > 0 && names.length <= maxNamed ? `; there are ${names.join(', ')}` : ''
