import type { QueryConfig, QueryResultRow } from 'pg'
import { endWith, type Attributes, type Span } from '@ordinal/tracing'
import type { Queryable } from './queryable'

const places = new WeakMap<object, Attributes>()

/** Notes the database in which something runs statements, for their spans. */
export function setPlace(db: object, url: string): void {
  const { hostname, port, pathname } = new URL(url)
  places.set(db, {
    'db.system.name': 'postgresql',
    'db.namespace': decodeURIComponent(pathname.slice(1)),
    ...(hostname !== '' && { 'server.address': hostname, 'server.port': Number(port) || 5432 }),
  })
}

/** Notes that something runs statements in the same database as another. */
export function samePlace<T extends object>(db: T, other: object): T {
  const place = places.get(other)
  if (place) places.set(db, place)
  return db
}

/**
 * What runs statements, with a span for each: by the semantic conventions for databases, without the values, and without the
 * text, which names of statements and tables stand for.
 *
 * @param span what the statements are a part of; without one, `db` itself is returned
 */
export function traced(db: Queryable, span: Span | undefined): Queryable {
  if (!span) return db
  return {
    query: <R extends QueryResultRow>(query: string | QueryConfig, values?: unknown[]) =>
      endWith(spanOfStatement(db, query, span), db.query<R>(query, values)),
  }
}

/** Where the statements of something run, as their spans say it. */
export const placeOf = (db: object): Attributes => places.get(db) ?? { 'db.system.name': 'postgresql' }

/** Begins the span of a statement. */
export function spanOfStatement(db: object, query: string | QueryConfig, span: Span): Span {
  const { operation, summary } = summaryOf(query)
  return span.child(summary, 'client', {
    ...placeOf(db),
    'db.operation.name': operation,
    'db.query.summary': summary,
  })
}

const summaries = new Map<string, { operation: string; summary: string }>()
// Statements are written in the source: there are no more than these, but for the like of `… IN ($1, $2, $3)`.
const mostSummaries = 500

/** What a statement does, in few words that are the same each time: its name, if it has one, else as in `UPDATE orders`. */
export function summaryOf(query: string | QueryConfig): { operation: string; summary: string } {
  const { text, name = undefined } = typeof query === 'string' ? { text: query } : query
  const known = summaries.get(name ?? text)
  if (known) return known
  const [operation, target] = operationOf(text)
  const summary = {
    operation,
    summary: name ?? (target === undefined ? operation : `${operation} ${target}`),
  }
  if (summaries.size < mostSummaries) summaries.set(name ?? text, summary)
  return summary
}

/** The first operation that writes, else the first word, and what it is about. */
function operationOf(text: string): [operation: string, target: string | undefined] {
  const words = text.split(/[\s(),;]+/).filter((word) => word !== '')
  const writes = words.findIndex((word, index) => isWrite(word, words[index - 1]))
  if (writes >= 0) {
    const isOfTwoWords = words[writes] !== 'UPDATE'
    return [words[writes]!, words[writes + (isOfTwoWords ? 2 : 1)]]
  }
  const first = words[0] === 'WITH' ? 'SELECT' : (words[0] ?? 'unknown').toUpperCase()
  const from = words.indexOf('FROM')
  return [first, first === 'SELECT' && from >= 0 ? words[from + 1] : undefined]
}

const isWrite = (word: string, before = '') =>
  word === 'INSERT' || word === 'DELETE' || (word === 'UPDATE' && before !== 'FOR' && before !== 'DO')
