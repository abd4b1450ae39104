import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { loadSync } from '@grpc/proto-loader'
import { createGrpcClient, startProgram } from '@ordinal/testing'
import { createOrderClient, serviceName } from './order-client'
import { anOrder, createWorld, type World } from './world'

let world: World
let folder: string

beforeAll(async () => {
  world = await createWorld()
  // Far from any node_modules, as it runs in production.
  folder = mkdtempSync(path.join(tmpdir(), 'ordinal-bundle-'))
  execFileSync(process.execPath, ['../../tools/build/src/bundle.mjs', folder], {
    cwd: path.join(__dirname, '..'),
  })
})
afterAll(async () => {
  await world.end()
  rmSync(folder, { recursive: true })
})

test('gRPC comes with the bundle: calls and health', async () => {
  const program = startProgram([path.join(folder, 'main.js')], {
    ORDER_SERVICE_DATABASE_URL: world.database.url,
    ORDER_SERVICE_USER_SERVICE_URL: world.userService.url,
    ORDER_SERVICE_SEQUENCER_URL: world.sequencer.url,
    ORDER_SERVICE_PORT: '0',
    ORDER_SERVICE_GRPC_PORT: '0',
  })
  await program.port()
  const port = Number(/"grpc_port":(\d+)/.exec(program.output())![1])
  const client = createOrderClient({ grpcPort: port })
  expect((await client.create()).body.order).toMatchObject({ ...anOrder, order_number: 'ORD-1' })
  expect((await client.call('ListOrders')).body.pagination.total).toBe(1)

  const file = path.join(
    createRequire(__filename).resolve('grpc-health-check'),
    '../../../proto/health/v1/health.proto',
  )
  const health = createGrpcClient(port, loadSync(file, { enums: String }), 'grpc.health.v1.Health')
  expect((await health.call('Check', { service: serviceName })).body).toEqual({ status: 'SERVING' })

  health.close()
  client.close()
  program.child.kill('SIGTERM')
  expect((await program.ended()).code).toBe(0)
})
