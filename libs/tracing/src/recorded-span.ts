import type { Attributes as ApiAttributes, HrTime, Link, SpanContext } from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base'
import { nowMs } from './clock'
import { spanKind, type Attributes, type Span, type SpanKind, type TraceContext } from './span'
import { randomSpanId } from './trace-context'

/** What all spans of a process have in common, and where those go that have ended. */
export interface Recorder {
  resource: ReadableSpan['resource']
  scope: ReadableSpan['instrumentationScope']
  onEnd(span: ReadableSpan): void
}

// As many as the SDK keeps by default: a batch of 512 requests does not make a span of 50 KB.
const mostLinks = 128
// OpenTelemetry's own numbers.
const statusUnset = 0
const statusError = 2
const sampled = 1

/**
 * A span as the SDK's processor and exporter read it. The SDK's own takes several times as long to make, with a tracer, a
 * sampler and a context that this one has decided on before.
 */
export class RecordedSpan implements Span, ReadableSpan {
  readonly kind: number
  readonly status: { code: number } = { code: statusUnset }
  readonly attributes: ApiAttributes
  readonly links: Link[] = []
  readonly events: ReadableSpan['events'] = none
  readonly droppedAttributesCount = 0
  readonly droppedEventsCount = 0
  droppedLinksCount = 0
  ended = false
  private readonly context: SpanContext
  private readonly startMs = nowMs()
  private endMs = 0

  constructor(
    private readonly recorder: Recorder,
    traceId: string,
    spanId: string,
    readonly parentSpanContext: SpanContext | undefined,
    public name: string,
    kind: SpanKind,
    attributes: Attributes,
  ) {
    this.context = { traceId, spanId, traceFlags: sampled }
    this.kind = spanKind[kind]
    this.attributes = attributes
  }

  get traceId(): string {
    return this.context.traceId
  }

  get traceparent(): string {
    return `00-${this.context.traceId}-${this.context.spanId}-01`
  }

  child(name: string, kind: SpanKind = 'internal', attributes: Attributes = {}): Span {
    const { traceId } = this.context
    return new RecordedSpan(this.recorder, traceId, randomSpanId(), this.context, name, kind, attributes)
  }

  rename(name: string): void {
    this.name = name
  }

  set(attributes: Attributes): void {
    Object.assign(this.attributes, attributes)
  }

  link(other: Span | TraceContext): void {
    if (this.links.length >= mostLinks) this.droppedLinksCount += 1
    else this.links.push({ context: other instanceof RecordedSpan ? other.context : contextOf(other) })
  }

  fail(code: string): void {
    this.status.code = statusError
    this.attributes['error.type'] = code
  }

  end(): void {
    if (this.ended) return
    this.ended = true
    this.endMs = nowMs()
    this.recorder.onEnd(this)
  }

  spanContext(): SpanContext {
    return this.context
  }

  get startTime(): HrTime {
    return hrTime(this.startMs)
  }

  get endTime(): HrTime {
    return hrTime(this.endMs)
  }

  get duration(): HrTime {
    return hrTime(Math.max(0, this.endMs - this.startMs))
  }

  get resource(): ReadableSpan['resource'] {
    return this.recorder.resource
  }

  get instrumentationScope(): ReadableSpan['instrumentationScope'] {
    return this.recorder.scope
  }
}

const none: [] = []

/** A place in a trace, from another process. */
export const contextOf = (place: Span | TraceContext): SpanContext => ({
  traceId: place.traceId,
  spanId: 'spanId' in place ? place.spanId : place.traceparent.slice(36, 52),
  traceFlags: sampled,
  isRemote: true,
})

const hrTime = (ms: number): HrTime => {
  const seconds = Math.floor(ms / 1_000)
  return [seconds, Math.min(999_999_999, Math.round((ms - seconds * 1_000) * 1e6))]
}
