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
  const form = await openForm(contentType)
  // Kept: a form that was written to its end is destroyed without an error.
  let excess: AppError | undefined
  const refuse = (detail: string) => () => {
    excess ??= unreadable(detail)
    form.destroy()
  }
  form.once('filesLimit', refuse('The form has more than one file'))
  form.once('fieldsLimit', refuse('The form has a field beside its file: options are parameters of the URL'))
  const read = pipeline(Readable.from(chunks), form)
    .catch((cause: unknown) => {
      if (excess) return
      throw cause instanceof AppError ? cause : unreadable('The form cannot be read to its end', cause)
    })
    .then(() => {
      if (excess) throw excess
    })
  // Whoever reads the file hears of it, in contentOf.
  read.catch(() => {})
  const found = await Promise.race([once(form, 'file').catch(() => read), read])
  if (!found) throw unreadable('The form has no file')
  const [, file, info] = found as [name: string, file: Readable, info: FileInfo]
  file.on('error', () => {})
  try {
    if (excess) throw excess
    return { media: mediaOf(info), chunks: contentOf(file, read, form) }
  } catch (error) {
    form.destroy()
    throw error
  }
}

async function openForm(contentType: string | undefined): Promise<Busboy> {
  const { default: busboy } = await import('busboy')
  try {
    return busboy({ headers: { 'content-type': contentType }, limits: { files: 1, fields: 0 } })
  } catch (cause) {
    throw unreadable('The form cannot be read: its Content-Type has no boundary', cause)
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
  // What a browser sends where nobody has chosen a file.
  if (filename === '' && unknownMedia.includes(mimeType)) throw unreadable('The form has no file: choose one')
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
