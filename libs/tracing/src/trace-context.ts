import { randomBytes } from 'node:crypto'
import type { TraceContext } from './span'

const saneTraceparent = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/

/** What a traceparent says (https://www.w3.org/TR/trace-context/); undefined if it is none that can be believed. */
export function parseTraceparent(text: unknown): TraceContext | undefined {
  const [, traceId, spanId, flags] = (typeof text === 'string' && saneTraceparent.exec(text)) || []
  return traceId && spanId && flags ? { traceId, spanId, flags } : undefined
}

/** Random text of 16 hex digits. It is drawn for many at a time, and none is given twice. */
export const randomSpanId = createSpanIds()

function createSpanIds(): () => string {
  const [digits, drawn] = [16, 256]
  let text = ''
  let used = 0
  return () => {
    if (used === text.length) {
      text = randomBytes((drawn * digits) / 2).toString('hex')
      used = 0
    }
    used += digits
    return text.slice(used - digits, used)
  }
}
