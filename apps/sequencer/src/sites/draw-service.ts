import { formatNumber } from '@ordinal/audit'
import type { Queryable } from '@ordinal/database'
import { withDeadline } from '@ordinal/deadline'
import { AppError } from '../domain/errors'
import { authorityOf } from '../api/authority'
import type { CallContext } from '../api/call-context'
import type { Allocator } from '../ledger/allocator'
import { findNumber, readCounter } from '../ledger/queries'
import type { NumberReads } from '../numbers/reads'
import type { NumberService } from '../numbers/service'
import { findDrawn } from './find-drawn'
import type { KnownSites } from './known-sites'
import { readRate, readTotals, readUsage, type Totals, type Usage } from './usage-queries'

/** The one sequence on which all sites draw. */
export const global = 'GLOBAL'

export const invoiceTypes = ['on-cycle', 'off-cycle', 'simulated', 'suppressed'] as const

/** What a site asks for. */
interface AskedDraw {
  site_id: string
  partition_id: string
  invoice_type: (typeof invoiceTypes)[number]
  /** One, if not given. */
  count?: number | undefined
}

/** A number that a site gives back: by its value, or by its text. */
interface AskedReturn {
  sequence_number?: number | undefined
  full_number?: string | undefined
  site_id: string
  partition_id: string
  reason: string
}

/** A number, and its state; `unused` if none was drawn. */
export interface DrawnNumber {
  value: number
  number: string
  state: string
}

/** How much was drawn of a sequence. */
export interface Stats {
  period: string
  lastValue: number
  totals: Totals
  perSecond: number
  usage: Usage
}

interface Deps {
  db: Queryable
  heavyDb: Queryable
  sites: KnownSites
  allocator: Pick<Allocator, 'change'>
  numbers: Pick<NumberService, 'issue'>
  reads: Pick<NumberReads, 'slotOf' | 'preview'>
}

export type DrawService = ReturnType<typeof createDrawService>

/** Numbers that sites draw on one sequence. */
export function createDrawService({ db, heavyDb, sites, allocator, numbers, reads }: Deps) {
  /** The numbers that a request would get, if nobody else came first. */
  async function simulate({ site_id, partition_id, count }: AskedDraw): Promise<DrawnNumber[]> {
    const site = await sites.requireOpen(site_id, partition_id)
    if (!site.simulation) throw new AppError('simulation_off', `${site_id} may not simulate numbers`)
    const { frame, values } = await reads.preview(global, undefined, count ?? 1)
    return values.map((value) => ({ value, number: formatNumber(frame, value), state: 'unused' }))
  }

  return {
    /**
     * Draws numbers. Suppressed ones are released at once, and of simulated ones it is only said what they would be.
     *
     * @throws AppError `simulation_off`, and what issuing throws
     */
    async draw(
      asked: AskedDraw,
      call: CallContext,
    ): Promise<{ numbers: readonly DrawnNumber[]; replayed: boolean }> {
      if (asked.invoice_type === 'simulated')
        return { numbers: await withDeadline(simulate(asked), call.deadline), replayed: false }
      const suppressed = asked.invoice_type === 'suppressed'
      return numbers.issue(
        {
          prefix: global,
          ...asked,
          event: suppressed ? 'suppress' : 'issue',
          reason: suppressed ? 'suppressed' : undefined,
        },
        call,
      )
    },

    /**
     * Releases a number that this site and partition has drawn.
     *
     * @throws AppError `number_not_found`, `number_ambiguous`, and what the allocator throws
     */
    async release(
      { sequence_number, full_number, site_id, partition_id, reason }: AskedReturn,
      call: CallContext,
    ): Promise<DrawnNumber & { replayed: boolean }> {
      const { context, idempotencyKey: key } = call
      const { caller, requestId: request_id } = context
      const by = { prefix: global, caller, key, site_id, partition_id }
      const finding =
        sequence_number === undefined
          ? findNumber(db, full_number!, global).then((found) => ({ ...found, number: full_number! }))
          : findDrawn(db, sequence_number, by)
      const { period, value, number } = await withDeadline(finding, call.deadline)
      const authority = authorityOf(context)
      const { numbers, replayed } = await allocator.change(
        { ...by, period, value, number, event: 'release', authority, reason, request_id },
        call.deadline,
      )
      return { value, number, state: numbers[0]!.state, replayed }
    },

    /** How much was drawn of a sequence: in all, now, and by site. @throws AppError `sequence_not_found` */
    async stats(prefix: string): Promise<Stats> {
      const { sequence, slot } = await reads.slotOf(prefix)
      const { period } = slot
      const [counter, totals, perSecond, usage] = await Promise.all([
        readCounter(heavyDb, prefix, period, sequence.rules.end),
        readTotals(heavyDb, prefix),
        readRate(heavyDb, prefix, period),
        readUsage(heavyDb, prefix),
      ])
      return { period, lastValue: counter?.lastValue ?? sequence.rules.start - 1, totals, perSecond, usage }
    },
  }
}
