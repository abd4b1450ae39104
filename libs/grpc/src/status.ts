import { Metadata, status as codes, type StatusObject } from '@grpc/grpc-js'
import { AppError, grpcStatusOf, type AnyAppError } from '@ordinal/errors'
import { statusDetails } from './status-details'

/** An error as a call ends with it: its code, what it says, and in metadata what HTTP has in headers. */
export function statusOf(error: AnyAppError): StatusObject {
  const code = codes[grpcStatusOf(error.kind)]
  const metadata = new Metadata()
  metadata.set('ordinal-error-code', error.code)
  if (error.retryAfterSeconds !== undefined) metadata.set('retry-after', String(error.retryAfterSeconds))
  metadata.set('grpc-status-details-bin', statusDetails(code, error))
  return { code, details: error.message, metadata }
}

/**
 * What the library itself ends a call with, before or beside our methods, in our words.
 *
 * @returns undefined for what it says well enough
 */
export function errorOfLibrary(code: codes, details: string, maxMessageBytes: number): AppError | undefined {
  if (code === codes.RESOURCE_EXHAUSTED && details.startsWith('Received message'))
    return new AppError('body_too_large', `The message has more than ${maxMessageBytes} bytes`)
  if (code === codes.INTERNAL && /^(Error deserializing request|Failed to decompress message)/.test(details))
    return new AppError('malformed_message', 'The message cannot be decoded')
  if (code === codes.DEADLINE_EXCEEDED)
    return new AppError('deadline_exceeded', 'The deadline of the call has passed')
  return undefined
}
