import type { Attributes, Span, SpanKind } from './span'

/**
 * Begins the span of what is done for several at once: a child of the first of them that is recorded, linked with all of
 * them in both directions, so that each of their traces leads to it.
 *
 * @param spans those of the several; one may be there more than once
 * @returns undefined if none of them is recorded
 */
export function spanOfMany(
  spans: readonly (Span | undefined)[],
  name: string,
  kind: SpanKind = 'internal',
  attributes: Attributes = {},
): Span | undefined {
  const first = spans.find((span) => span !== undefined)
  if (!first) return undefined
  const span = first.child(name, kind, { ...attributes, 'ordinal.batch.size': spans.length })
  for (const each of new Set(spans)) {
    if (!each) continue
    span.link(each)
    if (each !== first) each.link(span)
  }
  return span
}
