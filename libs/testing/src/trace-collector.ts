import { createServer, type IncomingHttpHeaders } from 'node:http'
import { gunzipSync } from 'node:zlib'
import { type AddressInfo } from 'node:net'

/** A span as a collector gets it, with its attributes as an object. */
export interface CollectedSpan {
  traceId: string
  spanId: string
  /** Empty for the first of a trace. */
  parentSpanId: string
  name: string
  kind: 'internal' | 'server' | 'client' | 'producer' | 'consumer'
  startMs: number
  endMs: number
  attributes: Record<string, unknown>
  /** Whether it has failed. */
  failed: boolean
  links: { traceId: string; spanId: string }[]
  /** Of the process that made it: `service.name` and the like. */
  resource: Record<string, unknown>
}

export type TraceCollector = Awaited<ReturnType<typeof startTraceCollector>>

type Answering = 'usual' | 'failing' | 'silent'

interface Value {
  stringValue?: string
  intValue?: number | string
  doubleValue?: number
  boolValue?: boolean
}
type Pairs = { key: string; value: Value }[]

interface OtlpSpan {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  kind: number
  startTimeUnixNano: string
  endTimeUnixNano: string
  attributes?: Pairs
  status?: { code?: number }
  links?: { traceId: string; spanId: string }[]
}

/** What is sent to /v1/traces. */
interface OtlpTraces {
  resourceSpans: { resource: { attributes: Pairs }; scopeSpans: { spans: OtlpSpan[] }[] }[]
}

const kinds = ['internal', 'internal', 'server', 'client', 'producer', 'consumer'] as const

/** A collector of traces over OTLP/HTTP in JSON, as OpenTelemetry's: it keeps what it is sent. */
export async function startTraceCollector() {
  const spans: CollectedSpan[] = []
  const requests: { headers: IncomingHttpHeaders; text: string }[] = []
  let answering: Answering = 'usual'
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const sent = Buffer.concat(chunks)
      const text = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent).toString()
      requests.push({ headers: request.headers, text })
      if (answering === 'silent') return
      if (answering === 'failing') return void response.writeHead(500).end()
      if (request.url !== '/v1/traces') return void response.writeHead(404).end()
      spans.push(...spansOf(JSON.parse(text) as OtlpTraces))
      response.writeHead(200, { 'Content-Type': 'application/json' }).end('{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const { port } = server.address() as AddressInfo
  return {
    /** The value of OTEL_EXPORTER_OTLP_ENDPOINT. */
    url: `http://127.0.0.1:${port}`,
    spans,
    /** All that was sent, in the order of its arrival. */
    requests,
    /** Lets it answer as usual, with 500, or not at all. */
    answer: (now: Answering) => void (answering = now),
    ofTrace: (traceId: string) => spans.filter((span) => span.traceId === traceId),
    async close(): Promise<void> {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const spansOf = ({ resourceSpans }: OtlpTraces): CollectedSpan[] =>
  resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        traceId: span.traceId,
        spanId: span.spanId,
        parentSpanId: span.parentSpanId ?? '',
        name: span.name,
        kind: kinds[span.kind] ?? 'internal',
        startMs: Number(span.startTimeUnixNano) / 1e6,
        endMs: Number(span.endTimeUnixNano) / 1e6,
        attributes: objectOf(span.attributes),
        failed: span.status?.code === 2,
        links: (span.links ?? []).map(({ traceId, spanId }) => ({ traceId, spanId })),
        resource: objectOf(resource.attributes),
      })),
    ),
  )

const objectOf = (pairs: Pairs = []): Record<string, unknown> =>
  Object.fromEntries(pairs.map(({ key, value }) => [key, valueOf(value)]))

function valueOf({ stringValue, intValue, doubleValue, boolValue }: Value): unknown {
  return stringValue ?? (intValue === undefined ? (doubleValue ?? boolValue) : Number(intValue))
}
