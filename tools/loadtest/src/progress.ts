import { clearLine, cursorTo } from 'node:readline'
import type { Measurements } from './measurements'
import type { Progress } from './run'
import type { Settings } from './settings'

/** What is shown of a stream that is a terminal, or is not. */
type Screen = Pick<NodeJS.WriteStream, 'write' | 'isTTY'> & Partial<NodeJS.WriteStream>

const redrawMs = 500
const lineMs = 5_000

/** Shows a run on a terminal, as one line that changes; elsewhere as a line every few seconds. */
export function showProgress(screen: Screen): Progress {
  const isTerminal = Boolean(screen.isTTY)
  return {
    say: (what) => void screen.write(`${what}\n`),
    begin(settings, measurements) {
      const startedAt = performance.now()
      let shownAt = startedAt
      const show = () => {
        const now = performance.now()
        const line = lineOf(settings, measurements, (now - startedAt) / 1000, (now - shownAt) / 1000)
        shownAt = now
        if (!isTerminal) return screen.write(`${line}\n`)
        clearLine(screen as NodeJS.WriteStream, 0)
        cursorTo(screen as NodeJS.WriteStream, 0)
        // A line that wraps could not be replaced.
        return screen.write(line.slice(0, (screen.columns ?? 80) - 1))
      }
      const timer = setInterval(show, isTerminal ? redrawMs : lineMs)
      return {
        end() {
          clearInterval(timer)
          show()
          if (isTerminal) screen.write('\n')
        },
      }
    },
  }
}

function lineOf(settings: Settings, measurements: Measurements, seconds: number, sinceLast: number): string {
  const { requests, failed } = measurements.all()
  const recent = measurements.takeRecent()
  const rate = sinceLast > 0 ? Math.round(recent.requests / sinceLast) : 0
  const { response } = recent
  return [
    `${Math.round(seconds)} s${leftOf(settings, requests, seconds)}`,
    `${requests.toLocaleString('en')} requests`,
    `${rate.toLocaleString('en')}/s`,
    `p50 ${response.at(50).toFixed(1)} ms`,
    `p99 ${response.at(99).toFixed(1)} ms`,
    `${failed.toLocaleString('en')} errors`,
  ].join('  ')
}

/** By whichever of the two ends comes first: the last request, or the end of the time. */
function leftOf({ requests, durationMs }: Settings, done: number, seconds: number): string {
  const part = Math.max(done / requests, (seconds * 1000) / durationMs)
  return ` (${Math.min(100, Math.round(part * 100))} %)`
}
