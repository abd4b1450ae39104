import { ProblemError } from '@ordinal/client'
import type { Query } from '@tanstack/react-query'
import { NotAllowedError } from './allowed'

/** Whether asking again would be answered alike. */
export const isRefusal = (error: unknown): boolean =>
  error instanceof NotAllowedError || (error instanceof ProblemError && error.status < 500)

/** Reads a query again after a failure, so that a page recovers by itself. */
export const untilAnswered = ({ state: { error } }: Pick<Query, 'state'>): number | false =>
  error && !isRefusal(error) ? 3_000 : false

/** Reads a query again and again, until the service refuses it: asking again would only be refused, and logged, again. */
export const unlessRefused =
  (everyMs: number) =>
  ({ state: { error } }: Pick<Query, 'state'>): number | false =>
    isRefusal(error) ? false : everyMs
