import { spawnSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { generate } from 'selfsigned'
import { listedServices } from '@ordinal/local-stack'
import { evaluation, renderObjects, root, shippedValues, type KubernetesObject } from '../src/chart'
import { variablesOf } from '../src/configuration'
import { podsOf, type Pod } from '../src/pods'
import { withPrograms } from '../src/with-programs'

const serviceOf = ({ labels }: Pod) => (labels['ordinal/migrates'] ?? labels['app.kubernetes.io/component'])!
const isOurs = (pod: Pod) => listedServices.some(({ name }) => name === serviceOf(pod))

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ordinal-pods-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const key = 'e1c0b0a4f7d24a8f9d3b6c5e8a7f102938475665748392a1'
const digest = 'b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c'
/** What an administrator would have put into a Secret, by the variable that reads it. */
const secrets: [RegExp, () => string][] = [
  [/DATABASE_URL$/, () => `postgres://somebody:${key}@db.example.com:5432/adb`],
  [/^REDIS_URL$/, () => `redis://:${key}@redis.example.com:6379`],
  [/^JWT_SECRET$/, () => key],
  [/^API_KEYS$/, () => `order-service:${digest}:users:read`],
  [/_API_KEY$/, () => key],
  [/^OTEL_EXPORTER_OTLP_HEADERS$/, () => 'api-key=abc'],
  [
    /_SIGNING_KEY$/,
    () => generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  ],
]

/** Writes the files that a pod sees, below our folder, and gives its environment with their paths. */
function environmentOf(
  { spec, containers, workload }: Pod,
  objects: KubernetesObject[],
  tls: Record<string, string>,
) {
  const here = mkdtempSync(join(folder, `${workload.metadata.name}-`))
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(here, path)), { recursive: true })
    writeFileSync(join(here, path), text)
  }
  const own = objects.find(({ kind }) => kind === 'Secret')?.stringData ?? {}
  const [{ env, volumeMounts }] = containers as [(typeof containers)[0]]
  const mountOf = (name: string) => volumeMounts.find((mount) => mount.name === name)!.mountPath
  for (const volume of spec.volumes) {
    if (volume.name === 'tls')
      for (const [file, text] of Object.entries(tls)) write(join(mountOf('tls'), file), text)
    if (volume.name !== 'secrets') continue
    for (const { secret } of volume.projected.sources) {
      const [{ key: of, path }] = secret.items
      const file = join(mountOf('secrets'), path)
      const variable = env.find(({ value }) => value === file)!.name.replace(/_FILE$/, '')
      write(file, own[of] ?? secrets.find(([name]) => name.test(variable))![1]())
    }
  }
  return Object.fromEntries(
    env.map(({ name, value, valueFrom }) => [
      name,
      valueFrom ? '127.0.0.1' : value!.startsWith('/run/') ? join(here, value!) : value!,
    ]),
  )
}

withPrograms('the environment of pods', () => {
  let tls: Record<string, string>
  beforeAll(async () => {
    const { cert, private: privateKey } = await generate([{ name: 'commonName', value: 'ordinal' }], {
      keyType: 'ec',
    })
    tls = { 'tls.crt': cert, 'tls.key': privateKey, 'ca.crt': cert }
  })

  test.each(shippedValues())(
    'every variable of %s is one that its service has, once, and secrets are files',
    (_, values) => {
      const pods = podsOf(renderObjects(values)).filter(isOurs)
      expect(pods.length).toBeGreaterThanOrEqual(3)
      for (const pod of pods) {
        const variables = variablesOf(serviceOf(pod))
        const names = pod.containers[0]!.env.map(({ name }) => name)
        expect(new Set(names).size).toBe(names.length)
        const known = variables.flatMap(({ name, secret }) => (secret ? `${name}_FILE` : name))
        expect(names.filter((name) => !known.includes(name))).toEqual([])
      }
    },
  )

  test.each(shippedValues())('a service takes what its pod of %s gives it', (_, values) => {
    const objects = renderObjects(values)
    for (const pod of podsOf(objects).filter(isOurs)) {
      const bundle = join(root, 'dist/apps', serviceOf(pod), 'main.js')
      const env = environmentOf(pod, objects, tls)
      const { status, stderr } = spawnSync(process.execPath, [bundle, '--check-config'], {
        cwd: folder,
        env,
        encoding: 'utf8',
      })
      expect([pod.workload.metadata.name, stderr, status]).toEqual([pod.workload.metadata.name, '', 0])
    }
  })

  test('in an evaluation the key of the order service may draw from the sequence that orders get their numbers from', () => {
    const evaluationWith = (env: Record<string, string>) => {
      const objects = renderObjects({ ...evaluation, json: { 'services.order-service.env': env } })
      return {
        keys: objects.find(({ kind }) => kind === 'Secret')!.stringData!['api-keys'],
        checksums: podsOf(objects)
          .filter(isOurs)
          .map(({ workload }) => workload.spec.template.metadata.annotations['checksum/secrets'] as string),
      }
    }
    const [ofOrd, ofRe] = [evaluationWith({}), evaluationWith({ ORDER_SERVICE_SEQUENCE: 'RE' })]
    expect(ofOrd.keys).toMatch(
      /order-service:[0-9a-f]{64}:users:read\+numbers:issue:ORD\+api-keys:follow(,|$)/,
    )
    expect(ofRe.keys).toMatch(/order-service:[0-9a-f]{64}:users:read\+numbers:issue:RE\+api-keys:follow(,|$)/)
    // Keys are read at the start: all who know them start again.
    expect(new Set([...ofOrd.checksums, ...ofRe.checksums]).size).toBe(2)
  })

  test('control: without its secrets a service does not start', () => {
    const objects = renderObjects(shippedValues()[0]![1])
    const pod = podsOf(objects).find((each) => each.workload.metadata.name === 'ordinal-sequencer')!
    const {
      REQUIRE_AUTHENTICATION: _,
      SEQUENCER_DATABASE_URL_FILE: __,
      ...env
    } = environmentOf(pod, objects, tls)
    const bundle = join(root, 'dist/apps/sequencer/main.js')
    const { status, stderr } = spawnSync(process.execPath, [bundle, '--check-config'], {
      cwd: folder,
      env,
      encoding: 'utf8',
    })
    expect(status).toBe(78)
    expect(stderr).toMatch(/REQUIRE_AUTHENTICATION|SEQUENCER_DB_PASSWORD/)
  })
})
