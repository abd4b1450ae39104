import type { Readable } from 'node:stream'
import type { Deadline } from '@ordinal/deadline'
import type { z } from 'zod'
import type { Requirement, RequestContext } from '@ordinal/middleware'
import type { Access } from './access-table'
import type { RunItems } from './batch'
import type { Workload } from './bulkheads'
import type { Upload } from './upload'

/** The answers of a route: status -> schema of the body, or null for no body. */
export type Answers = Readonly<Record<number, z.ZodType | null>>

/**
 * The value of a schema, or its bytes, which several answers can share; a text may also come in pieces, which are sent as
 * they are made.
 */
type Body<Schema> = Schema extends z.ZodType
  ? z.input<Schema> | Buffer | (string extends z.input<Schema> ? Readable : never)
  : null

/** An answer that fits one of the route's schemas. */
type Reply<A extends Answers> = {
  [Status in keyof A & number]: {
    status: Status
    body: Body<A[Status]>
    headers?: Readonly<Record<string, string>>
  }
}[keyof A & number]

/** What a handler gets: the checked parts of the request, its headers, and its context. */
export interface Call<Params, Query, Body> {
  params: Params
  query: Query
  body: Body
  /** The body of a route that takes an upload. */
  upload: Upload | undefined
  headers: Readonly<Record<string, string | string[] | undefined>>
  context: RequestContext
  /**
   * Until when the caller waits, if the route is `timed`, and whether it is still there: its signal aborts when the client
   * has disconnected, or was disconnected because the service ends.
   */
  deadline: Deadline
  /** Carries out the items of a batch, with what holds for requests. */
  runItems: RunItems
}

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete'

/** Headers that a handler may set. */
export type AnswerHeader = 'ETag' | 'Location'

/** One route: how it is validated, documented and served; `Code` is what it can answer of its service's errors. */
export interface Route<Code extends string = string> {
  method: Method
  /** With parameters in braces: `/api/v1/users/{id}`. */
  path: string
  summary: string
  tag: string
  params: z.ZodObject | undefined
  query: z.ZodObject | undefined
  body: z.ZodType | undefined
  /** The media types of a body of any length, which the handler reads as it arrives. */
  upload: readonly string[] | undefined
  answers: Answers
  /** What those answers have in headers, besides what follows from the rest. */
  headers: readonly AnswerHeader[]
  /** The errors beyond those that any such request can meet. */
  errors: readonly Code[]
  /** What a caller must show, or which role it must have at least; undefined if anyone may call. */
  requires: Requirement | undefined
  /** What the service's table says of it: see `guardRoutes`; undefined for probes and documents. */
  access: Access | undefined
  /** Takes an Idempotency-Key header. */
  idempotent: boolean
  /** Takes an If-Match header, which its handler evaluates. A GET that answers an ETag takes it in any case. */
  conditional: boolean
  /** Takes an X-Request-Timeout-Ms header, for the deadline of the call. */
  timed: boolean
  /** Issues something: never answered from a cache, and HEAD is refused, since link previews send it. */
  issues: boolean
  /** Asked by machines all day: not logged, and asks nobody who they are. */
  probe: boolean
  /** Asked by other services every few seconds: logged and in a trace only if the caller may not ask. */
  polled: boolean
  /** Has no rate limit: an orchestrator that gets no answer ends the process. */
  unlimited: boolean
  /** The class whose bounds it is under, or what tells it from the query as it was sent: see `Workload`. */
  workload: Workload | WorkloadOfQuery
  /**
   * The media type of the answers, or several of which the answer names one as its Content-Type; a body that is not JSON
   * is a text.
   */
  media: string | readonly [string, ...string[]]
  /** Its answer is a stream that goes on until the client leaves: it ends as soon as the service stops. */
  live: boolean
  handle: (call: Call<unknown, unknown, unknown>) => Promise<AnyReply> | AnyReply
}

/** Tells what a request costs; the query is not validated yet. */
export type WorkloadOfQuery = (query: Readonly<Record<string, unknown>>) => Exclude<Workload, 'main'>

export interface AnyReply {
  status: number
  body: unknown
  headers?: Readonly<Record<string, string>>
}

/**
 * The media types of a JSON body. A PATCH changes the fields that are given, which is what a merge patch (RFC 7396) of an
 * object without members that could be removed does.
 */
export const bodyMediaOf = ({ method }: Pick<Route, 'method'>): readonly string[] =>
  method === 'patch' ? ['application/json', 'application/merge-patch+json'] : ['application/json']

/** Whether a call of the route changes something. */
export const changesSomething = ({ method, issues }: Route): boolean => method !== 'get' || issues

interface RouteDefinition<
  Params extends z.ZodObject,
  Query extends z.ZodObject,
  Body extends z.ZodType,
  A extends Answers,
  Code extends string,
> {
  method: Method
  path: string
  summary: string
  tag: string
  params?: Params
  query?: Query
  body?: Body
  upload?: readonly string[]
  answers: A
  headers?: readonly AnswerHeader[]
  errors?: readonly Code[]
  requires?: Requirement
  idempotent?: boolean
  conditional?: boolean
  timed?: boolean
  issues?: boolean
  probe?: boolean
  polled?: boolean
  unlimited?: boolean
  /** If not given: `read` for a GET that issues nothing, `probe` or `alive` for a probe, else `main`. */
  workload?: Workload | WorkloadOfQuery
  media?: Route['media']
  live?: boolean
  handle: (
    call: Call<z.output<Params>, z.output<Query>, z.output<Body>>,
  ) => Promise<Reply<NoInfer<A>>> | Reply<NoInfer<A>>
}

/** Defines a route; the handler's types follow from its schemas. */
export function route<
  A extends Answers,
  Params extends z.ZodObject = z.ZodObject,
  Query extends z.ZodObject = z.ZodObject,
  Body extends z.ZodType = z.ZodUndefined,
  Code extends string = never,
>(definition: RouteDefinition<Params, Query, Body, A, Code>): Route<Code> {
  return {
    params: undefined,
    query: undefined,
    body: undefined,
    upload: undefined,
    headers: [],
    errors: [],
    requires: undefined,
    access: undefined,
    idempotent: false,
    conditional: false,
    timed: false,
    issues: false,
    probe: false,
    polled: false,
    unlimited: false,
    workload: usualWorkload(definition as Pick<Route, 'method'> & Partial<Route>),
    media: 'application/json',
    live: false,
    ...definition,
    // What arrives was parsed with the very schemas that give the handler its types.
    handle: definition.handle as Route['handle'],
  }
}

function usualWorkload(route: Pick<Route, 'method'> & Partial<Route>): Workload {
  const { method, issues, probe, unlimited } = route
  if (unlimited) return 'alive'
  if (probe) return 'probe'
  return method === 'get' && !issues ? 'read' : 'main'
}
