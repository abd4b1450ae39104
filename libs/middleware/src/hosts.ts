import { isIPv6 } from 'node:net'
import { AppError } from '@ordinal/errors'
import { requireOne } from './repeated-header'

const authority = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9_.-]+))(?::(\d{0,5}))?$/i
// Endings that do not exist in the public DNS: reserved by RFC 6761 or ICANN, or used by Kubernetes.
const privateEndings = ['.localhost', '.internal', '.svc', '.cluster.local']

/** The host of an authority (`Example.com.:8081` gives `example.com`); undefined unless it is a host with or without a port. */
function hostOf(text: string): string | undefined {
  const [, ipv6, name, port = ''] = authority.exec(text) ?? []
  if (Number(port) > 65_535) return undefined
  if (ipv6 !== undefined) return isIPv6(ipv6) ? ipv6 : undefined
  const host = name?.toLowerCase().replace(/\.$/, '')
  return host && !host.split('.').includes('') ? host : undefined
}

/**
 * Whether a request for this host may be for us. A page of another site can have its own name resolve to our address (DNS
 * rebinding), and then counts as ours in the browser: so a name of the public DNS must be listed. An IP address, a name
 * of one label, and a private name cannot be a stranger's.
 *
 * @param allowed names, `*.example.com` for all below one, `*` for any
 */
function isOurHost(host: string, allowed: readonly string[]): boolean {
  const lastLabel = host.slice(host.lastIndexOf('.') + 1)
  // Browsers take a host for an IPv4 address if its last label is a number.
  if (host.includes(':') || /^(\d+|0x[0-9a-f]*)$/.test(lastLabel)) return true
  if (lastLabel === host || privateEndings.some((ending) => host.endsWith(ending))) return true
  return allowed.some(
    (name) => name === '*' || name === host || (name.startsWith('*.') && host.endsWith(name.slice(1))),
  )
}

interface Head {
  headers: { host?: string | undefined }
  rawHeaders: readonly string[]
  httpVersionMinor: number
  url: string
}

const mostKnown = 100

/**
 * A check of which host a request is for, by its Host and by a target that is a whole URL. X-Forwarded-Host is ignored.
 *
 * @returns a function that throws AppError `malformed_request` if Host is missing, unreadable or there twice, and
 *   `host_not_allowed`
 */
export function hostCheck(allowed: readonly string[]): (head: Head) => void {
  // Hosts that passed: most requests are for the same few.
  const known = new Set<string>()

  return ({ headers: { host: sent }, rawHeaders, httpVersionMinor, url }) => {
    if (sent === undefined) {
      // HTTP/1.0 has no such header.
      if (httpVersionMinor > 0) throw malformed('The header Host is missing')
    } else requireOne('Host', rawHeaders)

    const named = url.startsWith('/') ? undefined : /^https?:\/\/([^/?#]*)/i.exec(url)?.[1]
    if (named !== undefined && sent !== undefined && named.toLowerCase() !== sent.toLowerCase())
      throw malformed(`The target is on "${named}", and Host is "${sent}"`)
    const text = named ?? sent
    if (text === undefined || known.has(text)) return

    const host = hostOf(text)
    if (host === undefined) throw malformed(`Host is "${text}", which is no host with or without a port`)
    if (!isOurHost(host, allowed)) throw notAllowed(host)
    if (known.size < mostKnown) known.add(text)
  }
}

const malformed = (detail: string) => new AppError('malformed_request', detail)

const notAllowed = (host: string) =>
  new AppError('host_not_allowed', `This service is not known as ${host}: operators list it in ALLOWED_HOSTS`)
