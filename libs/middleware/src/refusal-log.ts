import type { Logger } from '@ordinal/logging'

export type RefusalLog = ReturnType<typeof createRefusalLog>

/** A request whose refusal is logged with others. */
interface LoggedRefusal {
  code: string
  request_id: string
  path: string
  ip: string | undefined
}

const everyMs = 1_000
// How many of a second have a line each.
const mostAlone = 20

/** Logs refusals in a flood: one line a second has the counts of the further ones by code, and the last of them. */
export function createRefusalLog(log: Logger) {
  let inSecond = 0
  let counts: Record<string, number> = {}
  let latest: LoggedRefusal | undefined
  let timer: NodeJS.Timeout | undefined

  function flush(): void {
    clearTimeout(timer)
    timer = undefined
    inSecond = 0
    if (!latest) return
    const count = Object.values(counts).reduce((sum, each) => sum + each, 0)
    log.info('requests refused', { count, codes: counts, latest })
    counts = {}
    latest = undefined
  }

  return {
    /**
     * Counts a refusal.
     *
     * @returns whether it is logged with others; if not, the caller writes its line
     */
    count(refusal: LoggedRefusal): boolean {
      timer ??= setTimeout(flush, everyMs).unref()
      inSecond += 1
      if (inSecond <= mostAlone) return false
      counts[refusal.code] = (counts[refusal.code] ?? 0) + 1
      latest = refusal
      return true
    },
    flush,
  }
}
