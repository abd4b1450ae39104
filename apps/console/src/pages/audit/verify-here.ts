import { linesOf } from '../../../offline/lines'

export interface Followed {
  lines: number
  perSecond: number
}

const redrawMs = 500

/**
 * Verifies an export as it arrives, with the verifier that auditors have: the service is believed in nothing but the rows.
 *
 * @param onProgress hears of it at most twice a second
 * @throws ExportError if the export is cut off; the signal's reason, when it aborts
 */
export async function verifyHere(
  bytes: ReadableStream<Uint8Array>,
  onProgress: (followed: Followed) => void,
  signal: AbortSignal,
) {
  const { verifyExport } = await import('@ordinal/audit/offline')
  const startedAt = performance.now()
  const seconds = () => (performance.now() - startedAt) / 1000
  let drawnAt = -redrawMs
  const lines = linesOf(
    bytes,
    ({ lines }) => {
      if (performance.now() - drawnAt < redrawMs) return
      drawnAt = performance.now()
      onProgress({ lines, perSecond: Math.round(lines / seconds()) })
    },
    signal,
  )
  const report = await verifyExport(lines)
  const took = Math.round(seconds() * 1000) / 1000
  return { ...report, seconds: took, rows_per_second: Math.round(report.rows / Math.max(took, 0.001)) }
}
