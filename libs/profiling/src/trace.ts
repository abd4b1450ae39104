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

/** A trace that is larger ends before its time. */
const mostBytes = 32 * 1024 * 1024

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
    const events: string[] = []
    const full = new AbortController()
    let bytes = 0
    session.on('NodeTracing.dataCollected', ({ params }) => {
      for (const event of params.value) {
        if (full.signal.aborted) return
        const text = JSON.stringify(event)
        events.push(text)
        bytes += text.length
        if (bytes > mostBytes) full.abort()
      }
    })
    const complete = new Promise((resolve) => session.once('NodeTracing.tracingComplete', resolve))
    await session.post('NodeTracing.start', {
      traceConfig: { recordMode: 'recordAsMuchAsPossible', includedCategories },
    })
    await delay(forMs, undefined, { signal: AbortSignal.any([signal, full.signal]) }).catch(() => {})
    await session.post('NodeTracing.stop')
    await complete
    return Buffer.from(`{"traceEvents":[\n${events.join(',\n')}\n]}\n`)
  } finally {
    session.disconnect()
  }
}
