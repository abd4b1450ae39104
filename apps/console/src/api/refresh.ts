import { ProblemError } from '@ordinal/client'
import type { Query } from '@tanstack/react-query'

/** Reads a query again and again, until the service refuses it: asking again would only be refused, and logged, again. */
export const unlessRefused =
  (everyMs: number) =>
  ({ state: { error } }: Pick<Query, 'state'>): number | false =>
    error instanceof ProblemError && error.status < 500 ? false : everyMs
