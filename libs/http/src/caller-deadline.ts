import type { ServerResponse } from 'node:http'
import { Deadline, timeoutHeader } from '@ordinal/deadline'
import { AppError } from '@ordinal/errors'
import { signalOf } from './stream'

type Headers = Readonly<Record<string, string | string[] | undefined>>

interface Received {
  headers: Headers
  /** When it began to arrive, on the clock of `performance.now()`. */
  context: { startedAt: number }
}

/**
 * The deadline of the caller of a request, by its timeout header.
 *
 * @param timed whether the header counts; without it the deadline never passes
 * @throws AppError `validation_failed` unless the header is a whole number from 1 to 3,600,000
 */
export function callerDeadline(
  { headers, context }: Received,
  res: ServerResponse,
  timed: boolean,
): Deadline {
  const timeoutMs = timed ? timeoutIn(headers) : Infinity
  const deadline = new Deadline(context.startedAt + timeoutMs, () => {
    const signal = signalOf(res)
    // After the listener that aborts it.
    res.once('close', () => deadline.dispose())
    return signal
  })
  return deadline
}

function timeoutIn(headers: Headers): number {
  const sent = headers[timeoutHeader.toLowerCase()]
  if (sent === undefined) return Infinity
  const timeoutMs = /^\d{1,7}$/.test(String(sent)) ? Number(sent) : 0
  if (timeoutMs < 1 || timeoutMs > 3_600_000) {
    const message = 'must be a whole number of milliseconds from 1 to 3600000'
    const path = `headers.${timeoutHeader}`
    throw new AppError('validation_failed', `${path}: ${message}`, { errors: [{ path, message }] })
  }
  return timeoutMs
}
