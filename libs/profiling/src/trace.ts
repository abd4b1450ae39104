import { setTimeout as delay } from 'node:timers/promises'
import { Session } from 'node:inspector/promises'

// Garbage collection, the event loop, HTTP, files, names and threads; not async_hooks, which tells every promise.
const includedCategories = [
  'v8',
  'node.perf',
  'node.environment',
  'node.http',
  'node.net.native',
  'node.dns.native',
  'node.fs.sync',
  'node.fs.async',
  'node.threadpoolwork.async',
]

// Node hands events over by 65,000, which take 100 MB for a moment: a trace that is larger ends before its time.
const mostBytes = 8 * 1024 * 1024

/** What V8 and Node did, and when: trace events as JSON, as chrome://tracing and ui.perfetto.dev read it. */
export async function traceEvents({
  forMs,
  signal,
}: {
  forMs: number
  signal: AbortSignal
}): Promise<Buffer> {
  const session = new Session()
  session.connect()
  try {
    const full = new AbortController()
    // As bytes: so many small strings would be several times as large.
    const chunks: Buffer[] = []
    let bytes = 0
    session.on('NodeTracing.dataCollected', ({ params: { value: events } }) => {
      if (bytes > mostBytes) full.abort()
      if (full.signal.aborted || events.length === 0) return
      const text = events.map((event) => JSON.stringify(event)).join(',\n')
      const chunk = Buffer.from(bytes === 0 ? text : `,\n${text}`)
      chunks.push(chunk)
      bytes += chunk.length
    })
    const complete = new Promise((resolve) => session.once('NodeTracing.tracingComplete', resolve))
    await session.post('NodeTracing.start', {
      traceConfig: { recordMode: 'recordAsMuchAsPossible', includedCategories },
    })
    await delay(forMs, undefined, { signal: AbortSignal.any([signal, full.signal]) }).catch(() => {})
    await session.post('NodeTracing.stop')
    await complete
    return Buffer.concat([Buffer.from('{"traceEvents":[\n'), ...chunks, Buffer.from('\n]}\n')])
  } finally {
    session.disconnect()
  }
}
