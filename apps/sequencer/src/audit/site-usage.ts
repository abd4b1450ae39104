import type { Findings } from '@ordinal/audit'
import type { LinkedStep } from './queries/chains'
import type { SiteUsage, UsageCount } from './queries/derived'

const nothing = (): UsageCount => ({ issued: 0, released: 0, last_at: '' })

/** Whether `last_at` is right within a minute: of two counters at once, the one that read the clock first may write last. */
const isLast = (has: UsageCount, gives: UsageCount) =>
  has.last_at <= gives.last_at && Date.parse(gives.last_at) - Date.parse(has.last_at) <= 60_000

/** Counts what the sites have drawn and given back, from the rows. */
export function countSites() {
  const drawn = new Map<string, UsageCount>()
  const countOf = (prefix: string, site: string, partition: string, type: string) => {
    const key = JSON.stringify([prefix, site, partition, type])
    const count = drawn.get(key) ?? nothing()
    drawn.set(key, count)
    return count
  }

  return {
    add({ prefix, event, at, site_id, partition_id, invoice_type, holder }: LinkedStep): void {
      if (event === 'confirm' || event === 'void') return
      if (event === 'release' || event === 'expire') {
        const [site, partition, type] = holder ?? [null, '', '']
        if (site !== null) countOf(prefix, site, partition, type).released += 1
      } else if (site_id !== null) {
        const count = countOf(prefix, site_id, partition_id ?? '', invoice_type ?? '')
        count.issued += 1
        if (at > count.last_at) count.last_at = at
        if (event === 'suppress') count.released += 1
      }
    },

    /** Compares what was counted with what the database has counted. */
    compare(usage: readonly SiteUsage[], findings: Findings): void {
      const kept = new Map(
        usage.map((row) => [
          JSON.stringify([row.prefix, row.site_id, row.partition_id, row.invoice_type]),
          row,
        ]),
      )
      for (const key of new Set([...kept.keys(), ...drawn.keys()])) {
        const [prefix, ...site] = JSON.parse(key) as [string, ...string[]]
        const has = kept.get(key) ?? nothing()
        const gives = drawn.get(key) ?? nothing()
        if (has.issued === gives.issued && has.released === gives.released && isLast(has, gives)) continue
        findings.report({
          kind: 'derived',
          prefix,
          period: null,
          batch: null,
          position: null,
          value: null,
          number: null,
          rows: null,
          column: 'site_usage',
          object: null,
          detail:
            `site_usage has ${has.issued} issued and ${has.released} released, the last at ${has.last_at}, for ` +
            `${site.filter(Boolean).join(', ')}, and the ledger gives ${gives.issued} and ${gives.released}, ${gives.last_at}`,
        })
      }
    },
  }
}
