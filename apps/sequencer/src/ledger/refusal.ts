import { AppError } from '../domain/errors'
import type { Refusal } from '../domain/holding'
import type { LedgerRequest } from './request'
import type { Outcome } from './statements'

/** The error for a number whose state could not be changed. */
export function refusalOf(request: LedgerRequest, outcome: Outcome): AppError {
  const { event, number } = request
  const conflict = (detail: string) => new AppError('number_state_conflict', detail)
  if (outcome.number !== number)
    return conflict(`${number} was released, and its value is in use as ${outcome.number}`)
  if (event === 'confirm' && outcome.state === 'reserved' && !outcome.refusal)
    return conflict(`${number} was reserved until ${outcome.expires_at}; ask for another number`)
  if (outcome.refusal) return notHeld(request, outcome.refusal)
  const held = outcome.state === 'issued' || outcome.state === 'reserved'
  if (held && request.site_id !== undefined && isOfAnother(request, outcome)) {
    const drawnBy = outcome.site_id ? `${outcome.site_id}, ${outcome.partition_id}` : 'no site'
    const detail = `${number} was drawn by ${drawnBy}, and not by ${request.site_id}, ${request.partition_id}`
    return new AppError('number_of_another_site', detail)
  }
  return conflict(`${number} is ${outcome.state}, and so cannot be ${pastOf[event] ?? event}`)
}

const isOfAnother = (request: LedgerRequest, { site_id, partition_id }: Outcome) =>
  request.site_id !== site_id || request.partition_id !== partition_id

const pastOf: Record<string, string> = { confirm: 'confirmed', release: 'released', void: 'made void' }

function notHeld({ event, number }: LedgerRequest, refusal: Refusal): AppError {
  const why: Record<Refusal, string> = {
    sealed: 'its sequence is sealed to one caller',
    held: 'another caller drew it',
    confirmed: 'it is confirmed',
    late: 'it was drawn too long ago for an anonymous caller to release it',
  }
  const holder = refusal === 'sealed' ? 'That caller' : 'The caller that drew it, with its key or token,'
  const others = event === 'confirm' && refusal === 'sealed' ? '' : ' or an operator'
  return new AppError(
    'number_held_by_another',
    `${number} cannot be ${pastOf[event] ?? event} by this caller: ${why[refusal]}. ${holder}${others} may do so`,
  )
}
