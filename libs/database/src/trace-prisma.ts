import { endWith, type Span } from '@ordinal/tracing'
import { placeOf } from './trace-statements'

/** What is needed of a Prisma client, whatever its models are. */
interface Extendable {
  $extends(extension: unknown): unknown
}

/** A query of a model, as an extension gets it. */
interface ModelQuery {
  model: string
  operation: string
  args: unknown
  query: (args: unknown) => Promise<unknown>
}

/**
 * A Prisma client with a span for each of its queries of a model: by the semantic conventions for databases, without what was
 * asked for.
 *
 * @param span what the queries are a part of; without one, the client itself is returned
 */
export function tracedPrisma<Client extends object>(prisma: Client, span: Span | undefined): Client {
  if (!span) return prisma
  const place = placeOf(prisma)
  const $allOperations = ({ model, operation, args, query }: ModelQuery) => {
    const summary = `${operation} ${model}`
    const attributes = {
      ...place,
      'db.operation.name': operation,
      'db.collection.name': model,
      'db.query.summary': summary,
    }
    return endWith(span.child(summary, 'client', attributes), query(args))
  }
  return (prisma as Extendable).$extends({ query: { $allModels: { $allOperations } } }) as Client
}
