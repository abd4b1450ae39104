import { listedServices } from '@ordinal/local-stack'
import type { KubernetesObject, Part } from './chart'
import { podsOf, type Pod } from './pods'

/** `order-service -> sequencer:8083`. A side in brackets is outside of the release. */
export type Flow = string

const component = (labels: Record<string, string>) => labels['app.kubernetes.io/component'] ?? ''
const outside = (peers: unknown) => `[${JSON.stringify(peers ?? 'anywhere')}]`
const portOf = (url: URL) => Number(url.port || (url.protocol === 'https:' ? 443 : 80))
const fullname = 'ordinal-'

// What a service names, and does not call itself.
const isForBrowsers = (variable: string) => /^(JWT_ISSUER|CORS_ORIGINS|SEQUENCER_CONSOLE_\w+)$/.test(variable)

/** What is outside: peers as the values have them. */
export interface Outside {
  dns: unknown
  databases: Record<string, { peers: unknown; port: number; ownerPort: number }>
  redis: { peers: unknown; port: number }
  jwks: unknown
  tracing: unknown
  gateways: unknown
  prometheus: unknown
  clients: Record<string, unknown>
}

/** The flows that the configuration of the pods, the routes and the monitors ask for. */
export function flowsNeeded(objects: readonly KubernetesObject[], where: Outside): Set<Flow> {
  const flows = new Set<Flow>()
  const isService = (pod: Pod) => listedServices.some(({ name }) => name === component(pod.labels))
  const hasPostgres = podsOf(objects).some(({ labels }) => component(labels) === 'postgres')
  for (const pod of podsOf(objects)) {
    const of = component(pod.labels)
    if (of === 'postgres') continue
    const migrates = pod.labels['ordinal/migrates']
    const name = migrates ? `migrations/${migrates}` : of
    for (const { name: variable, value = '' } of pod.containers[0]!.env) {
      if (variable.endsWith('_DATABASE_URL_FILE')) {
        const database = where.databases[migrates ?? of]!
        const port = migrates && database.ownerPort ? database.ownerPort : database.port
        flows.add(hasPostgres ? `${name} -> postgres:5432` : `${name} -> ${outside(database.peers)}:${port}`)
      } else if (variable === 'REDIS_URL_FILE') {
        flows.add(`${name} -> ${outside(where.redis.peers)}:${where.redis.port}`)
      } else if (/^https?:/.test(value) && !isForBrowsers(variable)) {
        const url = new URL(value)
        const other = listedServices.find((entry) => url.hostname === fullname + entry.name)
        const peers = variable === 'JWKS_URL' ? where.jwks : where.tracing
        flows.add(`${name} -> ${other ? other.name : outside(peers)}:${portOf(url)}`)
        if (other && portOf(url) !== other.port) throw new Error(`${variable} is ${value}`)
      }
    }
    flows.add(`${name} -> ${outside(where.dns)}:53`)
    if (isService(pod) && where.prometheus)
      flows.add(
        `${outside(where.prometheus)} -> ${of}:${pod.containers[0]!.ports!.find(({ name }) => name === 'http')!.containerPort}`,
      )
    for (const { containerPort, name: port } of pod.containers[0]!.ports ?? [])
      if (where.clients[of] && port !== 'debug')
        flows.add(`${outside(where.clients[of])} -> ${of}:${containerPort}`)
  }
  for (const [service, port] of objects.flatMap(backendsOf)) {
    const entry = listedServices.find(({ name }) => service === fullname + name)!
    if (where.gateways)
      flows.add(`${outside(where.gateways)} -> ${entry.name}:${port === 'http' ? entry.port : port}`)
  }
  return flows
}

/** The Services and ports that a route leads to. */
function backendsOf({ kind, spec }: KubernetesObject): [string, string | number][] {
  if (kind === 'Ingress')
    return spec.rules.flatMap(({ http }: Part) =>
      http.paths.map(({ backend }: Part) => [backend.service.name, backend.service.port.name]),
    )
  if (kind === 'HTTPRoute' || kind === 'GRPCRoute')
    return spec.rules.flatMap(({ backendRefs }: Part) =>
      backendRefs.map(({ name, port }: Part) => [name, port]),
    )
  return []
}

/** The flows that the policies allow. One between pods of the release counts where both its ends allow it. */
export function flowsAllowed(objects: readonly KubernetesObject[]): Set<Flow> {
  const policies = objects.filter(({ kind }) => kind === 'NetworkPolicy')
  const nameOf = ({ matchLabels }: Part) =>
    matchLabels['ordinal/migrates'] ? `migrations/${matchLabels['ordinal/migrates']}` : component(matchLabels)
  const out = new Set<Flow>()
  const into = new Set<Flow>()
  const sides = (peers: Part[] | undefined) =>
    peers?.length === 1 && peers[0].podSelector?.matchLabels?.['app.kubernetes.io/instance'] === 'ordinal'
      ? component(peers[0].podSelector.matchLabels)
      : outside(peers)
  for (const { spec } of policies) {
    const name = nameOf(spec.podSelector)
    for (const { to, ports } of spec.egress ?? [])
      for (const { port } of ports) out.add(`${name} -> ${sides(to)}:${port}`)
    for (const { from, ports } of spec.ingress ?? [])
      for (const { port } of ports) into.add(`${sides(from)} -> ${name}:${port}`)
  }
  const isInside = (flow: Flow) => !flow.includes('[')
  const between = [...out].filter((flow) => isInside(flow) && into.has(flow))
  const oneSided = [...out, ...into].filter((flow) => isInside(flow) && !between.includes(flow))
  return new Set([
    ...between,
    ...oneSided.map((flow) => `${flow} on one side only`),
    ...[...out, ...into].filter((flow) => !isInside(flow)),
  ])
}
