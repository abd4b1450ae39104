import { useEffect } from 'react'
import { useQueryClient, type QueryClient } from '@tanstack/react-query'
import { onLiveEvents, type BatchEvent } from '../api/live'
import { numberOf } from '../api/sequence-queries'

const atMostEveryMs = 1_000
const whileReadingMs = 200

/** Reads a query, and all whose keys begin as its own, again when a number of the sequence has changed. */
export function useFreshNumbers(prefix: string, ...queryKey: readonly string[]): void {
  const queries = useQueryClient()
  const key = JSON.stringify(['numbers', ...queryKey])
  useEffect(
    () => readOnEvents(queries, JSON.parse(key) as string[], (event) => event.prefix === prefix),
    [prefix, key, queries],
  )
}

/** Reads one number again when it may have changed: of a batch only the first and the last number are named. */
export function useFreshNumber(number: string, prefix: string | undefined): void {
  const queries = useQueryClient()
  useEffect(() => {
    const { queryKey } = numberOf(number, prefix)
    const mayChangeIt = (event: BatchEvent) => {
      const known = queries.getQueryData(queryKey)
      // A number is issued once, and again only when it was free.
      const mayBe = event.event !== 'issue' || !known || known.state === 'free'
      return mayBe && event.prefix === (known?.prefix ?? event.prefix)
    }
    return readOnEvents(queries, ['numbers', number], mayChangeIt)
  }, [number, prefix, queries])
}

/**
 * Reads queries again when an event concerns them, or may have come while the stream was not there: at most once a second,
 * and never while one is being read, so that a busy sequence leaves the page and the service alone.
 */
function readOnEvents(
  queries: QueryClient,
  queryKey: readonly string[],
  concerns: (event: BatchEvent) => boolean,
): () => void {
  let waiting: ReturnType<typeof setTimeout> | undefined
  let readAt = -atMostEveryMs
  const read = () => {
    // What is under way may not have the event yet.
    if (queries.isFetching({ queryKey }) > 0) {
      waiting = setTimeout(read, whileReadingMs)
      return
    }
    waiting = undefined
    readAt = performance.now()
    void queries.invalidateQueries({ queryKey })
  }
  const readSoon = () => {
    waiting ??= setTimeout(read, Math.max(0, readAt + atMostEveryMs - performance.now()))
  }
  const leave = onLiveEvents((events) => {
    if (events.some(concerns)) readSoon()
  }, readSoon)
  return () => {
    leave()
    clearTimeout(waiting)
  }
}
