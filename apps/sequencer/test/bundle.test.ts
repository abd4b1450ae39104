import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { loadProtos } from '@ordinal/grpc'
import {
  askReflection,
  createGrpcClient,
  protosByReflection,
  startProgram,
  type TestDatabase,
} from '@ordinal/testing'
import { createLedgerDatabase } from './sequencer'

const name = 'sequential.SequentialIDService'
const protos = loadProtos(__dirname, 'sequencer.proto')

let database: TestDatabase & { runtimeUrl: string }
let folder: string
let env: Record<string, string>

beforeAll(async () => {
  database = await createLedgerDatabase()
  // Far from any node_modules, as it runs in production.
  folder = mkdtempSync(path.join(tmpdir(), 'ordinal-bundle-'))
  execFileSync(process.execPath, ['../../tools/build/src/bundle.mjs', folder], {
    cwd: path.join(__dirname, '..'),
  })
  env = {
    SEQUENCER_DATABASE_URL: database.runtimeUrl,
    SEQUENCER_MIGRATION_DATABASE_URL: database.url,
    SEQUENCER_PORT: '0',
    SEQUENCER_GRPC_PORT: '0',
  }
})
afterAll(async () => {
  await database.drop()
  rmSync(folder, { recursive: true })
})

const start = (more: Record<string, string> = {}) =>
  startProgram([path.join(folder, 'main.js')], { ...env, ...more })

test('gRPC comes with the bundle: calls, reflection and health', async () => {
  const program = start()
  await program.port()
  const [, port] = /"grpc_port":(\d+)/.exec(program.output())!
  const client = createGrpcClient(Number(port), protos, name)
  const { body } = await client.call('GetNext', { prefix: 'SG' })
  expect(body.full_number).toBe('SG000001')

  for (const version of ['v1', 'v1alpha'] as const) {
    const { list_services_response } = await askReflection(Number(port), version, { list_services: '*' })
    expect(list_services_response.service).toContainEqual({ name })
  }

  const protosOfHealth = await protosByReflection(Number(port), 'grpc.health.v1.Health')
  const health = createGrpcClient(Number(port), protosOfHealth, 'grpc.health.v1.Health')
  expect((await health.call('Check', { service: name })).body).toEqual({ status: 'SERVING' })

  program.child.kill('SIGTERM')
  expect((await program.ended()).code).toBe(0)
  health.close()
  client.close()
})

test('a gRPC port that is taken stops the start, in one line that names the variable', async () => {
  const other = createServer().listen(0)
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  const { code, errors } = await start({ SEQUENCER_GRPC_PORT: String(port) }).ended()
  other.close()
  expect(code).toBe(1)
  expect(errors.trimEnd().split('\n')).toEqual([
    `The service cannot start: port ${port} is taken by another program: stop it, or set SEQUENCER_GRPC_PORT to a free port`,
  ])
})
