import type { SecureContextOptions } from 'node:tls'
import { readCertificates, type CertificateFiles } from '@ordinal/config'
import { logChanges, type Logger } from '@ordinal/logging'
import { certificateExpiry, type Metrics } from '@ordinal/metrics'
import { createPeriodicTask } from '@ordinal/periodic-task'
import { filesOfCalls, type CallTlsSettings } from './tls-settings'

/** The certificates of one end, as they are now. */
export interface WatchedCertificates {
  /** For a secure context; the object is another one after each renewal. */
  current(): SecureContextOptions
  /** Changes when other authorities are trusted. */
  trust(): string | undefined
  /** Calls this after each renewal. */
  onRenewal(listener: () => void): void
  start(): void
  stop(): Promise<void>
}

interface Options {
  files: CertificateFiles
  /** What they are for, in logs and metrics: `server`, `calls`. */
  use: string
  /** How often the files are read. */
  everyMs: number
  log: Logger
  metrics: Metrics
}

/**
 * Reads certificates now, and then at intervals. It compares what the files have, and so sees a file that was rewritten, one
 * that was renamed into place, and the link of Kubernetes that leads to another folder. What was read twice alike and
 * fits together takes effect; until then, the former stays.
 *
 * @throws CertificateError if what there is now cannot be used
 */
export function watchCertificates({ files, use, everyMs, log, metrics }: Options): WatchedCertificates {
  let certificates = readCertificates(files)
  let seen = certificates.digest
  const listeners: (() => void)[] = []
  const showExpiry = certificateExpiry(metrics)
  showExpiry(use, certificates.validTo)

  const task = createPeriodicTask({
    run: look,
    everyMs,
    firstAfterMs: everyMs,
    report: logChanges(
      log,
      `the certificate files (${use}) cannot be used: what was read before stays in use`,
      `the certificate files (${use}) can be used again`,
    ),
  })

  function look(): Promise<void> {
    return Promise.resolve().then(() => {
      const found = readCertificates(files)
      // A file may be half written, and end between two certificates.
      if (found.digest === seen && found.digest !== certificates.digest) {
        certificates = found
        showExpiry(use, found.validTo)
        for (const listener of listeners) listener()
        log.info('certificates renewed', { use, valid_to: found.validTo?.toISOString() })
      }
      seen = found.digest
    })
  }

  return {
    current: () => certificates.options,
    trust: () => certificates.ca,
    onRenewal: (listener) => void listeners.push(listener),
    start: () => task.start(),
    stop: () => task.stop(),
  }
}

/** The certificates by which a service calls others; undefined if nothing says which. */
export function certificatesOfCalls(
  settings: CallTlsSettings & { tlsReloadMs: number },
  { log, metrics }: { log: Logger; metrics: Metrics },
): WatchedCertificates | undefined {
  const files = filesOfCalls(settings)
  return files && watchCertificates({ files, use: 'calls', everyMs: settings.tlsReloadMs, log, metrics })
}
