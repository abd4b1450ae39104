import { createLineBounds, type Logger } from '@ordinal/logging'
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

const manyDenied: SecurityEvent = {
  kind: 'event',
  category: ['api'],
  type: ['denied'],
  action: 'refuse-many',
  outcome: 'failure',
}

/** Logs refusals in a flood: one line a second has the counts of the further ones by code, and the last of them. */
export function createRefusalLog(log: Logger) {
  let latest: LoggedRefusal | undefined
  const bounds = createLineBounds<string>({
    keyOf: (code) => code,
    others: 'others',
    report(unwritten) {
      const codes = Object.fromEntries(unwritten.map(({ of, count }) => [of, count]))
      const count = unwritten.reduce((sum, each) => sum + each.count, 0)
      const isEvent = Object.keys(codes).some(isSecurityEvent)
      log.info('requests refused', { count, codes, latest, ...(isEvent && { event: manyDenied }) })
    },
  })

  return {
    /**
     * Counts a refusal.
     *
     * @returns whether it is logged with others; if not, the caller writes its line
     */
    count(refusal: LoggedRefusal): boolean {
      if (bounds.admit(refusal.code)) return false
      latest = refusal
      return true
    },
    flush: bounds.flush,
  }
}
