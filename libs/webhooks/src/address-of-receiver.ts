import { AppError } from './errors'
import type { AddressPolicy } from './addresses'
import { addressIn } from './send'

const longest = 2_000

/**
 * The address of a receiver as it is kept.
 *
 * @throws AppError `validation_failed` for one that no delivery could go to, as far as its text tells: where its name leads
 *   is checked at each delivery
 */
export function receiverUrl(text: string, addresses: AddressPolicy): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !['http:', 'https:'].includes(url.protocol) || text.length > longest)
    throw invalid('must be an http or https URL')
  if (url.username !== '' || url.password !== '') throw invalid('must have no user and no password')
  if (url.hash !== '') throw invalid('must have no fragment')
  const address = addressIn(url.hostname)
  if (address !== undefined && !addresses.allows(address)) throw invalid('must lead to a public address')
  return url.href
}

const path = 'body.url'
const invalid = (message: string) =>
  new AppError('validation_failed', `${path}: ${message}`, { errors: [{ path, message }] })
