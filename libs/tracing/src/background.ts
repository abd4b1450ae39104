import { errorTypeOf } from './in-span'
import type { Span } from './span'
import type { Tracing } from './tracing'

/**
 * Traces what a service does by itself again and again. A run that found nothing to do leaves no span: an idle service would
 * fill the collector.
 *
 * @param work one run; gives how many things it has done
 */
export async function inBackground(
  tracing: Tracing | undefined,
  name: string,
  work: () => Promise<number>,
): Promise<number> {
  const span = tracing?.root(name)
  if (!span) return work()
  try {
    const done = await work()
    if (done > 0) endWithCount(span, done)
    return done
  } catch (error) {
    span.fail(errorTypeOf(error))
    span.end()
    throw error
  }
}

function endWithCount(span: Span, count: number): void {
  span.set({ 'ordinal.batch.size': count })
  span.end()
}
