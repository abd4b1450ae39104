import {
  askReflection,
  createGrpcClient,
  createTestDatabase,
  protosByReflection,
  type TestDatabase,
} from '@ordinal/testing'
import { fakeName, startFakeService } from './fake-service'

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

describe.each(['v1', 'v1alpha'] as const)('reflection %s', (version) => {
  const ask = (request: object) => askReflection(fake.port, version, request)

  test('lists the service', async () => {
    const { list_services_response } = await ask({ list_services: '*' })
    const names = list_services_response.service.map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining([fakeName, 'grpc.health.v1.Health']))
  })

  test('gives what a client needs to call it, names as they are in the file', async () => {
    const { file_descriptor_response } = await ask({ file_containing_symbol: fakeName })
    const [bytes] = file_descriptor_response.file_descriptor_proto
    const text = bytes!.toString('latin1')
    for (const name of ['FakeService', 'Describe', 'Thing', 'remaining_ms']) expect(text).toContain(name)
  })

  test('says that it does not know a symbol', async () => {
    const { error_response } = await ask({ file_containing_symbol: 'fake.Other' })
    expect(error_response.error_code).toBe(5)
  })

  test.each([...Object.getOwnPropertyNames(Object.prototype), ''])(
    'does not know "%s", which objects of JavaScript have, for a name of its own',
    async (name) => {
      for (const request of [
        { file_containing_symbol: name },
        { file_by_filename: name },
        { file_containing_extension: { containing_type: name, extension_number: 1 } },
        { all_extension_numbers_of_type: name },
      ]) {
        const { error_response } = await ask(request)
        expect([request, error_response?.error_code]).toEqual([request, 5])
      }
    },
  )
})

test('a client that has no file asks for the health, as grpcurl does', async () => {
  const protos = await protosByReflection(fake.port, 'grpc.health.v1.Health')
  const client = createGrpcClient(fake.port, protos, 'grpc.health.v1.Health')
  expect((await client.call('Check', { service: fakeName })).body).toEqual({ status: 'SERVING' })
  client.close()
})
