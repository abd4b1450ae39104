import { ConnectionError, errorOf, problemOf, type ImportOptions, type ImportReport } from '@ordinal/client'
import { services } from './ordinal'
import { authorizationHeaders } from './renewal'

interface Upload {
  prefix: string
  file: File
  options: ImportOptions
  signal: AbortSignal
  /** Hears which part of the file is sent, from 0 to 1. */
  onProgress: (part: number) => void
}

/** The file is no longer as it was when it was chosen, and browsers do not send it then. */
export class FileChangedError extends Error {}

/**
 * Sends a file of numbers to the sequencer, which reads it as it arrives. fetch says nothing of how far it is, so this is no
 * call of the client; it is not sent again by itself: an import that broke off is asked for again by whoever sees it.
 *
 * @throws ProblemError, ConnectionError, FileChangedError
 */
export async function importFile({
  prefix,
  file,
  options,
  signal,
  onProgress,
}: Upload): Promise<ImportReport> {
  const url = new URL(
    `${services().sequencer.replace(/\/$/, '')}/api/v1/sequences/${encodeURIComponent(prefix)}/import`,
  )
  for (const [name, value] of Object.entries(options))
    if (value !== undefined) url.searchParams.set(name, String(value))
  const request = new XMLHttpRequest()
  request.open('POST', url)
  for (const [name, value] of Object.entries(await authorizationHeaders()))
    request.setRequestHeader(name, value)
  // By its name: what systems call the type of such files differs.
  request.setRequestHeader(
    'Content-Type',
    /\.(ndjson|jsonl)$/i.test(file.name) ? 'application/x-ndjson' : 'text/csv',
  )
  return new Promise((resolve, reject) => {
    request.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 1)
    request.onload = () => {
      if (request.status === 200) resolve(JSON.parse(request.responseText) as ImportReport)
      else reject(errorOf(problemOf(request.status, request.responseText), { attempts: 1 }))
    }
    request.onerror = async () =>
      reject(
        (await isUnchanged(file))
          ? new ConnectionError(`POST ${url.href}: no answer`, { attempts: 1 })
          : new FileChangedError(`${file.name} has changed`),
      )
    request.onabort = () => reject(signal.reason as Error)
    signal.addEventListener('abort', () => request.abort(), { once: true })
    request.send(file)
  })
}

/** Whether a file is as it was when it was chosen: otherwise the browser does not read it. */
export const isUnchanged = (file: File): Promise<boolean> =>
  file
    .slice(0, 1)
    .arrayBuffer()
    .then(
      () => true,
      () => false,
    )
