import { setTimeout as delay } from 'node:timers/promises'
import { SignJWT } from 'jose'
import { ask, eventually, listedServices, startSystem, type System } from '@ordinal/system-tests'
import { createAuthority, createCertificateFolder, ownAddress, ownPort } from '@ordinal/testing'
import { faultsOf } from '../src/check'
import { dashboards, queriesOf, type Dashboard } from '../src/dashboards'
import { writeHurriedCopy } from '../src/hurried'
import { alertNames } from '../src/monitoring'
import { faultsOfMetrics, startPrometheus, type Prometheus } from '../src/prometheus'
import { startTraffic, type Traffic } from '../src/traffic'
import { withPrometheus } from './with-prometheus'

let system: System
let prometheus: Prometheus
let traffic: Traffic
let certificates: Awaited<ReturnType<typeof createCertificateFolder>>

const secret = 'a secret of the tests, and of nothing else'

/** A sequence with an end: only of those there are some metrics. */
async function defineWithEnd(): Promise<void> {
  const token = await new SignJWT({ sub: 'ada', role: 'admin' })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('10 minutes')
    .sign(new TextEncoder().encode(secret))
  const rules = { prefix: 'RANGE', template: 'RANGE{seq}', end: 500, warn_at: '10%' }
  const { status } = await ask(system.sequencer, 'POST', '/api/v1/sequences', rules, {
    Authorization: `Bearer ${token}`,
  })
  if (status !== 201) throw new Error(`the sequence is not defined: ${status}`)
}

withPrometheus('a running stack, watched', () => {
  beforeAll(async () => {
    const grpcPort = await ownPort()
    // Only with certificates is there a metric of them.
    const authority = await createAuthority()
    const validTo = new Date(Date.now() + 60 * 86_400_000)
    certificates = await createCertificateFolder({
      ...(await authority.issue({ validTo })),
      ca: authority.cert,
    })
    // The breaker counts, and tries again, over seconds.
    system = await startSystem({
      CIRCUIT_BREAKER_INTERVAL: '2',
      CIRCUIT_BREAKER_TIMEOUT: '2',
      ORDER_SERVICE_USER_MEMORY: '0',
      SEQUENCER_GRPC_PORT: String(grpcPort),
      JWT_SECRET: secret,
      ORDER_SERVICE_CALLS_TLS_CERT_FILE: certificates.certFile,
      ORDER_SERVICE_CALLS_TLS_KEY_FILE: certificates.keyFile,
    })
    await defineWithEnd()
    const folder = writeHurriedCopy(
      Object.fromEntries(
        system.services.map(({ name, url }) => {
          const { port } = listedServices.find((service) => service.name === name)!
          return [`${name}:${port}`, new URL(url).host]
        }),
      ),
    )
    prometheus = await startPrometheus(folder)
    traffic = startTraffic(system, `${ownAddress}:${grpcPort}`)
  })
  afterAll(async () => {
    await traffic?.stop()
    await prometheus?.stop()
    await system?.stop()
    await certificates?.remove()
  })

  test('all targets are up', async () => {
    const targets = await eventually(
      () => prometheus.targets(),
      (targets) => targets.length > 0 && targets.every(({ health }) => health === 'up'),
    )
    const names = listedServices.map(({ name }) => name)
    expect(targets.map(({ labels }) => labels.job).sort()).toEqual(names.sort())
  })

  test.each(['users', 'orders', 'sequencer'] as const)(
    'promtool has nothing against the metrics of %s',
    async (name) => {
      const metrics = await (await fetch(`${system[name].url}/metrics`)).text()
      expect(faultsOfMetrics(metrics)).toBe('')
      expect(faultsOfMetrics(`${metrics}# TYPE things_total gauge\nthings_total 1\n`)).toContain(
        'things_total',
      )
    },
  )

  test('all rules are loaded, and none fails', async () => {
    const rules = await eventually(
      () => prometheus.rules(),
      (rules) => rules.every(({ health }) => health !== 'unknown'),
    )
    const alerts = rules.filter(({ type }) => type === 'alerting').map(({ name }) => name)
    expect(alerts.sort()).toEqual(alertNames().sort())
    expect(rules.filter(({ health }) => health !== 'ok')).toEqual([])
  })

  const down = { alertname: 'ServiceDown', job: 'user-service' }
  const open = { alertname: 'CircuitBreakerOpen', service: 'user-service' }

  /** Waits until both alerts are in a state: undefined when they are not raised. */
  const become = (state: 'firing' | undefined) =>
    eventually(
      async () => {
        const alerts = await prometheus.alerts()
        return [down, open].map((wanted) => alerts.find(({ labels }) => hasAll(labels, wanted))?.state)
      },
      (states) => states.every((seen) => seen === state),
    )

  test('while all is well, nobody is alerted', async () => {
    // As a minute would be, for rules that wait for one.
    await delay(4_000)
    // Whether this machine keeps objectives of 100 ms is not what is tested, and a pause of it passes.
    let quietLooks = 0
    await eventually(
      async () =>
        (await prometheus.alerts()).filter(
          ({ state, labels }) => state === 'firing' && !/ObjectiveBurns/.test(labels.alertname!),
        ),
      (firing) => (quietLooks = firing.length === 0 ? quietLooks + 1 : 0) >= 20,
    )
  })

  test('when a service is killed, the alerts that it is down and that the breaker to it is open fire', async () => {
    await system.users.end('SIGKILL')
    await become('firing')
  })

  test('when it has returned, both resolve', async () => {
    await system.users.start()
    await become(undefined)
  })

  test('each recording rule has given values', async () => {
    const rules = (await prometheus.rules()).filter(({ type }) => type === 'recording')
    await eventually(
      async () =>
        (await Promise.all(rules.map(({ query }) => faultsOf(prometheus, query, { data: true })))).flat(),
      (faults) => faults.length === 0,
    )
  })

  test('each alert asks for metrics and labels that exist', async () => {
    const rules = (await prometheus.rules()).filter(({ type }) => type === 'alerting')
    const faults = await Promise.all(rules.map(({ query }) => faultsOf(prometheus, query, { data: false })))
    expect(faults.flat()).toEqual([])
  })

  test.each(dashboards().map((dashboard) => [dashboard.file, dashboard] as const))(
    'each query of %s has given values, with the labels of its legend',
    async (_, dashboard) => {
      const faults = () =>
        queriesOf(dashboard).map(async ({ where, query, labels }) =>
          (await faultsOf(prometheus, query, { data: true, labels })).map((fault) => `${where}: ${fault}`),
        )
      await eventually(
        async () => (await Promise.all(faults())).flat(),
        (found) => found.length === 0,
      )
    },
  )

  test('control: a dashboard with a misspelt metric is refused', async () => {
    const dashboard = dashboards().find(({ file }) => file === 'databases-and-processes.json')
    const text = JSON.stringify(dashboard).replaceAll('nodejs_heap_size_used_bytes', 'nodejs_heap_used_bytes')
    const faults = queriesOf(JSON.parse(text) as Dashboard).map(({ query }) =>
      faultsOf(prometheus, query, { data: true }),
    )
    expect((await Promise.all(faults)).flat()).toContainEqual(
      expect.stringContaining('there is no nodejs_heap_used_bytes'),
    )
  })

  test.each([
    [
      'a metric that does not exist',
      'sum(rate(order_service_request_total[20s]))',
      'there is no order_service_request_total',
    ],
    [
      'one of several that does not',
      'rate({__name__=~"(user_service|orders_service)_requests_total"}[20s])',
      'there is no orders_service_requests_total',
    ],
    ['a label that does not exist', 'up{service!="x"}', 'has no label service'],
    ['a value that does not', 'up{job="users"}', 'there is no up{job="users"}'],
    [
      'a label to group by that does not exist',
      'sum by (path) (order_service_requests_total)',
      'no metric has the label path',
    ],
    ['no value', 'up > 2', 'it has given no value'],
    ['no number', 'up * NaN', 'it has given no value'],
    ['a legend of a label that is aggregated away', 'sum(up)', 'its result has no label job'],
  ])('control: a query of %s is refused', async (_, query, fault) => {
    const faults = await faultsOf(prometheus, query, {
      data: true,
      labels: query === 'sum(up)' ? ['job'] : [],
    })
    expect(faults.join()).toContain(fault)
  })
})

const hasAll = (labels: Record<string, string>, wanted: Record<string, string>) =>
  Object.entries(wanted).every(([name, value]) => labels[name] === value)
