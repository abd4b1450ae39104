import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { listedServices } from '@ordinal/local-stack'
import {
  chart,
  production,
  renderObjects,
  root,
  shippedValues,
  type KubernetesObject,
  type Part,
  type Values,
} from '../src/chart'
import { flowsAllowed, flowsNeeded, type Outside } from '../src/flows'
import { faultsOfSecurity, podsOf } from '../src/pods'
import { yaml } from '../src/programs'
import { faultsOfSchemas, faultsOfTypes } from '../src/schemas'
import { withPrograms } from '../src/with-programs'

const rendered = new Map<Values, KubernetesObject[]>()
function objectsOf(values: Values): KubernetesObject[] {
  const objects = rendered.get(values) ?? renderObjects(values)
  rendered.set(values, objects)
  return objects
}
const kinds = (objects: KubernetesObject[]) => new Set(objects.map(({ kind }) => kind))
const all = shippedValues()
const servicePods = (values: Values) =>
  podsOf(objectsOf(values)).filter(({ workload }) => workload.kind === 'Deployment')

withPrograms('objects of the chart', () => {
  test('the schemas and the types of the API have nothing against any of them', () => {
    const objects = all.flatMap(([, values]) => objectsOf(values))
    expect(objects.length).toBeGreaterThan(100)
    expect(faultsOfSchemas(objects)).toEqual([])
    expect(faultsOfTypes(objects)).toEqual([])
  })

  test('control: a wrong type is found, and a field that nobody knows', () => {
    const [deployment] = structuredClone(objectsOf(production).filter(({ kind }) => kind === 'Deployment'))
    deployment!.spec.replicas = 'three'
    expect(faultsOfSchemas([deployment!])).toEqual([expect.stringContaining('replicas must be integer')])
    deployment!.spec.replicas = 3
    deployment!.spec.template.spec.securityContext.seccompProfil = {}
    expect(faultsOfTypes([deployment!])).toEqual([expect.stringContaining('"seccompProfil"')])
  })

  test('production has all that a cluster can do for them', () => {
    const expected = [
      'BackendTLSPolicy',
      'Certificate',
      'ConfigMap',
      'Deployment',
      'GRPCRoute',
      'HTTPRoute',
      'HorizontalPodAutoscaler',
    ]
    const more = [
      'Job',
      'NetworkPolicy',
      'PodDisruptionBudget',
      'PrometheusRule',
      'Service',
      'ServiceMonitor',
    ]
    expect([...kinds(objectsOf(production))].sort()).toEqual([...expected, ...more])
    // A Secret would be in the history of whoever renders it.
    expect(all.filter(([, values]) => kinds(objectsOf(values)).has('Secret')).map(([name]) => name)).toEqual([
      'evaluation',
    ])
  })

  test.each(all)('every pod of %s is restricted, and has no token of a service account', (_, values) => {
    const pods = podsOf(objectsOf(values))
    expect(pods.length).toBeGreaterThanOrEqual(4)
    expect(pods.flatMap(faultsOfSecurity)).toEqual([])
  })

  test('control: a pod that may do more is found', () => {
    const [pod] = structuredClone(servicePods(production))
    delete pod!.spec.securityContext.seccompProfile
    pod!.spec.volumes.push({ name: 'host', hostPath: { path: '/' } })
    pod!.containers[0]!.securityContext.capabilities.add = ['NET_ADMIN']
    expect(faultsOfSecurity(pod!)).toHaveLength(3)
  })

  test.each(all)('names, selectors and ports of %s fit each other', (_, values) => {
    const objects = objectsOf(values)
    const names = objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`)
    expect(new Set(names).size).toBe(names.length)
    const matches = (selector: Record<string, string>, labels: Record<string, string>) =>
      Object.entries(selector).every(([name, value]) => labels[name] === value)
    for (const { kind, metadata, spec } of objects) {
      const selector = kind === 'Service' ? spec.selector : spec?.selector?.matchLabels
      if (!selector || kind === 'ServiceMonitor') continue
      const selected = podsOf(objects).filter(({ labels }) => matches(selector, labels))
      expect([metadata.name, selected.length]).toEqual([metadata.name, 1])
      if (kind !== 'Service') continue
      const ports = selected[0]!.containers[0]!.ports!.map(({ name }) => name)
      expect(ports).toEqual(
        expect.arrayContaining(spec.ports.map(({ targetPort }: { targetPort: string }) => targetPort)),
      )
    }
  })

  test.each(all)(
    'a pod of %s has time to stop: its grace is above the wait, the drain, the time-out and three seconds',
    (_, values) => {
      for (const { spec, containers } of servicePods(values)) {
        const [{ env, lifecycle }] = containers as [(typeof containers)[0]]
        const valueOf = (name: string) => Number(env.find((variable) => variable.name === name)!.value)
        const least =
          lifecycle.preStop.sleep.seconds +
          valueOf('SHUTDOWN_DRAIN_MS') / 1000 +
          valueOf('SHUTDOWN_TIMEOUT') +
          3
        expect(spec.terminationGracePeriodSeconds).toBeGreaterThan(least)
      }
    },
  )

  test.each(all)('pods of %s are probed where they answer', (_, values) => {
    for (const { containers } of servicePods(values)) {
      const [{ env, ports, startupProbe, readinessProbe, livenessProbe }] = containers as [
        (typeof containers)[0],
      ]
      const valueOf = (ending: string) => env.find(({ name }) => name.endsWith(ending))?.value
      const isMutual = valueOf('_TLS_REQUIRE_CLIENT_CERTIFICATE') === 'true'
      const [live, ready] = isMutual
        ? ['/debug/liveness', '/debug/readiness']
        : ['/health/live', '/health/ready']
      expect([startupProbe, readinessProbe, livenessProbe].map(({ httpGet }) => httpGet.path)).toEqual([
        live,
        ready,
        live,
      ])
      for (const { httpGet } of [startupProbe, readinessProbe, livenessProbe]) {
        expect(httpGet.scheme).toBe(!isMutual && valueOf('_TLS_CERT_FILE') ? 'HTTPS' : 'HTTP')
        const port = ports!.find(({ name }) => name === httpGet.port)!.containerPort
        expect(String(port)).toBe(
          isMutual
            ? valueOf('_DEBUG_PORT')
            : env.find(({ name }) => /^[A-Z_]+_(?<!GRPC_|DEBUG_)PORT$/.test(name))!.value,
        )
      }
      // Longer than a failover of the database, which all pods share.
      expect(readinessProbe.periodSeconds * readinessProbe.failureThreshold).toBeGreaterThan(10)
      // Longer than a service waits for its database before it ends.
      expect(startupProbe.periodSeconds * startupProbe.failureThreshold).toBeGreaterThan(60)
    }
  })

  test('pods of a service are kept apart, and one at a time may be away', () => {
    for (const { spec, workload } of servicePods(production)) {
      expect(spec.topologySpreadConstraints).toHaveLength(1)
      expect(spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution).toHaveLength(1)
      expect(workload.spec.strategy.rollingUpdate).toEqual({ maxSurge: 1, maxUnavailable: 0 })
      const budget = objectsOf(production).find(
        ({ kind, metadata }) => kind === 'PodDisruptionBudget' && metadata.name === workload.metadata.name,
      )
      expect(budget?.spec.maxUnavailable).toBe(1)
      expect(workload.spec.replicas ?? 2).toBeGreaterThan(1)
    }
  })

  test('migrations are Jobs before the pods, of the revision, as the owner, and wait for no lock for long', () => {
    const jobs = podsOf(objectsOf(production)).filter(({ workload }) => workload.kind === 'Job')
    expect(jobs.map(({ workload }) => workload.metadata.name).sort()).toEqual(
      listedServices.map(({ name }) => `ordinal-migrate-${name}-r1`).sort(),
    )
    for (const { workload, containers } of jobs) {
      expect(workload.metadata.annotations).toMatchObject({ 'helm.sh/hook': 'pre-install,pre-upgrade' })
      const [{ command, env }] = containers as [(typeof containers)[0]]
      expect(command).toEqual(['node', 'main.js', '--migrate'])
      expect(env.map(({ name }) => name)).toContainEqual(
        expect.stringMatching(/_MIGRATION_DATABASE_URL_FILE$/),
      )
      expect(Number(env.find(({ name }) => name === 'MIGRATION_LOCK_TIMEOUT_MS')!.value)).toBeLessThanOrEqual(
        5000,
      )
    }
    const owners = servicePods(production).flatMap(({ containers, spec }) =>
      JSON.stringify([containers, spec.volumes]),
    )
    expect(owners.filter((text) => text.includes('owner'))).toEqual([])
  })

  test.each(all)(
    'the policies of %s allow what the configuration of the pods asks for, and nothing else',
    (_, values) => {
      const objects = objectsOf(values)
      expect([...flowsAllowed(objects)].sort()).toEqual([...flowsNeeded(objects, outsideOf(values))].sort())
      const deny = objects.find(({ metadata }) => metadata.name === 'ordinal-default-deny')!
      expect(deny.spec).toEqual({
        podSelector: {
          matchLabels: { 'app.kubernetes.io/name': 'ordinal', 'app.kubernetes.io/instance': 'ordinal' },
        },
        policyTypes: ['Ingress', 'Egress'],
      })
      expect(
        podsOf(objects).filter(({ labels }) => labels['app.kubernetes.io/instance'] !== 'ordinal'),
      ).toEqual([])
    },
  )

  test('no variable can be given that the chart sets itself', () => {
    const { $defs } = JSON.parse(readFileSync(join(chart, 'values.schema.json'), 'utf8')) as {
      $defs: Record<string, { properties: object }>
    }
    const free = new Set(
      ['env', ...listedServices.map(({ name }) => `${name}-env`)].flatMap((of) =>
        Object.keys($defs[of]!.properties),
      ),
    )
    expect(free.size).toBeGreaterThan(40)
    const given = new Set(['OTEL_TRACES_SAMPLER', 'OTEL_TRACES_SAMPLER_ARG', 'SEQUENCER_REQUEST_TIMEOUT_MS'])
    const set = all.flatMap(([, values]) =>
      servicePods(values).flatMap(({ containers }) => containers[0]!.env.map(({ name }) => name)),
    )
    expect(set.filter((name) => free.has(name) && !given.has(name))).toEqual([])
  })

  test('rules and dashboards are those of monitoring/', () => {
    const objects = objectsOf(production)
    const groups = (text: string) => (yaml().parse(text) as { groups: { name: string }[] }).groups
    const folder = join(root, 'monitoring/rules')
    const rules = readdirSync(folder)
      .filter((file) => file.endsWith('.rules.yml'))
      .flatMap((file) => groups(readFileSync(join(folder, file), 'utf8')))
    const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name)
    const shipped = objects
      .filter(({ kind }) => kind === 'PrometheusRule')
      .flatMap(({ spec }) => spec.groups as { name: string }[])
    expect(shipped.sort(byName)).toEqual(rules.sort(byName))
    const dashboards = Object.assign(
      {},
      ...objects.filter(({ kind }) => kind === 'ConfigMap').map(({ data }) => data),
    ) as Record<string, string>
    const boards = join(root, 'monitoring/grafana/dashboards')
    expect(Object.keys(dashboards).sort()).toEqual(readdirSync(boards).sort())
    for (const [file, text] of Object.entries(dashboards))
      expect(JSON.parse(text)).toEqual(JSON.parse(readFileSync(join(boards, file), 'utf8')))
  })

  test('runbooks of alerts are where the values say', () => {
    const base = 'https://git.example.com/ordinal/blob/main/'
    const { files, set } = production
    const urlsOf = (values: Values) =>
      objectsOf(values)
        .filter(({ kind }) => kind === 'PrometheusRule')
        .flatMap(({ spec }) => spec.groups as { rules: { annotations?: { runbook_url: string } }[] }[])
        .flatMap(({ rules }) => rules.flatMap(({ annotations }) => annotations?.runbook_url ?? []))
    const urls = urlsOf({ files, set: { ...set, 'monitoring.prometheusRule.runbooks': base } })
    expect(urls.length).toBeGreaterThan(30)
    expect(urls).toEqual(urlsOf(production).map((path) => base + path))
  })

  test('jobs of Prometheus have the names that rules and dashboards know', () => {
    for (const { spec } of objectsOf(production).filter(({ kind }) => kind === 'ServiceMonitor')) {
      expect(spec.jobLabel).toBe('app.kubernetes.io/component')
      const service = objectsOf(production).find(
        ({ kind, metadata }) =>
          kind === 'Service' && metadata.labels[spec.jobLabel] === spec.selector.matchLabels[spec.jobLabel],
      )!
      expect(listedServices.map(({ name }) => name)).toContain(service.metadata.labels[spec.jobLabel])
      expect(service.spec.ports.map(({ name }: { name: string }) => name)).toContain(spec.endpoints[0].port)
    }
  })

  test('certificates are for the names by which the services are called', () => {
    const objects = objectsOf(production)
    const names = objects
      .filter(({ kind }) => kind === 'Certificate')
      .flatMap(({ spec }) => spec.dnsNames as string[])
    const urls = servicePods(production).flatMap(({ containers }) =>
      containers[0]!.env.flatMap(({ value = '' }) =>
        value.startsWith('https://ordinal-') ? new URL(value).hostname : [],
      ),
    )
    const monitors = objects
      .filter(({ kind }) => kind === 'ServiceMonitor')
      .map(({ spec }) => spec.endpoints[0].tlsConfig.serverName as string)
    const gateways = objects
      .filter(({ kind }) => kind === 'BackendTLSPolicy')
      .map(({ spec }) => spec.validation.hostname as string)
    for (const found of [urls, monitors, gateways]) expect(found).not.toEqual([])
    expect([...urls, ...monitors, ...gateways].filter((name) => !names.includes(name))).toEqual([])
  })

  test('the console knows where browsers reach the services, which let its origin call them; or there is none', () => {
    const valuesOf = (values: Values, name: string) =>
      servicePods(values).map(
        ({ containers }) => containers[0]!.env.find((variable) => variable.name === name)?.value,
      )
    // Of all but the sequencer, which serves the console itself.
    expect(valuesOf(production, 'CORS_ORIGINS').sort()).toEqual([
      ...listedServices.slice(1).map(() => 'https://numbers.example.com'),
      undefined,
    ])
    expect(valuesOf(production, 'SEQUENCER_CONSOLE_USERS_URL')).toContain('https://users.example.com')
    expect(valuesOf(production, 'SEQUENCER_CONSOLE_ORDERS_URL')).toContain('https://orders.example.com')

    const without = { ...production, json: { 'console.enabled': false } }
    expect(valuesOf(without, 'SEQUENCER_CONSOLE')).toContain('false')
    expect(valuesOf(without, 'CORS_ORIGINS')).toEqual(listedServices.map(() => undefined))
  })

  test('the versions of the chart, its images and the services are one', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
    expect(yaml().parse(readFileSync(join(chart, 'Chart.yaml'), 'utf8'))).toMatchObject({
      appVersion: version,
      version,
    })
    expect(servicePods(production).map(({ containers }) => containers[0]!.image)).toEqual(
      listedServices.map(({ name }) => `registry.example.com/ordinal/${name}:${version}`),
    )
  })
})

/** The peers that values name. */
function outsideOf({ files = [] }: Values): Outside {
  const read = (file: string) =>
    yaml().parse(readFileSync(join(chart, file), 'utf8'), { merge: true }) as Part
  const [defaults, given] = [read('values.yaml'), read(files[0]!)]
  const named = (peers: unknown[] | undefined) => (peers?.length ? peers : undefined)
  const perService = <T>(pick: (service: Part) => T) =>
    Object.fromEntries(
      listedServices.map(({ name }) => [name, pick(given.services?.[name] ?? {})]),
    ) as Record<string, T>
  return {
    dns: defaults.networkPolicy.dns,
    databases: perService(({ database = {} }) => ({
      peers: named(database.peers),
      port: database.port ?? 5432,
      ownerPort: database.ownerPort ?? 0,
    })),
    redis: { peers: named(given.redis?.peers), port: given.redis?.port ?? 6379 },
    jwks: named(given.auth?.jwks?.peers),
    tracing: named(given.tracing?.peers),
    gateways: given.networkPolicy?.gateways,
    prometheus: given.networkPolicy?.prometheus,
    clients: perService(({ clients }) => named(clients)),
  }
}
