import { once } from 'node:events'
import type { IncomingHttpHeaders } from 'node:http'
import { connect, type ClientHttp2Session } from 'node:http2'
import { join } from 'node:path'
import { loadSync, type ServiceDefinition } from '@grpc/proto-loader'
import { measure, type Load } from './load'

const service = 'sequential.SequentialIDService'
// As a client that keeps a few would have it: a connection is one socket, which is read and written in turn.
const connections = 8

/**
 * Calls a method of the sequencer over gRPC, the next call as soon as the answer is there. Of an answer it reads the
 * status alone, as `load` does: the client of a library takes more than the server that it calls.
 *
 * @param root the repository's folder, for the .proto file
 * @param callsInFlight shared by a few connections
 */
export async function grpcLoad(
  { root, port }: { root: string; port: number },
  method: string,
  message: object,
  callsInFlight: number,
  seconds: number,
): Promise<Load> {
  const protos = loadSync(join(root, 'proto/sequencer.proto'), { keepCase: true })
  const frame = frameOf((protos[service] as ServiceDefinition)[method]!.requestSerialize(message))
  const headers = {
    ':method': 'POST',
    ':path': `/${service}/${method}`,
    'content-type': 'application/grpc',
    'grpc-timeout': '10S',
    te: 'trailers',
  }
  const sessions = await Promise.all(Array.from({ length: connections }, () => open(port)))
  const callers = Array.from({ length: callsInFlight }, (_, index) => () => {
    return call(sessions[index % connections]!, headers, frame)
  })
  try {
    return await measure(callers, seconds)
  } finally {
    for (const session of sessions) session.destroy()
  }
}

/** A message as gRPC sends it: not compressed, its length, and itself. */
function frameOf(message: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt32BE(message.length, 1)
  return Buffer.concat([head, message])
}

async function open(port: number): Promise<ClientHttp2Session> {
  const session = connect(`http://127.0.0.1:${port}`)
  await once(session, 'connect')
  return session
}

/** Makes a call and reads its answer whole; gives whether its status is OK. */
function call(session: ClientHttp2Session, headers: Record<string, string>, frame: Buffer): Promise<boolean> {
  return new Promise((resolve, reject) => {
    let isOk = false
    const stream = session.request(headers)
    stream.once('trailers', (trailers: IncomingHttpHeaders) => (isOk = trailers['grpc-status'] === '0'))
    stream.once('error', reject)
    stream.once('close', () => resolve(isOk))
    stream.resume()
    stream.end(frame)
  })
}
