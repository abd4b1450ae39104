import { createLineBounds, type Logger } from '@ordinal/logging'
import { plainAddress } from '@ordinal/middleware'

/** Logs TLS handshakes that failed, but for a flood: any client can make them fail as fast as it likes. */
export function createHandshakeLog(log: Logger) {
  const one = 'handshake'
  const bounds = createLineBounds<string>({
    keyOf: (kind) => kind,
    others: one,
    report: (unwritten) => log.info('more TLS handshakes failed', { count: unwritten[0]!.count }),
  })
  return {
    failed: (error: Error, address: string | undefined): void => {
      if (!bounds.admit(one)) return
      const { code, message } = error as NodeJS.ErrnoException
      log.info('a TLS handshake failed', { ip: plainAddress(address), reason: code ?? message })
    },
    flush: bounds.flush,
  }
}
