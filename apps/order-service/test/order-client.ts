import { loadProtos } from '@ordinal/grpc'
import { createGrpcClient, type CallOptions, type GrpcAnswer } from '@ordinal/testing'
import { anOrder, type World } from './world'

export const serviceName = 'orders.OrderService'
const protos = loadProtos(__dirname, 'orders.proto')

export type OrderClient = ReturnType<typeof createOrderClient>

/** A client of a service's gRPC. */
export function createOrderClient({ grpcPort }: { grpcPort: number }) {
  const { call, close } = createGrpcClient(grpcPort, protos, serviceName)
  return {
    call,
    create: (message: object = anOrder, metadata: Record<string, string> = {}, options: CallOptions = {}) =>
      call('CreateOrder', message, { metadata, ...options }),
    close,
  }
}

/** How a call ended: the status, and the code of an error. */
export const outcomeOf = ({ code, trailers }: GrpcAnswer) => [code, trailers['ordinal-error-code']]

export const withKey = (key: string) => ({ 'x-idempotency-key': key })

/** The orders that are stored. */
export const ordersIn = ({ query }: World) =>
  query<Record<string, unknown>>('SELECT * FROM orders ORDER BY id')

/** The events that were recorded, the first first. */
export async function eventsIn({ query }: World) {
  const rows = await query<{
    event: { type: string; traceparent?: string; data: Record<string, unknown> }
  }>('SELECT event FROM outbox ORDER BY position')
  return rows.map(({ event }) => event)
}
