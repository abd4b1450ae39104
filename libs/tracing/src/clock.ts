const checkedEveryMs = 1_000
const mostDriftMs = 20

let offsetMs = performance.timeOrigin
let checkedAt = 0

/**
 * Milliseconds since 1970, with fractions. The clock of `performance.now()` runs on by itself, so it is set again when the
 * machine's clock is another by more than a few milliseconds.
 */
export function nowMs(): number {
  const now = performance.now()
  if (now - checkedAt > checkedEveryMs) {
    checkedAt = now
    if (Math.abs(Date.now() - (offsetMs + now)) > mostDriftMs) offsetMs = Date.now() - now
  }
  return offsetMs + now
}
