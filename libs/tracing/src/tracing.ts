import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { logChanges, type Logger } from '@ordinal/logging'
import type * as exporter from './exporter'
import { contextOf, RecordedSpan, type Recorder } from './recorded-span'
import { samplerOf, type Sampler, type SamplerName } from './sampler'
import type { Attributes, Span, SpanKind, TraceContext } from './span'
import { parseTraceparent, randomSpanId } from './trace-context'

/** Whether and how a service records traces: what `tracingVariables` parse to. */
export interface TracingSettings {
  /** Without a slash at its end. Without it tracing is off. */
  otlpEndpoint?: string | undefined
  otlpHeaders?: Readonly<Record<string, string>> | undefined
  tracesSampler?: SamplerName | undefined
  tracesSamplerRatio?: number | undefined
}

interface TracingOptions {
  /** The service's name and version, as traces show them. */
  name: string
  version: string
  settings: TracingSettings
  log: Logger
}

/** What begins spans that have no parent in this process: those of requests and events that arrive. */
export interface Tracing {
  isSampled: Sampler
  /** Begins the span of a request whose trace is recorded, with an id that it has already. */
  begin(place: Place, name: string, kind: SpanKind, attributes?: Attributes): Span
  /**
   * Begins a span that goes on with a trace from elsewhere; undefined if that is not recorded.
   *
   * @param traceparent of the span that it follows
   */
  follow(
    traceparent: string | undefined,
    name: string,
    kind: SpanKind,
    attributes?: Attributes,
  ): Span | undefined
  /** Begins a trace of what a service does by itself, such as a sweep; undefined if that is not recorded. */
  root(name: string, attributes?: Attributes): Span | undefined
  /** Links a span with that of a traceparent, if it is a valid one. */
  link(span: Span, traceparent: string | undefined): void
  /** Begins to record. Until then there is no span. */
  start(): void
  /** Exports what has ended. Safe to call twice, and before the start. */
  stop(): Promise<void>
}

interface Place {
  traceId: string
  spanId: string
  /** The caller's span. */
  parent: TraceContext | undefined
}

// Shorter than a stop may take.
const exportTimeoutMs = 4_000

/**
 * Records traces and exports them over OTLP/HTTP.
 *
 * @returns undefined if tracing is off
 */
export function createTracing({ name, version, settings, log }: TracingOptions): Tracing | undefined {
  const { otlpEndpoint, otlpHeaders = {}, tracesSampler = 'parentbased_always_on' } = settings
  if (otlpEndpoint === undefined) return undefined
  const sample = samplerOf(tracesSampler, settings.tracesSamplerRatio ?? 1)
  const report = logChanges(log, 'traces cannot be exported', 'traces are exported again')
  let spans: exporter.SpanExport | undefined
  let stopped: Promise<void> | undefined

  function begin(
    recorder: Recorder,
    { traceId, spanId, parent }: Place,
    spanName: string,
    kind: SpanKind,
    attributes: Attributes = {},
  ): Span {
    const remote = parent && contextOf(parent)
    return new RecordedSpan(recorder, traceId, spanId, remote, spanName, kind, attributes)
  }

  return {
    isSampled: (traceId, flags) => spans !== undefined && sample(traceId, flags),
    begin: (...of) => begin(spans!, ...of),
    follow(traceparent, ...of) {
      const parent = parseTraceparent(traceparent)
      if (!spans || !parent || !sample(parent.traceId, parent.flags)) return undefined
      return begin(spans, { traceId: parent.traceId, spanId: randomSpanId(), parent }, ...of)
    },
    root(spanName, attributes) {
      if (!spans) return undefined
      const traceId = randomSpanId() + randomSpanId()
      if (!sample(traceId, undefined)) return undefined
      const place = { traceId, spanId: randomSpanId(), parent: undefined }
      return begin(spans, place, spanName, 'internal', attributes)
    },
    link(span, traceparent) {
      const other = parseTraceparent(traceparent)
      if (other) span.link(other)
    },
    start() {
      spans ??= loadExporter().createSpanExport({
        url: `${otlpEndpoint}/v1/traces`,
        headers: otlpHeaders,
        resource: {
          'service.namespace': 'ordinal',
          'service.name': name,
          'service.version': version,
          'service.instance.id': randomUUID(),
        },
        timeoutMs: exportTimeoutMs,
        onExported: (_, error) => report(error),
      })
    },
    stop: () => (stopped ??= spans?.stop() ?? Promise.resolve()),
  }
}

/** The SDK, which only a service has in memory that records traces. */
function loadExporter(): typeof exporter {
  const besideBundle = path.join(__dirname, 'tracing/exporter.js')
  // Not a literal, so that esbuild leaves it out of the bundle.
  const file = existsSync(besideBundle) ? besideBundle : './exporter'
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return require(file) as typeof exporter
}
