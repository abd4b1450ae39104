import { describedAnswers } from '@ordinal/testing'
import { operationAt, type Document, type Operation } from './document'
import type { HttpRequest } from './requests'
import type { Outcome } from './send'

/** What is wrong with an answer: its kind, by which findings are counted, and in words. */
export interface Fault {
  kind: string
  detail: string
}

/** A service that is fuzzed over HTTP. */
export interface Described {
  document: Document
  operations: readonly Operation[]
}

/** What an answer of 5xx is for, if the request itself asks for it. */
const askedFor: Readonly<Record<string, (request: HttpRequest) => boolean>> = {
  // It gave less time than the work takes.
  deadline_exceeded: hasDeadline,
  // It ended in the middle of the commit.
  outcome_unknown: hasDeadline,
}

function hasDeadline({ headers }: HttpRequest): boolean {
  return headers.some(([name]) => name === 'X-Request-Timeout-Ms')
}

/**
 * A function that finds what is wrong with an answer: none in time, one of the server's faults, or one that does not fit
 * the document.
 */
export function checksOf({ document, operations }: Described) {
  const assertDescribed = describedAnswers(document)

  return (request: HttpRequest, outcome: Outcome): Fault | undefined => {
    if ('failure' in outcome) return { kind: outcome.failure, detail: outcome.detail }
    const { status, headers, body, whole } = outcome
    const code = codeOf(body)
    // As a client sees it that asks for an absolute URL, or with a fragment, which Node's client sends as it is.
    const path = request.url.replace(/^https?:\/\/[^/]*/, '').replace(/#.*/, '')
    const operation = operationAt(operations, request.method, path)
    // An answer to HEAD does not say its code.
    const shownCode = code ?? (request.method === 'HEAD' && status === 503 ? 'overloaded' : undefined)
    const isShed = shownCode === 'overloaded' && operation?.codesOf(status).has(shownCode)
    if (status >= 500 && !isShed && !(code !== undefined && askedFor[code]?.(request)))
      return { kind: `${status} ${code ?? ''}`.trim(), detail: JSON.stringify(body).slice(0, 500) }
    try {
      // Of a stream only the beginning is there: a text, as its schema says.
      assertDescribed({ method: request.method, path, status, headers, body: whole ? body : String(body) })
    } catch (error) {
      const detail = (error as Error).message
      return { kind: `does not fit: ${kindOf(detail)}`, detail }
    }
    if (status < 400 || status === 405 || request.method === 'HEAD') return undefined
    if (!operation || code === undefined || operation.codesOf(status).has(code)) return undefined
    return { kind: `undocumented ${status} ${code}`, detail: `${operation.name} does not document ${code}` }
  }
}

/** Without what is another one each time. */
const kindOf = (detail: string) =>
  detail
    .replace(/^.* -> (\d+): /, '$1 ')
    .replaceAll(/(\d+, )+\d+|\d{4,}|"[^"]*"/g, '…')
    .slice(0, 120)

export const codeOf = (body: unknown): string | undefined => {
  const code = typeof body === 'object' && body !== null && 'code' in body ? body.code : undefined
  return typeof code === 'string' ? code : undefined
}
