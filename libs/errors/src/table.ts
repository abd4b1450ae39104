import type { GrpcStatus } from './grpc-status'

/** One kind of error: what it means for the protocols and for the person who meets it. */
export interface ErrorKind {
  /** HTTP status. */
  status: number
  /** gRPC status, where the one that follows from the HTTP status says too little. */
  grpc?: GrpcStatus
  /** RFC 9457 `title`: the same for every occurrence. */
  title: string
  /** Why it happens, for the page at /errors/{code}. */
  cause: string
  /** What the caller can do about it. */
  remedy: string
  /** A `detail` as an occurrence would have it. */
  example: string
}

/** The errors that a service answers, by their codes. */
export type ErrorTable<Code extends string = string> = Readonly<Record<Code, ErrorKind>>

/** The codes of a table. */
export type CodeOf<Table extends ErrorTable> = keyof Table & string
