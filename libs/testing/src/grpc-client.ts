import {
  credentials,
  type ChannelCredentials,
  loadPackageDefinition,
  Metadata,
  status as codes,
  type ChannelOptions,
  type Client,
  type ClientDuplexStream,
  type ClientUnaryCall,
  type ServiceClientConstructor,
  type ServiceError,
} from '@grpc/grpc-js'
import type { PackageDefinition } from '@grpc/proto-loader'

/** How a call ended. */
export interface GrpcAnswer {
  /** The name of the status: `OK`, `NOT_FOUND`. */
  code: string
  /** The answer; of an error, its text. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- what an answer is, a test knows
  body: any
  /** What came before the answer. */
  headers: Record<string, unknown>
  /** What came after it. */
  trailers: Record<string, unknown>
}

export interface CallOptions {
  metadata?: Record<string, string>
  /** Milliseconds from now. */
  deadlineMs?: number
  /** Goes away then. */
  cancelWhen?: Promise<unknown>
  /** Waits for a connection while there is none, rather than fail. */
  waitForReady?: boolean
}

export type GrpcClient = ReturnType<typeof createGrpcClient>

/**
 * A client of one service, as its users would make it.
 *
 * @param at a port of 127.0.0.1, or `host:port`
 * @param service as in `sequential.SequentialIDService`
 * @param security in clear text if not given
 */
export function createGrpcClient(
  at: number | string,
  protos: PackageDefinition,
  service: string,
  options: ChannelOptions = {},
  security: ChannelCredentials = credentials.createInsecure(),
) {
  const Constructor = service
    .split('.')
    .reduce(
      (found, name) => found[name] as never,
      loadPackageDefinition(protos) as object as Record<string, unknown>,
    ) as unknown as ServiceClientConstructor
  // A pool of its own: else clients of one address share connections.
  const client = new Constructor(typeof at === 'number' ? `127.0.0.1:${at}` : at, security, {
    'grpc.use_local_subchannel_pool': 1,
    ...options,
  })
  type Unary = (
    message: object,
    metadata: Metadata,
    options: { deadline?: number },
    done: (error: ServiceError | null, answer?: object) => void,
  ) => ClientUnaryCall

  return {
    client: client as Client,

    call: (method: string, message: object = {}, options: CallOptions = {}): Promise<GrpcAnswer> =>
      new Promise((resolve) => {
        const { deadlineMs, cancelWhen, waitForReady } = options
        const metadata = new Metadata({ waitForReady })
        for (const [name, value] of Object.entries(options.metadata ?? {})) metadata.set(name, value)
        const answer: GrpcAnswer = { code: 'OK', body: undefined, headers: {}, trailers: {} }
        const deadline = deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs }
        const unary = (client[method] as Unary).bind(client)
        const call = unary(message, metadata, deadline, (error, body) => {
          answer.code = codes[error?.code ?? codes.OK]
          answer.body = error ? error.details : body
          if (error) answer.trailers = error.metadata.getMap()
          resolve(answer)
        })
        call.on('metadata', (received: Metadata) => (answer.headers = received.getMap()))
        void cancelWhen?.finally(() => call.cancel())
      }),

    /** Begins a method that answers with a stream; its message is given if it is no stream itself. */
    openStream: (method: string, message?: object) =>
      (client[method] as (message?: object) => ClientDuplexStream<unknown, unknown>).bind(client)(message),

    close: () => client.close(),
  }
}
