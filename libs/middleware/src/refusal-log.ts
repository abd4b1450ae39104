import type { Logger } from '@ordinal/logging'
import { isSecurityEvent, type SecurityEvent } from './security-events'

export type RefusalLog = ReturnType<typeof createRefusalLog>

/** A request or a call that was refused. */
interface LoggedRefusal {
  code: string
  request_id: string
  /** Undefined for what could not be read. */
  path?: string
  ip: string | undefined
}

const everyMs = 1_000
// How many of a code have a line each in a second.
const mostAlone = 20
const manyDenied: SecurityEvent = {
  kind: 'event',
  category: ['api'],
  type: ['denied'],
  action: 'refuse-many',
  outcome: 'failure',
}

/** Logs refusals in a flood: one line a second has the counts of the further ones by code, and the last of them. */
export function createRefusalLog(log: Logger) {
  // Codes are those of the table of errors, and of gRPC.
  const inSecond = new Map<string, number>()
  let latest: LoggedRefusal | undefined
  let timer: NodeJS.Timeout | undefined

  function flush(): void {
    clearTimeout(timer)
    timer = undefined
    const further = [...inSecond].filter(([, count]) => count > mostAlone)
    inSecond.clear()
    if (!latest) return
    const codes = Object.fromEntries(further.map(([code, count]) => [code, count - mostAlone]))
    const count = Object.values(codes).reduce((sum, each) => sum + each, 0)
    const isEvent = Object.keys(codes).some(isSecurityEvent)
    log.info('requests refused', { count, codes, latest, ...(isEvent && { event: manyDenied }) })
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
      const count = (inSecond.get(refusal.code) ?? 0) + 1
      inSecond.set(refusal.code, count)
      if (count <= mostAlone) return false
      latest = refusal
      return true
    },
    flush,
  }
}
