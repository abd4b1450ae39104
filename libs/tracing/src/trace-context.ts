import { randomBytes } from 'node:crypto'
import type { TraceContext } from './span'

const saneTraceparent = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/

/** What a traceparent says (https://www.w3.org/TR/trace-context/); undefined if it is none that can be believed. */
export function parseTraceparent(text: unknown): TraceContext | undefined {
  const [, traceId, spanId, flags] = (typeof text === 'string' && saneTraceparent.exec(text)) || []
  return traceId && spanId && flags ? { traceId, spanId, flags } : undefined
}

const mostStateLetters = 512
const mostStateMembers = 32
const printable = /^[\x20-\x7e\t]+$/
const stateMember = /^[a-z0-9][a-z0-9_\-*/@]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{1,256}$/

/**
 * A tracestate that can be passed on: as long as every system has to take it, and of the form that it has to have. Undefined if it
 * is none; without a traceparent that can be believed it says nothing, either.
 */
export function parseTracestate(text: unknown): string | undefined {
  if (typeof text !== 'string' || text.length > mostStateLetters || !printable.test(text)) return undefined
  const members = text.split(',').map((member) => member.trim())
  const fits = members.every((member) => member === '' || stateMember.test(member))
  const says = members.some((member) => member !== '')
  return says && fits && members.length <= mostStateMembers ? text : undefined
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
