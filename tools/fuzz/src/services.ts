import { generateKeyPairSync } from 'node:crypto'
import { join } from 'node:path'
import { callersOf, hostileCallers, startTestPostgres } from '@ordinal/testing'
import { API_KEYS, apiKey, listedServices, root, startSystem, type System } from '@ordinal/system-tests'
import { createCoverage, type Coverage } from './coverage'
import type { Document } from './document'
import { grpcTarget } from './grpc'
import { createKnown } from './known'
import { residentAfterGarbage } from './memory'
import { startReceiver } from './receiver'
import type { Caller, Finding } from './player'
import { fuzz, type Target } from './run'

/** Whether callers need a key or a token. */
export type Access = 'open' | 'closed'

export interface ServicesOptions {
  requests: number
  seed: number
  /** By how many MB the resident memory of a service may grow after so many requests; not measured if not given. */
  memory?: { growthMb: number; warmUp: number }
  tell?: (line: string) => void
}

export interface Report {
  findings: Finding[]
  coverage: Coverage
  requests: number
  seconds: number
  /** A line for each service that says how its memory grew. */
  memory: string[]
}

const tellEveryMs = 5_000
// Tokens of the tests are valid for ten minutes.
const oneTurn = 20_000
const enoughForAll = 50_000

/**
 * Starts all services on an embedded PostgreSQL, and makes requests of all of their operations: half of them where
 * anyone may call, half where callers need a key or a token.
 *
 * @throws Error if they do not start
 */
export async function fuzzServices(options: ServicesOptions): Promise<Report> {
  const report: Report = {
    findings: [],
    coverage: createCoverage(),
    requests: options.requests,
    seconds: 0,
    memory: [],
  }
  for (const access of ['open', 'closed'] as const) {
    const requests = access === 'open' ? Math.ceil(options.requests / 2) : Math.floor(options.requests / 2)
    await fuzzSystem(access, { ...options, requests }, report)
  }
  // In fewer requests chance decides.
  const unreached = options.requests < enoughForAll ? [] : report.coverage.unreached()
  for (const name of unreached)
    report.findings.push(newFinding(name, 'never reached', 'No request of it was answered with 2xx or OK'))
  return report
}

const newFinding = (operation: string, kind: string, detail: string): Finding => ({
  service: '',
  operation,
  kind,
  detail,
  times: 1,
  line: '',
})

async function fuzzSystem(access: Access, options: ServicesOptions, report: Report): Promise<void> {
  const { requests, memory, tell = () => {} } = options
  tell(
    `Starting PostgreSQL and the services, ${access === 'open' ? 'open to anyone' : 'closed to unknown callers'}.`,
  )
  const { env } = await callersOf([])
  const { REQUIRE_AUTHENTICATION, ...known } = env
  const postgres = await startTestPostgres({ fsync: 'off' })
  const receiver = await startReceiver()
  let system: System | undefined
  try {
    system = await startSystem(
      {
        ...known,
        ...(access === 'closed' && { REQUIRE_AUTHENTICATION }),
        API_KEYS: `${API_KEYS},${env.API_KEYS}`,
        USER_SERVICE_RATE_LIMIT: '0',
        ORDER_SERVICE_RATE_LIMIT: '0',
        SEQUENCER_RATE_LIMIT: '0',
        SEQUENCER_SIGNING_KEY: signingKey(),
        ORDER_SERVICE_WEBHOOK_ALLOWED_NETWORKS: '127.0.0.1',
        ORDER_SERVICE_WEBHOOK_TIMEOUT_MS: '500',
        ORDER_SERVICE_WEBHOOK_PAUSES: '1,2',
      },
      postgres,
    )
    const { services } = system
    const processes = services.map((service) => ({
      name: service.name,
      pid: service.pid(),
      url: service.url,
    }))
    const targets = await targetsOf(system)
    const learned = createKnown()
    for (const url of receiver.urls) learned.learn('order-service', '', null, { url })
    const startedAt = performance.now()

    const turns = turnsOf(memory ? Math.min(memory.warmUp, Math.floor(requests / 2)) : 0, requests)
    let before: (number | undefined)[] = []
    for (const [index, turn] of turns.entries()) {
      if (memory && index === 1) before = await residentAfterGarbage(processes)
      const found = await fuzz({
        targets,
        known: learned,
        requests: turn.requests,
        // Other requests in each turn.
        seed: options.seed + (access === 'open' ? 0 : 1_000_003) + index * 7_919,
        callers: await callersIn(access),
        coverage: report.coverage,
        shownUrl: (service) => localUrls[service]!,
        logged: (name, id) => loggedOf(services.find((service) => service.name === name)!.log(), id),
        onDone: progress(tell, access, turn.begun, requests),
      })
      merge(report.findings, found)
    }
    const after = memory ? await residentAfterGarbage(processes) : []
    report.seconds += (performance.now() - startedAt) / 1000
    for (const [index, { name }] of processes.entries()) {
      if (!memory || before[index] === undefined) continue
      report.memory.push(
        `${name}, ${access}: ${before[index]} MB after the warm-up, ${after[index]} MB at the end`,
      )
      const fault = growthFault(before[index], after[index], memory.growthMb)
      if (fault) report.findings.push(newFinding(`${name}, ${access}`, 'memory', fault))
    }
    for (const service of services)
      if (!service.isRunning())
        report.findings.push(newFinding(service.name, 'ended', service.log().slice(-2_000)))
  } finally {
    await system?.stop()
    await receiver.stop()
    await postgres.remove()
  }
}

/** Warm-up, then turns of which each has new tokens. */
function turnsOf(warmUp: number, requests: number) {
  const turns = [{ begun: 0, requests: warmUp }]
  for (let begun = warmUp; begun < requests; begun += oneTurn)
    turns.push({ begun, requests: Math.min(oneTurn, requests - begun) })
  return turns
}

/** The errors that a service logged of a request. */
const loggedOf = (log: string, requestId: string) =>
  log
    .slice(-1_000_000)
    .split('\n')
    .filter((line) => line.includes(requestId) && line.includes('"error"'))
    .join('\n  ')

const signingKey = () =>
  Buffer.from(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' })).toString(
    'base64',
  )

/** Where `make run` has them: what was found can be tried there. */
const localUrls = Object.fromEntries(
  listedServices.map(({ name, port }) => [name, `http://localhost:${port}`]),
)

const protos: Record<string, { file: string; service: string }> = {
  'order-service': { file: 'orders.proto', service: 'orders.OrderService' },
  sequencer: { file: 'sequencer.proto', service: 'sequential.SequentialIDService' },
}

const targetsOf = ({ services }: System): Promise<Target[]> =>
  Promise.all(
    services.map(async ({ name, url, grpcAt }) => {
      const document = (await (await fetch(`${url}/openapi.json`)).json()) as Document
      const proto = protos[name]
      if (!proto) return { name, url, document }
      const { file, service } = proto
      const grpc = grpcTarget({ name, url, at: grpcAt, protoFile: join(root, 'proto', file), service })
      return { name, url, document, grpc }
    }),
  )

async function callersIn(access: Access): Promise<{ trusted: Caller[]; others: Caller[] }> {
  const { nobody, viewer, operator, admin, noRole, machine, customer } = await callersOf([])
  const token = (role: string) => `Bearer $(make -s token ROLE=${role})`
  const administrator = { headers: admin, inShell: token('admin') }
  const operators = [
    { headers: operator, inShell: token('operator') },
    { headers: machine },
    { headers: { 'X-API-Key': apiKey } },
  ]
  return {
    trusted: [
      administrator,
      administrator,
      ...operators,
      ...(access === 'open' ? [{ headers: nobody }, { headers: nobody }] : []),
    ],
    others: [
      { headers: nobody },
      { headers: viewer, inShell: token('viewer') },
      { headers: noRole },
      { headers: await customer(1), inShell: token('customer USER_ID=1') },
      { headers: await customer('x') },
      ...Object.values(await hostileCallers()).map((headers) => ({ headers })),
    ],
  }
}

function progress(tell: (line: string) => void, access: Access, begun: number, of: number) {
  let toldAt = performance.now()
  let toldDone = 0
  return (done: number, findings: readonly Finding[]) => {
    const now = performance.now()
    if (now - toldAt < tellEveryMs) return
    const perSecond = Math.round(((done - toldDone) / (now - toldAt)) * 1000)
    toldAt = now
    toldDone = done
    tell(`${access}: ${begun + done} of ${of} requests, ${perSecond} a second, ${findings.length} findings`)
  }
}

function merge(all: Finding[], found: readonly Finding[]): void {
  for (const finding of found) {
    const same = all.find(
      ({ service, operation, kind }) =>
        service === finding.service && operation === finding.operation && kind === finding.kind,
    )
    if (same) same.times += finding.times
    else all.push(finding)
  }
}

/** What is wrong with how the memory of a service grew: nothing where it is not known, or within the bound. */
export const growthFault = (beforeMb: number | undefined, afterMb: number | undefined, mostMb: number) =>
  beforeMb !== undefined && afterMb !== undefined && afterMb - beforeMb > mostMb
    ? `grew by ${afterMb - beforeMb} MB, from ${beforeMb} MB; ${mostMb} MB are allowed`
    : undefined
