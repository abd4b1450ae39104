import type { Logger } from '@ordinal/logging'

export type RefusalLog = ReturnType<typeof createRefusalLog>

/** A request whose refusal is logged with others. */
export interface LoggedRefusal {
  code: string
  request_id: string
  path: string
  ip: string | undefined
}

const everyMs = 1_000
// Of a second, which are logged each.
const mostAlone = 20

/** Logs what is refused in a flood: a line a second, with how many more there were by code, and the last of them. */
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
    /** @returns whether it is logged with others: if not, it is one of few, and its line is to be written */
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
