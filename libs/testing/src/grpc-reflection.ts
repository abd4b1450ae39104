import { once } from 'node:events'
import { createRequire } from 'node:module'
import path from 'node:path'
import {
  fromJSON,
  loadFileDescriptorSetFromBuffer,
  loadSync,
  type MessageTypeDefinition,
  type PackageDefinition,
} from '@grpc/proto-loader'
import { createGrpcClient } from './grpc-client'

/** One of the three, by what was asked. */
interface ReflectionAnswer {
  list_services_response: { service: { name: string }[] }
  file_descriptor_response: { file_descriptor_proto: Buffer[] }
  error_response: { error_code: number }
}

/**
 * Asks a server about itself, as grpcurl does, and waits until the server has ended the stream: a client that
 * closes before that cuts it off.
 *
 * @param version of the protocol: both are in use
 * @param request as in `{ list_services: '*' }`
 */
export async function askReflection(
  at: number | string,
  version: 'v1' | 'v1alpha',
  request: object,
): Promise<ReflectionAnswer> {
  const library = createRequire(__filename).resolve('@grpc/reflection')
  const file = path.join(library, '../../proto/grpc/reflection', version, 'reflection.proto')
  const protos = loadSync(file, { keepCase: true, defaults: true })
  const client = createGrpcClient(at, protos, `grpc.reflection.${version}.ServerReflection`)
  const stream = client.openStream('ServerReflectionInfo')
  try {
    const answered = once(stream, 'data')
    stream.write(request)
    const [answer] = (await answered) as [ReflectionAnswer]
    const ended = once(stream, 'end')
    stream.end()
    await ended
    return answer
  } finally {
    client.close()
  }
}

/** What a client without any file learns from a server about a service, enough to call it. */
export async function protosByReflection(at: number | string, service: string): Promise<PackageDefinition> {
  const request = { file_containing_symbol: service }
  const { file_descriptor_response } = await askReflection(at, 'v1', request)
  const fields = { file: { rule: 'repeated', type: 'bytes', id: 1 } }
  const { FileDescriptorSet } = fromJSON({ nested: { FileDescriptorSet: { fields } } })
  const bytes = (FileDescriptorSet as MessageTypeDefinition<object, object>).serialize({
    file: file_descriptor_response.file_descriptor_proto,
  })
  return loadFileDescriptorSetFromBuffer(Buffer.from(bytes), { keepCase: true, longs: Number, enums: String })
}
