import type { Span } from './span'

/** Ends a span with the promise of its work; if that rejects, with the code of the error. */
export async function endWith<T>(span: Span, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    span.fail(errorTypeOf(error))
    throw error
  } finally {
    span.end()
  }
}

/** What a span says of an error: its code, else its class, and never its message. */
export function errorTypeOf(error: unknown): string {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown }
  if (typeof code === 'string' && code.length <= 64) return code
  return typeof name === 'string' ? name : 'unknown'
}
