import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/**
 * The address of a client behind so many proxies, each of which appends the address that it was called from. An entry
 * that is no address is passed over, towards the connection.
 *
 * @param peer the address that connects
 * @param forwarded X-Forwarded-For: its last entries are the proxies', the others may be forged
 * @param proxies how many proxies are believed
 * @returns as `plainAddress` writes it; undefined if the connection has gone
 */
export function clientAddress(
  peer: string | undefined,
  forwarded: string | undefined,
  proxies: number,
): string | undefined {
  const believed = forwarded && proxies > 0 ? forwarded.split(',').slice(-proxies) : []
  for (const entry of believed) {
    const address = plainAddress(entry)
    if (address) return address
  }
  return plainAddress(peer)
}

// `192.0.2.1:80`, `[2001:db8::1]:80`, `[2001:db8::1]`: what proxies add to an address.
const withPort = /^(?:\[([^\]]+)\](?::\d+)?|([\d.]+):\d+)$/

/**
 * An address in its one form, so that one client is one client: without port, brackets, quotes and zone, IPv6 in its
 * short form (RFC 5952), and IPv4 as IPv4 where a server that listens on IPv6 sees `::ffff:192.0.2.1`.
 *
 * @returns undefined for what is no address
 */
export function plainAddress(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const bare = text.trim().replace(/^"(.*)"$/, '$1')
  const [, bracketed, dotted] = withPort.exec(bare) ?? []
  const [address = ''] = (bracketed ?? dotted ?? bare).split('%', 1)
  switch (isIP(address)) {
    case 4:
      return address
    case 6:
      return ipaddr.process(address).toString()
    default:
      return undefined
  }
}
