import { domainToASCII } from 'node:url'
import { text } from '@ordinal/http'
import { z } from 'zod'

const maxLength = 254
const oneLine = text(1, maxLength)
// Any letters, digits and signs but those of ASCII that an address cannot have without quotes, and spaces.
const unicodeLocal = /^(?:[^\p{ASCII}\p{Z}]|[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-])+$/u
// What `domainToASCII` takes for a part of a domain, and not for the end of one, or for an escape.
const unicodeDomain = /^(?:[^\p{ASCII}\p{Z}]|[a-zA-Z0-9.-])+$/u

/**
 * An e-mail address: what a browser takes for one (https://html.spec.whatwg.org/#valid-e-mail-address), and the same with
 * letters of any alphabet on either side of the @ (RFC 6531).
 */
export const email = z
  .string()
  .max(maxLength)
  .refine(isEmail, 'must be an e-mail address, such as ada@example.com')
  .meta({
    description: 'As browsers take it, and with letters of any alphabet (RFC 6531)',
    example: 'ada@example.com',
  })

/** Whether a browser, or a mail server that knows RFC 6531, takes the text for one address. */
export function isEmail(address: string): boolean {
  if (z.regexes.html5Email.test(address)) return true
  const { local, domain } = partsOf(address)
  if (!unicodeLocal.test(local) || !unicodeDomain.test(domain)) return false
  if (!oneLine.safeParse(address).success) return false
  // A local part that stands for all.
  return z.regexes.html5Email.test(`a@${asciiDomain(domain)}`)
}

/**
 * What all spellings of an address have in common: upper and lower case, a letter with an accent or the two characters that
 * make it, a domain in its letters or as punycode, and characters that nobody sees make no difference.
 */
export function emailKey(address: string): string {
  const { local, domain } = partsOf(address)
  return `${folded(local)}@${asciiDomain(domain)}`
}

// There and back: ß and SS, or ς and σ, become the same only in upper case, and ẞ and ß only in lower case.
const folded = (local: string) =>
  local
    .normalize('NFC')
    .replaceAll(/\p{Default_Ignorable_Code_Point}/gu, '')
    .toLowerCase()
    .toUpperCase()
    .toLowerCase()
    .normalize('NFC')

/** The domain as DNS has it, in lower case; empty if it can be none. */
const asciiDomain = (domain: string) =>
  /^\p{ASCII}*$/u.test(domain) ? domain.toLowerCase() : domainToASCII(domain)

function partsOf(address: string) {
  const at = address.lastIndexOf('@')
  return { local: address.slice(0, Math.max(at, 0)), domain: address.slice(at + 1) }
}
