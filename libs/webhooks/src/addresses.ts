import { BlockList, isIP } from 'node:net'

/** Which addresses deliveries may go to: those of the public internet, and those of networks that are allowed. */
export type AddressPolicy = ReturnType<typeof addressPolicy>

// What is not the public internet (IANA's registries of special-purpose addresses), and what clouds answer on.
const refusedIpv4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  // Azure's metadata, in the middle of public space; that of other clouds is link-local, private or 192.0.0.192.
  '168.63.129.16/32',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
]
// Of IPv6, all but global unicast is refused: loopback, mapped IPv4, NAT64, unique local, link-local, multicast. And of that
// what leads to another address (Teredo, 6to4) or to none.
const globalUnicast = '2000::/3'
const refusedIpv6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']

/** Whether a text is a network, such as `10.1.0.0/16` or `fd00::/8`, or an address. */
export function isNetwork(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/')
  const family = isIP(address)
  if (family === 0 || rest.length > 0) return false
  if (prefix === undefined) return true
  return /^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128)
}

/** @param allowed networks that are allowed although they are not public */
export function addressPolicy(allowed: readonly string[]) {
  const allow = listOf(allowed)
  const refuse = listOf([...refusedIpv4, ...refusedIpv6])
  const global = listOf([globalUnicast])

  return {
    /** Whether a delivery may go to an address, which is one: `127.0.0.1`, `::1`. */
    allows(address: string): boolean {
      const family = isIP(address)
      if (family === 0) return false
      const of = family === 4 ? 'ipv4' : 'ipv6'
      if (allow.check(address, of)) return true
      if (family === 6 && !global.check(address, of)) return false
      return !refuse.check(address, of)
    },
  }
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', prefix] = network.split('/')
    const family = isIP(address)
    list.addSubnet(address, Number(prefix ?? (family === 4 ? 32 : 128)), family === 4 ? 'ipv4' : 'ipv6')
  }
  return list
}
