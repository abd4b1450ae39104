import { once } from 'node:events'
import path from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Busboy, FileInfo } from 'busboy'
import type { Upload } from '@ordinal/http'
import { AppError } from '../domain/errors'
import { importMedia, type ImportFile } from './parse'
import { shortened } from './shortened'

export const formMedia = 'multipart/form-data'

/**
 * The one file of a form, as it arrives.
 *
 * @throws AppError `import_unreadable` if the form has none, or cannot be read; `unsupported_media_type`. Reading the
 *   file throws the first as well, if something comes after the file
 */
export async function fileOfForm({ contentType, chunks }: Upload): Promise<ImportFile> {
  const { default: busboy } = await import('busboy')
  const form = (() => {
    try {
      return busboy({ headers: { 'content-type': contentType }, limits: { files: 1, fields: 0 } })
    } catch (cause) {
      throw unreadable('The form cannot be read: its Content-Type has no boundary', cause)
    }
  })()
  let excess: AppError | undefined
  const refuse = (detail: string) => () => {
    excess ??= unreadable(detail)
    form.destroy()
  }
  form.once('filesLimit', refuse('The form has more than one file'))
  form.once('fieldsLimit', refuse('The form has a field beside its file: options are parameters of the URL'))
  const opened = once(form, 'file') as Promise<[name: string, file: Readable, info: FileInfo]>
  const read = pipeline(Readable.from(chunks), form)
    .catch((cause: unknown) => {
      if (excess) return
      throw cause instanceof AppError ? cause : unreadable('The form cannot be read to its end', cause)
    })
    .then(() => {
      if (excess) throw excess
    })
  // Both are awaited below, one of them perhaps never.
  for (const promise of [opened, read]) promise.catch(() => {})
  const [, file, info] = await Promise.race([opened.catch(() => read), read]).then((found) => {
    if (!found) throw unreadable('The form has no file')
    return found
  })
  // The error reaches whoever reads it, below.
  file.on('error', () => {})
  try {
    if (excess) throw excess
    return { media: mediaOf(info), chunks: contentOf(file, read, form) }
  } catch (error) {
    form.destroy()
    throw error
  }
}

async function* contentOf(file: Readable, read: Promise<void>, form: Busboy) {
  try {
    try {
      for await (const chunk of file) yield chunk as Buffer
    } catch {
      // The form says why.
    }
    await read
  } finally {
    form.destroy()
  }
}

// Programs that do not know the type of a file call it one of these.
const unknownMedia = ['application/octet-stream', 'text/plain']
const mediaOfEnding = new Map([
  ['.csv', 'text/csv'],
  ['.tsv', 'text/csv'],
  ['.txt', 'text/csv'],
  ['.ndjson', 'application/x-ndjson'],
  ['.jsonl', 'application/x-ndjson'],
])

/** The media type of a file: as it is sent, or by the ending of its name. */
function mediaOf({ mimeType, filename = '' }: FileInfo): string {
  const sent = mimeType.toLowerCase()
  const media = unknownMedia.includes(sent)
    ? mediaOfEnding.get(path.extname(filename).toLowerCase())
    : importMedia.find((known) => known === sent)
  if (media !== undefined) return media
  throw new AppError(
    'unsupported_media_type',
    `The file "${shortened(filename)}" is ${shortened(sent)}; ${importMedia.join(' or ')} is expected`,
  )
}

const unreadable = (detail: string, cause?: unknown) => new AppError('import_unreadable', detail, { cause })
