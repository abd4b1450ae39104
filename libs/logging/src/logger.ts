import { createLogger as createWinston, format, type Logger as Winston } from 'winston'
import { MESSAGE } from 'triple-beam'
import { BufferedTransport } from './buffered-transport'
import { createLineBounds } from './line-bounds'
import { redactField } from './redact'

const gatherMs = 20

/** What the parts of a service need of a log. */
export interface Logger extends Pick<Winston, 'debug' | 'info' | 'warn' | 'error' | 'isLevelEnabled'> {
  /** As `info('request', fields)`, past winston's streams, which would take as long as the line: every request has one. */
  request(fields: Readonly<Record<string, unknown>>): void
}

interface LoggerOptions {
  /** Goes into every line as `service`. */
  service: string
  /** The least level that is written: `debug`, `info`, `warn` or `error`. */
  level: string
  /** Where the lines go; standard output by default. */
  stream?: NodeJS.WritableStream | undefined
}

export interface ClosableLogger extends Logger {
  /** Writes what is still waiting; resolves when the stream has taken it. */
  close(): Promise<void>
}

/**
 * A winston logger that writes one JSON object a line: `time` (RFC 3339, UTC), `level`, `service`, `message`,
 * then the fields of the call, with secrets redacted. On standard output lines wait up to 20 ms for others; those that wait
 * when the process ends are written then, unless it is killed. Of warnings and errors of one kind some are written in a
 * second, and the others counted.
 */
export function createLogger({ service, level, stream = process.stdout }: LoggerOptions): ClosableLogger {
  const isOutput = stream === process.stdout
  const transport = new BufferedTransport(stream, service, isOutput ? gatherMs : 0)
  // No timer fires any more then, and what is written to a file or a pipe is written at once.
  if (isOutput)
    process.once('exit', () => {
      bounds.flush()
      transport.flush()
    })

  const clock = createClock()
  const lineOf = (level: string, message: unknown, fields: Readonly<Record<string, unknown>>) => {
    const entry: Record<string, unknown> = { time: clock(), level, service, message }
    for (const name in fields) if (!Object.hasOwn(entry, name)) entry[name] = redactField(name, fields[name])
    return JSON.stringify(entry)
  }
  const bounds = createLineBounds<Failure>({
    keyOf: ({ level, message, code }) => `${level} ${code} ${message}`,
    others: { level: 'warn', message: 'other lines', code: undefined },
    report(unwritten) {
      for (const { of, count } of unwritten) {
        const fields = { of: of.message, code: of.code, count }
        transport.take(lineOf(of.level, 'more lines of a kind', fields))
      }
    },
  })
  // One format that writes the line: winston's timestamp() and json() together cost three times as much.
  const line = format((info) => {
    const { level, message } = info
    if (isFailure(level) && !bounds.admit({ level, message: String(message), code: codeOf(info) }))
      return false
    info[MESSAGE] = lineOf(level, message, info)
    return info
  })
  const winston = createWinston({ level, format: line(), transports: [transport] })
  const logsRequests = winston.isLevelEnabled('info')
  return Object.assign(winston, {
    request(fields: Readonly<Record<string, unknown>>) {
      if (logsRequests) transport.take(lineOf('info', 'request', fields))
    },
    close() {
      bounds.flush()
      return transport.drain()
    },
  })
}

/** A kind of warnings or errors. */
interface Failure {
  level: string
  message: string
  /** Of the fields, or of the error among them; else its class. */
  code: string | undefined
}

/** Whether lines of the level are bounded: what is logged as `info` the service has chosen to write. */
const isFailure = (level: string) => level === 'warn' || level === 'error'

function codeOf({ code, error }: Readonly<Record<string, unknown>>): string | undefined {
  if (typeof code === 'string') return code
  if (!(error instanceof Error)) return undefined
  const { code: own } = error as NodeJS.ErrnoException
  return typeof own === 'string' ? own : error.name
}

/** The time as text, which is made once for each millisecond: it would be a quarter of a line. */
function createClock(): () => string {
  let at = 0
  let text = ''
  return () => {
    const now = Date.now()
    if (now !== at) [at, text] = [now, new Date(now).toISOString()]
    return text
  }
}
