import { createRequire } from 'node:module'
import { once } from 'node:events'
import path from 'node:path'
import { loadSync } from '@grpc/proto-loader'
import { createGrpcClient, createTestDatabase, type TestDatabase } from '@ordinal/testing'
import { fakeName, startFakeService } from './fake-service'

const folder = path.join(createRequire(__filename).resolve('@grpc/reflection'), '../../proto/grpc/reflection')

let database: TestDatabase
let fake: Awaited<ReturnType<typeof startFakeService>>
beforeAll(async () => {
  database = await createTestDatabase()
  fake = await startFakeService(database.url)
})
afterAll(async () => {
  await fake.stop()
  await database.drop()
})

describe.each(['v1', 'v1alpha'])('reflection %s', (version) => {
  const protos = loadSync(path.join(folder, version, 'reflection.proto'), { keepCase: true, defaults: true })

  async function ask(request: object) {
    const { openStream, close } = createGrpcClient(
      fake.port,
      protos,
      `grpc.reflection.${version}.ServerReflection`,
    )
    const stream = openStream('ServerReflectionInfo')
    const answered = once(stream, 'data')
    stream.write(request)
    const [answer] = await answered
    stream.end()
    close()
    return answer
  }

  test('lists the service', async () => {
    const { list_services_response } = await ask({ list_services: '*' })
    expect(list_services_response.service.map(({ name }: { name: string }) => name)).toContain(fakeName)
  })

  test('gives what a client needs to call it, names as they are in the file', async () => {
    const { file_descriptor_response } = await ask({ file_containing_symbol: fakeName })
    const [bytes] = file_descriptor_response.file_descriptor_proto as Buffer[]
    const text = bytes!.toString('latin1')
    for (const name of ['FakeService', 'Describe', 'Thing', 'time_left_ms']) expect(text).toContain(name)
  })

  test('says that it does not know a symbol', async () => {
    const { error_response } = await ask({ file_containing_symbol: 'fake.Other' })
    expect(error_response.error_code).toBe(5)
  })
})
