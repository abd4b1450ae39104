const everyMs = 1_000
// How many of a kind are written in a second.
const mostOfKind = 20
// Kinds in a second; further ones count as one. Messages and codes are the service's own, so there are far fewer.
const mostKinds = 1_000

/** Lines with one level, message, and code or class of error. */
interface Kind {
  level: string
  of: string
  code: string | undefined
  count: number
}

/**
 * Bounds the lines of each kind: the first of a second are written, and one line has the count of the others. A flood of
 * failures must not become a flood of writes, nor hide lines of other kinds.
 *
 * @param write writes a line
 */
export function createLineBounds(
  write: (level: string, message: string, fields: Readonly<Record<string, unknown>>) => void,
) {
  const kinds = new Map<string, Kind>()
  let timer: NodeJS.Timeout | undefined

  function kindOf(level: string, of: string, code: string | undefined): Kind {
    const key = `${level} ${code} ${of}`
    const known = kinds.get(key)
    if (known) return known
    if (kinds.size >= mostKinds) return kindOf(level, 'other lines', undefined)
    const kind = { level, of, code, count: 0 }
    kinds.set(key, kind)
    return kind
  }

  function flush(): void {
    clearTimeout(timer)
    timer = undefined
    for (const { level, of, code, count } of kinds.values())
      if (count > mostOfKind) write(level, 'more lines of a kind', { of, code, count: count - mostOfKind })
    kinds.clear()
  }

  return {
    /** Counts a line; returns whether it is written. */
    admit(level: string, message: string, fields: Readonly<Record<string, unknown>>): boolean {
      timer ??= setTimeout(flush, everyMs).unref()
      const kind = kindOf(level, message, codeOf(fields))
      kind.count += 1
      return kind.count <= mostOfKind
    },
    /** Writes what was counted until now. */
    flush,
  }
}

function codeOf({ code, error }: Readonly<Record<string, unknown>>): string | undefined {
  if (typeof code === 'string') return code
  if (!(error instanceof Error)) return undefined
  const { code: own } = error as NodeJS.ErrnoException
  return typeof own === 'string' ? own : error.name
}
