import type { Logger } from '@ordinal/logging'
import { plainAddress } from '@ordinal/middleware'

const quietMs = 1_000

/** Logs TLS handshakes that failed, one a second at most: any client can make them fail as fast as it likes. */
export function createHandshakeLog(log: Logger) {
  let loggedAt = -Infinity
  let others = 0
  return (error: Error, address: string | undefined): void => {
    const now = performance.now()
    if (now - loggedAt < quietMs) {
      others += 1
      return
    }
    const { code, message } = error as NodeJS.ErrnoException
    log.info('a TLS handshake failed', {
      ip: plainAddress(address),
      reason: code ?? message,
      ...(others > 0 && { others_before: others }),
    })
    loggedAt = now
    others = 0
  }
}
