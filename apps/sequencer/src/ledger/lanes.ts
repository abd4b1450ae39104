import { formatNumber, nextState } from '@ordinal/audit'
import { traced, type Queryable } from '@ordinal/database'
import type { Span } from '@ordinal/tracing'
import type { Sequence } from '../domain/sequence'
import type { Lane, LaneBatch, Waiting } from './waiting'
import { requireActive, type KnownSequences } from './known-sequences'
import type { WriteOnServer } from './other-server'
import { refusalOf } from './refusal'
import { answerReplay } from './replay'
import type { LedgerRequest } from './request'
import { changeNumbers, issueMany, issueNumbers, type ChangedBatch, type IssuedBatch } from './statements'

export interface LaneMetrics {
  /** Counts the numbers that a batch of so many requests got. */
  generated(prefix: string, numbers: number, requests: number): void
  /** Counts a number that was confirmed, released, expired or made void. */
  changed(event: string): void
}

interface Deps {
  db: Queryable
  sequences: KnownSequences
  metrics: LaneMetrics
  write: WriteOnServer
}

/**
 * Where requests queue: those for new numbers by sequence and business date, changes by sequence and period. Requests
 * of a chronological sequence share one queue: of two dates sent at once, the later could be first, and refuse the earlier.
 */
export function createLanes({ db, sequences, metrics, write }: Deps) {
  async function issueBatch(prefix: string, batch: Waiting[], span: Span | undefined) {
    const sequence = sequences.known(prefix) ?? (await sequences.find(prefix))
    requireActive(sequence)
    const requests = batch.map(({ request }) => request)
    const issued = await write((server) =>
      issueNumbers(
        traced(db, span),
        sequence,
        requests[0]!.business_date,
        requests,
        batch.some(needsLookUp),
        { server },
      ),
    )
    return () => metrics.generated(prefix, answerIssued(batch, sequence, issued), batch.length)
  }

  async function issueTogether(batches: readonly LaneBatch[], span: Span | undefined) {
    const ofLanes = batches.map(({ lane, batch }) => ({
      sequence: sequences.known(lane.prefix),
      requests: batch.map(({ request }) => request),
    }))
    const lookUp = batches.some(({ batch }) => batch.some(needsLookUp))
    const issued = await write((server) => issueMany(traced(db, span), ofLanes, lookUp, server))
    return batches.map(({ lane: { prefix }, batch }, index) => {
      const { sequence } = ofLanes[index]!
      const its = issued[index]
      if (!sequence || !its) return undefined
      return () => metrics.generated(prefix, answerIssued(batch, sequence, its), batch.length)
    })
  }

  /** Whether it may be that `issue_many` takes a request. */
  const isUsual = (request: LedgerRequest) =>
    isPlain(request) && sequences.known(request.prefix)?.rules.chronological === false

  async function changeBatch(prefix: string, period: string, batch: Waiting[], span: Span | undefined) {
    const sequence = sequences.known(prefix) ?? (await sequences.find(prefix))
    const requests = batch.map(({ request }) => request)
    const changed = await write((server) =>
      changeNumbers(traced(db, span), sequence, period, requests, batch.some(needsLookUp), server),
    )
    return () => {
      for (const { request } of answerChanged(batch, period, changed)) metrics.changed(request.event)
    }
  }

  return {
    forNew: ({ prefix, chronological }: Sequence['rules'], businessDate: string | undefined): Lane => ({
      name: chronological ? prefix : `${prefix}\n${businessDate ?? ''}`,
      prefix,
      carryOut: (batch, span) => issueBatch(prefix, batch, span),
      goesTogether: isUsual,
    }),
    forChanges: (prefix: string, period: string): Lane => ({
      name: `changes\n${prefix}\n${period}`,
      prefix,
      carryOut: (batch, span) => changeBatch(prefix, period, batch, span),
      goesTogether: () => false,
    }),
    carryOutTogether: issueTogether,
  }
}

const isPlain = ({ event, count, site_id, partition_id, invoice_type }: LedgerRequest) =>
  event === 'issue' && count === 1 && (site_id ?? partition_id ?? invoice_type) === undefined

const needsLookUp = ({ lookUp }: Waiting) => lookUp

/** Answers the requests of a batch, and returns how many numbers are new. */
function answerIssued(batch: Waiting[], { rules }: Sequence, issued: IssuedBatch): number {
  const { period, frame, recycled, replays } = issued
  let value = issued.firstValue ?? 0
  let taken = 0
  let generated = 0
  batch.forEach((waiting, index) => {
    const found = replays.length > 0 ? replays.filter(({ request }) => request === index + 1) : []
    if (found.length > 0) return answerReplay(waiting, found)
    const { event, count } = waiting.request
    const state = nextState(event, null, rules.gapPolicy)!
    const numbers = Array.from({ length: count }, () => {
      const its = count === 1 && taken < recycled.length ? recycled[taken++]! : value++
      return { value: its, number: formatNumber(frame, its), state }
    })
    generated += count
    waiting.resolve({ period, numbers, replayed: false })
  })
  return generated
}

/** Answers the requests of a batch, and returns those that were carried out now. */
function answerChanged(batch: Waiting[], period: string, { outcomes, replays }: ChangedBatch): Waiting[] {
  return batch.filter((waiting, index) => {
    const found = replays.filter(({ request }) => request === index + 1)
    const outcome = outcomes.find(({ request }) => request === index + 1)
    if (found.length > 0) answerReplay(waiting, found)
    else if (!outcome!.done) waiting.reject(refusalOf(waiting.request, outcome!))
    else {
      const { value, number, state } = outcome!
      waiting.resolve({ period, numbers: [{ value, number, state }], replayed: false })
    }
    return found.length === 0 && outcome!.done
  })
}
