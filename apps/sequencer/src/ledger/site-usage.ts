import type { Findings } from '@ordinal/audit'
import type { LinkedStep } from './chains'

interface Count {
  issued: number
  released: number
  /** When something was issued last. */
  last_at: string
}

/** What a site has drawn, as the database counts it. */
export interface Usage extends Count {
  prefix: string
  site_id: string
  partition_id: string
  invoice_type: string
}

const nothing = (): Count => ({ issued: 0, released: 0, last_at: '' })

/** Two counters may write at once, and the one that read the clock first may write last: within the same minute. */
const isLast = (has: Count, gives: Count) =>
  has.last_at <= gives.last_at && Date.parse(gives.last_at) - Date.parse(has.last_at) <= 60_000

/** Counts what the sites have drawn and given back, from the rows. */
export function countSites() {
  const drawn = new Map<string, Count>()
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
    compare(usage: readonly Usage[], findings: Findings): void {
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
