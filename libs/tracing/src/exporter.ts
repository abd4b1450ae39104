import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources'
import { BatchSpanProcessor, type ReadableSpan, type SpanExporter } from '@opentelemetry/sdk-trace-base'
import type { Recorder } from './recorded-span'

interface ExporterOptions {
  /** Where spans are sent to: `<endpoint>/v1/traces`. */
  url: string
  headers: Readonly<Record<string, string>>
  resource: Readonly<Record<string, string>>
  timeoutMs: number
  /** Called after each attempt to export some spans; with an error if it has failed. */
  onExported: (spans: number, error?: Error) => void
}

// The SDK's own number.
const exported = 0

export interface SpanExport extends Recorder {
  /** Exports what is still waiting. */
  stop(): Promise<void>
}

/**
 * Exports spans over OTLP/HTTP by the SDK: in the background, some hundred at a time, from a queue that is bounded. What does
 * not find a place in it is dropped. The SDK reads OTEL_RESOURCE_ATTRIBUTES, OTEL_BSP_… and OTEL_EXPORTER_OTLP_… that
 * are not options here from the environment by itself.
 */
export function createSpanExport({
  url,
  headers,
  resource,
  timeoutMs,
  onExported,
}: ExporterOptions): SpanExport {
  const exporter = new OTLPTraceExporter({ url, headers: { ...headers }, timeoutMillis: timeoutMs })
  const observed: SpanExporter = {
    export(spans, done) {
      exporter.export(spans, (result) => {
        // To the SDK every export is a success: a failed one must not make its stop reject.
        onExported(
          spans.length,
          Number(result.code) === exported ? undefined : (result.error ?? new Error('not exported')),
        )
        done({ code: exported })
      })
    },
    forceFlush: () => exporter.forceFlush(),
    shutdown: () => exporter.shutdown(),
  }
  const processor = new BatchSpanProcessor(observed, { exportTimeoutMillis: timeoutMs + 1_000 })
  return {
    resource: defaultResource()
      .merge(detectResources({ detectors: [envDetector] }))
      .merge(resourceFromAttributes({ ...resource })),
    scope: { name: 'ordinal' },
    onEnd: (span: ReadableSpan) => processor.onEnd(span),
    stop: () => processor.shutdown(),
  }
}
