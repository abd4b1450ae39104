import { execFileSync } from 'node:child_process'
import { userInfo } from 'node:os'

/** Where the parts of a cluster are, and how they reach each other. */
export interface Network {
  addressOf: (node: number) => string
  balancer: string
  instances: { a: string; b: string }
  /** All of them, as pg_hba.conf takes it. */
  range: string
  /** The namespace in which the programs of a node run; undefined if there is none. */
  namespaceOf: (node: number) => string | undefined
  /** Takes a node away from all others, in both directions; undefined if that is not possible. */
  cut?: (node: number) => void
  heal?: (node: number) => void
  remove: () => void
}

/**
 * Addresses of the loopback, which anybody may use on Linux. Nothing between them can be cut.
 *
 * @param network the first three bytes: `127.27.0`
 */
export const onLoopback = (network: string): Network => ({
  ...addressesIn(network),
  range: '127.0.0.0/8',
  namespaceOf: () => undefined,
  remove: () => undefined,
})

/**
 * A namespace for each node, and one for the switch to which they and this machine have a cable. It needs root.
 *
 * @param network the first three bytes: `10.27.0`; the names of what is made have the last two
 */
export function inNamespaces(network: string): Network {
  const nodes = [1, 2, 3]
  const own = network.split('.').slice(1).join('-')
  const namespaceOf = (node: number) => `ordinal-ha-${own}-${node}`
  // Not in that of the machine, whose firewall may drop what is forwarded.
  const theSwitch = `ordinal-ha-${own}-switch`
  const inSwitch = (...args: string[]) => ip('-n', theSwitch, ...args)
  const here = `ha${own}`
  const addresses = addressesIn(network)

  function remove(): void {
    for (const namespace of [...nodes.map(namespaceOf), theSwitch])
      if (namespaces().includes(namespace)) ip('netns', 'del', namespace)
  }

  function connect(port: string, device: string, addressesOfIt: string[], ...namespace: string[]): void {
    inSwitch('link', 'add', port, 'type', 'veth', 'peer', 'name', device, 'netns', namespace[1] ?? '1')
    inSwitch('link', 'set', port, 'master', 'bridge', 'up')
    for (const address of addressesOfIt) ip(...namespace, 'addr', 'add', `${address}/24`, 'dev', device)
    ip(...namespace, 'link', 'set', device, 'up')
  }

  // Those of a run that did not come to its end.
  remove()
  ip('netns', 'add', theSwitch)
  inSwitch('link', 'add', 'bridge', 'type', 'bridge')
  inSwitch('link', 'set', 'bridge', 'up')
  connect('here', here, [addresses.balancer, ...Object.values(addresses.instances)])
  for (const node of nodes) {
    ip('netns', 'add', namespaceOf(node))
    ip('-n', namespaceOf(node), 'link', 'set', 'lo', 'up')
    connect(`node${node}`, 'eth0', [addresses.addressOf(node)], '-n', namespaceOf(node))
  }
  return {
    ...addresses,
    range: `${network}.0/24`,
    namespaceOf,
    cut: (node) => inSwitch('link', 'set', `node${node}`, 'down'),
    heal: (node) => inSwitch('link', 'set', `node${node}`, 'up'),
    remove,
  }
}

/** A network that no other process of this machine has: 127 is the loopback, 10 is for namespaces. */
export const ownNetwork = (first: 10 | 127): string =>
  `${first}.${64 + ((process.pid >> 8) & 127)}.${process.pid & 255}`

/** Why there can be no namespaces here; undefined if there can be. */
export function whyNoNamespaces(): string | undefined {
  if (userInfo().uid !== 0) return 'that needs root'
  const probe = `ordinal-ha-probe-${process.pid}`
  try {
    ip('netns', 'add', probe)
    ip('netns', 'del', probe)
    return undefined
  } catch (error) {
    return `ip netns does not work here: ${(error as Error).message.split('\n').at(-2) ?? String(error)}`
  }
}

const addressesIn = (network: string) => ({
  addressOf: (node: number) => `${network}.${node}`,
  balancer: `${network}.10`,
  instances: { a: `${network}.11`, b: `${network}.12` },
})

function ip(...args: string[]): string {
  return execFileSync('ip', args, { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' })
}

const namespaces = (): string[] =>
  ip('netns', 'list')
    .split('\n')
    .map((line) => line.split(' ')[0]!)
