import { useEffect } from 'react'
import { useQueryClient } from '@tanstack/react-query'
import { onLiveEvents } from '../api/live'

const atMostEveryMs = 1_000

/**
 * Reads a query, and all whose keys begin as its own, again when a number of the sequence has changed: at most once a second,
 * and never while it is being read, so that a busy sequence leaves the page and the service alone.
 */
export function useFreshNumbers(prefix: string, ...queryKey: readonly string[]): void {
  const queries = useQueryClient()
  const key = JSON.stringify(['numbers', ...queryKey])
  useEffect(() => {
    let waiting: ReturnType<typeof setTimeout> | undefined
    let readAt = 0
    const read = () => {
      waiting = undefined
      readAt = performance.now()
      void queries.invalidateQueries({ queryKey: JSON.parse(key) as string[] }, { cancelRefetch: false })
    }
    const leave = onLiveEvents((events) => {
      if (events.some((event) => event.prefix === prefix))
        waiting ??= setTimeout(read, Math.max(0, readAt + atMostEveryMs - performance.now()))
    })
    return () => {
      leave()
      clearTimeout(waiting)
    }
  }, [prefix, key, queries])
}
