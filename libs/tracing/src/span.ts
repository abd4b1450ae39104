/** What a span says of its work: by the semantic conventions of OpenTelemetry where they have a name for it. */
export type Attributes = Record<string, string | number | boolean | undefined>

/** As OpenTelemetry numbers them. */
export const spanKind = { internal: 0, server: 1, client: 2, producer: 3, consumer: 4 } as const

export type SpanKind = keyof typeof spanKind

/**
 * A piece of work in a trace that is recorded. It is always `Span | undefined`: with tracing off, and for what is
 * not sampled, there is none, and nothing is allocated for it.
 */
export interface Span {
  /** W3C Trace Context, for the next process in the trace. */
  readonly traceparent: string
  readonly traceId: string
  /** Begins a span of a part of this work. */
  child(name: string, kind?: SpanKind, attributes?: Attributes): Span
  rename(name: string): void
  set(attributes: Attributes): void
  /** Refers to a span that is neither a parent nor a child. */
  link(other: Span | TraceContext): void
  /**
   * The work has failed.
   *
   * @param code that of the error, never its message: there may be anything in it
   */
  fail(code: string): void
  /** The work is over; it is exported. One that is not ended is not. */
  end(): void
}

/** W3C Trace Context, as it is passed on in headers and in events. */
export interface PassedTrace {
  traceparent: string
  /** What other systems of the trace say of it, as it came. */
  tracestate?: string | undefined
}

/** The place of a span in a trace, as it is passed from process to process. */
export interface TraceContext {
  /** 32 hex digits. */
  traceId: string
  /** 16 hex digits. */
  spanId: string
  /** 2 hex digits. */
  flags: string
}
