import { CsvError, parse } from 'csv-parse'
import { AppError } from '../domain/errors'
import { text, type Upload } from '@ordinal/http'
import { jsonBoundsFault, jsonBoundsFor } from '@ordinal/middleware'
import { z } from 'zod'
import { asked } from '../api/request-fields'
import { fullNumber, isWholePlace, wholePlace } from '../api/schemas'
import { fieldNaming, ignoredColumn, requireHeader, type HeaderReading } from './header'
import { detectSeparator, maxLineLength } from './separator'
import { shortened } from './shortened'

/** What the file says of a number. */
const fields = z
  .strictObject({
    number: fullNumber,
    ...asked,
    status: z
      .string()
      .toLowerCase()
      .pipe(
        z.enum(['issued', 'void', 'voided', 'cancelled', 'canceled'], 'must be issued, void or cancelled'),
      )
      .optional(),
    reason: text(1, 500).optional(),
  })
  .refine(isWholePlace, wholePlace)
  .transform(({ status = 'issued', ...rest }) => ({ ...rest, void: status !== 'issued' }))
  .refine((row) => !row.void || row.reason !== undefined, {
    path: ['reason'],
    message: 'must be there if the status is not issued',
  })
  .refine((row) => row.void || row.reason === undefined, {
    path: ['reason'],
    message: 'goes with a status that is not issued',
  })
  .refine((row) => !row.void || row.site_id === undefined, {
    path: ['site_id'],
    message: 'cannot go with a number that is void: no site has drawn it',
  })
export type ImportFields = z.output<typeof fields>

/** A line of the file: what it says, or what is wrong with it. */
export interface ImportLine {
  line: number
  /** As it is written there; empty if there is none. */
  number: string
  content: ImportFields | { fault: string }
}

/** A file, as it arrives. */
export type ImportFile = Pick<Upload, 'media' | 'chunks'>

// What browsers on Windows call CSV is the second; in the third tabs separate the fields, which is seen in the file itself.
export const importMedia = [
  'text/csv',
  'application/vnd.ms-excel',
  'text/tab-separated-values',
  'application/x-ndjson',
] as const

export const dateFormats = ['yyyy-mm-dd', 'dd.mm.yyyy', 'dd/mm/yyyy', 'mm/dd/yyyy'] as const

/** How a file is read. */
export interface Reading extends HeaderReading {
  dateFormat: (typeof dateFormats)[number]
}

export const usualReading: Reading = { dateFormat: 'yyyy-mm-dd', strict: false, columns: new Map() }

/**
 * The numbers of a file, line by line as it arrives, and the names that are ignored: of CSV once the first line was read, of
 * NDJSON those of the lines that were read.
 *
 * @throws AppError `import_unreadable`: the file has another form, from the line on that is named; `request_timeout`
 */
export function readLines({ media, chunks }: ImportFile, reading = usualReading) {
  const ignored: string[] = []
  const texts = decoded(chunks)
  const lines =
    media === 'application/x-ndjson' ? jsonLines(texts, reading, ignored) : csvLines(texts, reading, ignored)
  return { lines, ignored }
}

/** The text of bytes in UTF-8, without the byte order mark. */
async function* decoded(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const decode = (chunk?: Buffer) => {
    try {
      return decoder.decode(chunk, { stream: chunk !== undefined })
    } catch (cause) {
      throw new AppError('import_unreadable', 'The file is not in UTF-8', { cause })
    }
  }
  for await (const chunk of chunks) yield decode(chunk)
  yield decode()
}

async function* csvLines(
  texts: AsyncIterable<string>,
  reading: Reading,
  ignored: string[],
): AsyncGenerator<ImportLine> {
  let header: string[] | undefined
  for await (const { record, line } of csvRecords(texts)) {
    // Spreadsheets write a row of nothing but separators for an empty one.
    if (record.every((field) => field === '')) continue
    if (header) yield lineOfCsv(header, record, line, reading)
    else {
      header = requireHeader(record, line, reading)
      ignored.push(
        ...record.filter((name, index) => name !== '' && header![index] === ignoredColumn).map(shortened),
      )
    }
  }
  if (!header) throw new AppError('import_unreadable', 'The file is empty; its first line names the columns')
}

interface CsvRecord {
  record: string[]
  /** The line on which it ends. */
  line: number
}

/** The records of a text; those before a fault all come before its error. */
async function* csvRecords(texts: AsyncIterable<string>): AsyncGenerator<CsvRecord> {
  let read: CsvRecord[] = []
  const { delimiter, whole } = await detectSeparator(texts)
  const parser = parse({
    delimiter,
    trim: true,
    skip_empty_lines: true,
    relax_column_count: true,
    record_delimiter: ['\r\n', '\n', '\r'],
    max_record_size: maxLineLength,
    on_record: (record: string[], { lines }) => void read.push({ record, line: lines }),
  })
  // Each step reports its own error.
  parser.on('error', () => {}).resume()
  const step = async (take: (done: (error?: Error | null) => void) => void) => {
    const error = await new Promise<Error | null | undefined>(take)
    const records = read
    read = []
    return { records, error }
  }
  for await (const text of whole) {
    const { records, error } = await step((done) => parser.write(text, done))
    yield* records
    if (error) throw unreadable(error)
  }
  const { records, error } = await step((done) => parser.end(done))
  yield* records
  if (error) throw unreadable(error)
}

function unreadable(cause: Error): Error {
  return cause instanceof CsvError ? new AppError('import_unreadable', cause.message, { cause }) : cause
}

function lineOfCsv(
  header: readonly string[],
  fields: readonly string[],
  line: number,
  reading: Reading,
): ImportLine {
  const number = fields[header.indexOf('number')] ?? ''
  const unnamed = fields.findIndex((field, index) => field !== '' && !header[index])
  // Empty fields beyond the columns are ignored; missing ones are not.
  if (fields.length < header.length || unnamed >= header.length)
    return faulty(
      line,
      number,
      `has ${fields.length} fields, and the line of the columns has ${header.length}`,
    )
  if (unnamed >= 0) return faulty(line, number, `has a value in column ${unnamed + 1}, which has no name`)
  // An empty field is one that was not given.
  const given = header.flatMap((name, index) =>
    name && name !== ignoredColumn && fields[index] ? [[name, fields[index]]] : [],
  )
  return checked(line, Object.fromEntries(given), reading)
}

async function* jsonLines(
  texts: AsyncIterable<string>,
  reading: Reading,
  ignored: string[],
): AsyncGenerator<ImportLine> {
  const named = fieldNaming(reading, ignored)
  let line = 0
  let empty = true
  let rest = ''
  const read = (json: string): ImportLine[] => {
    line += 1
    if (json.trim() === '') return []
    empty = false
    return [lineOfJson(json, line, reading, named)]
  }
  for await (const piece of texts) {
    const complete = (rest + piece).split('\n')
    rest = complete.pop()!
    for (const json of complete) yield* read(json)
    if (rest.length > maxLineLength)
      throw new AppError('import_unreadable', `Line ${line + 1} has more than ${maxLineLength} characters`)
  }
  yield* read(rest)
  if (empty) throw new AppError('import_unreadable', 'The file is empty')
}

const lineBounds = jsonBoundsFor(maxLineLength)

function lineOfJson(
  json: string,
  line: number,
  reading: Reading,
  named: ReturnType<typeof fieldNaming>,
): ImportLine {
  if (jsonBoundsFault(json, lineBounds))
    return faulty(line, '', 'is nested too deeply, or has too many fields')
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    return faulty(line, '', 'is no JSON')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return checked(line, value, reading)
  const { object, fault } = named(value)
  if (fault === undefined) return checked(line, object, reading)
  const { number } = object as { number?: unknown }
  return faulty(line, typeof number === 'string' ? number : '', fault)
}

function checked(line: number, value: unknown, { dateFormat }: Reading): ImportLine {
  const result = fields.safeParse(withIsoDate(value, dateFormat))
  if (result.success) return { line, number: result.data.number, content: result.data }
  const { number } = (value ?? {}) as { number?: unknown }
  const { path, message: fault } = result.error.issues[0]!
  const message = path[0] === 'business_date' ? `is no date of the form ${dateFormat}` : fault
  return faulty(line, typeof number === 'string' ? number : '', [...path, message].join(': '))
}

/** A value whose business date is read in the order that a format has; one in another form stays as it is. */
function withIsoDate(value: unknown, format: Reading['dateFormat']): unknown {
  const { business_date } = (value ?? {}) as { business_date?: unknown }
  if (format === 'yyyy-mm-dd' || typeof business_date !== 'string') return value
  const parts = /^(\d{1,2})([./])(\d{1,2})\2(\d{4})$/.exec(business_date)
  if (!parts || !format.includes(parts[2]!)) return value
  const [, first, , second, year] = parts
  const [month, day] = format.startsWith('mm') ? [first!, second!] : [second!, first!]
  return { ...(value as object), business_date: `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}` }
}

const faulty = (line: number, number: string, fault: string): ImportLine => ({
  line,
  number: shortened(number),
  content: { fault },
})
