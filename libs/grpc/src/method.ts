import type { Requirement, RequestContext } from '@ordinal/middleware'
import type { Deadline } from '@ordinal/deadline'
import type { Access, RunItems, Workload } from '@ordinal/http'
import type { z } from 'zod'

/** What a handler gets: the checked message, and what came with it. */
export interface GrpcCall<Message> {
  message: Message
  /** Of the metadata; undefined if none was sent, or the method takes none. */
  idempotencyKey: string | undefined
  context: RequestContext
  /** Until when the caller waits, and whether it is still there. */
  deadline: Deadline
  /** Carries out the items of a batch, with what holds for calls. */
  runItems: RunItems
}

export interface GrpcReply {
  message: object
  /** Metadata that comes before the message, with names in lower case. */
  metadata?: Readonly<Record<string, string>> | undefined
}

/** One method of a service: how its messages are validated and answered. */
export interface GrpcMethod {
  message: z.ZodObject
  /** What a caller must show, or which role it must have at least; undefined if anyone may call. */
  requires: Requirement | undefined
  /** What the service's table says of it: see `guardCalls`. */
  access: Access | undefined
  /** Takes an idempotency key. */
  idempotent: boolean
  /** The class whose bounds it is under, or what tells it from the message. */
  workload: Workload | ((message: never) => Exclude<Workload, 'main'>)
  handle: (call: GrpcCall<never>) => Promise<GrpcReply>
}

interface GrpcMethodDefinition<Message extends z.ZodObject> {
  message: Message
  requires?: Requirement
  idempotent?: boolean
  /** `main`, if not given. */
  workload?: Workload | ((message: z.output<Message>) => Exclude<Workload, 'main'>)
  handle: (call: GrpcCall<z.output<Message>>) => Promise<GrpcReply>
}

/** Defines a method; the handler's types follow from its schema. */
export function grpcMethod<Message extends z.ZodObject>(
  definition: GrpcMethodDefinition<Message>,
): GrpcMethod {
  return {
    requires: undefined,
    access: undefined,
    idempotent: false,
    workload: 'main',
    ...definition,
    // What arrives was parsed with the very schema that gives the handler its types.
    handle: definition.handle,
  }
}
