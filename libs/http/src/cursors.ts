import { createHash } from 'node:crypto'
import { AppError } from '@ordinal/errors'
import { z } from 'zod'

/** A cursor as a request has it. */
export const cursorText = z.string().min(1).max(1000)

/** Where a row stands in the order of its list. */
type Place = readonly (string | number)[]

/** The filters of a request for a list, parsed, so that one filter is written in one way. */
type Filter = object

/**
 * The cursors of a list. One has the place of a row, and a digest of the place, the name of the list and its filters: so
 * a cursor of another list or of other filters is refused, and one that was altered. It is no secret and gives no right:
 * instances need no key in common (docs/decisions/0065).
 *
 * @param list its name, which no other list of the service has
 * @param place the schema of a place
 * @param first the place in front of the first row, which the cursor `0` stands for, if it does
 */
export function cursorsOf<P extends Place>(list: string, place: z.ZodType<P>, first?: NoInfer<P>) {
  const digestOf = (at: Place, filter: Filter) => {
    const given = Object.entries(filter).filter(([, value]: [string, unknown]) => value !== undefined)
    const sorted = given.sort(([a], [b]) => (a < b ? -1 : 1))
    return createHash('sha256')
      .update(JSON.stringify([list, at, sorted]))
      .digest('base64url')
      .slice(0, 12)
  }

  /** A cursor that points behind a row. */
  function write(at: P, filter: Filter = {}): string {
    return textOf([...at, digestOf(at, filter)])
  }

  /**
   * Where a cursor points; undefined if there is none.
   *
   * @param parameter how the request names it, for errors
   * @throws AppError `validation_failed` if it was not written for this list and these filters
   */
  function read(cursor: string, filter?: Filter, parameter?: string): P
  function read(cursor: string | undefined, filter?: Filter, parameter?: string): P | undefined
  function read(cursor: string | undefined, filter: Filter = {}, parameter = 'query.cursor'): P | undefined {
    if (cursor === undefined) return undefined
    if (cursor === '0' && first) return first
    const found = place.safeParse(contentOf(cursor)?.slice(0, -1))
    // Decoding base64 passes over characters that encoding never writes.
    if (found.success && write(found.data, filter) === cursor) return found.data
    const message =
      'is no cursor of this list with these filters: send one as it was answered, with the same filters, or begin anew'
    throw new AppError('validation_failed', `${parameter}: ${message}`, {
      errors: [{ path: parameter, message }],
    })
  }

  return { write, read }
}

const textOf = (content: Place) => Buffer.from(JSON.stringify(content)).toString('base64url')

function contentOf(cursor: string): unknown[] | undefined {
  try {
    const content: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    return Array.isArray(content) ? content : undefined
  } catch {
    return undefined
  }
}
