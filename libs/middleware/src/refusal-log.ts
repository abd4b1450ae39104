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

/** Logs what is refused in a flood: a line a second, with how many there were by code, and the last of them. */
export function createRefusalLog(log: Logger) {
  let counts: Record<string, number> = {}
  let latest: LoggedRefusal | undefined
  let timer: NodeJS.Timeout | undefined

  function flush(): void {
    clearTimeout(timer)
    timer = undefined
    if (!latest) return
    const count = Object.values(counts).reduce((sum, each) => sum + each, 0)
    log.info('requests refused', { count, codes: counts, latest })
    counts = {}
    latest = undefined
  }

  return {
    count(refusal: LoggedRefusal): void {
      counts[refusal.code] = (counts[refusal.code] ?? 0) + 1
      latest = refusal
      timer ??= setTimeout(flush, everyMs).unref()
    },
    flush,
  }
}
