import { requestFields } from '@ordinal/audit'
import { CsvError, parse } from 'csv-parse'
import { AppError } from '../domain/errors'
import { text, type Upload } from '@ordinal/http'
import { z } from 'zod'
import { asked } from '../api/request-fields'
import { fullNumber, isWholePlace, wholePlace } from '../api/schemas'

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

// What browsers on Windows call CSV is the second.
export const importMedia = ['text/csv', 'application/vnd.ms-excel', 'application/x-ndjson'] as const

export const dateFormats = ['yyyy-mm-dd', 'dd.mm.yyyy', 'dd/mm/yyyy', 'mm/dd/yyyy'] as const

/** How a file is read. */
export interface Reading {
  dateFormat: (typeof dateFormats)[number]
  /** Refuses a file with columns that are not known. */
  strict: boolean
  /** What columns are called in the file: our name -> the file's. */
  columns: ReadonlyMap<string, string>
}

export const usualReading: Reading = { dateFormat: 'yyyy-mm-dd', strict: false, columns: new Map() }

export const columnNames = ['number', ...requestFields.filter((field) => field in asked), 'status', 'reason']
// Far above any line of such a file, and little to keep in memory.
const maxLineLength = 65_536

/**
 * The numbers of a file, line by line as it arrives, and the columns that are ignored, once the first line was read.
 *
 * @throws AppError `import_unreadable`: the file has another form, from the line on that is named; `request_timeout`
 */
export function readLines({ media, chunks }: Upload, reading = usualReading) {
  const ignored: string[] = []
  const texts = decoded(chunks)
  const lines =
    media === 'application/x-ndjson' ? jsonLines(texts, reading) : csvLines(texts, reading, ignored)
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

const separators = [',', ';', '\t'] as const

/**
 * Which separator a text has: the one that is most frequent in its first line with a character besides, outside quotes.
 *
 * @returns the whole text, too, since its beginning is read for it
 */
async function detectSeparator(texts: AsyncIterable<string>) {
  const iterator = texts[Symbol.asyncIterator]()
  let begin = ''
  let done = false
  // A line that has no end is refused where records are read.
  while (!done && !/[^\s,;"][^\r\n]*[\r\n]/.test(begin) && begin.length <= maxLineLength) {
    const next = await iterator.next()
    done = next.done === true
    if (!done) begin += next.value as string
  }
  async function* whole() {
    yield begin
    if (!done) yield* { [Symbol.asyncIterator]: () => iterator }
  }
  return { delimiter: separatorOf(begin), whole: whole() }
}

/** @param text begins with a line that names columns; lines of nothing but separators may come before */
function separatorOf(text: string): string {
  const unquoted = text.replaceAll(/"[^"]*"/g, 'x')
  const line = /^.*[^\s,;].*$/m.exec(unquoted)?.[0] ?? unquoted
  const count = (separator: string) => line.split(separator).length
  return separators.reduce((best, each) => (count(each) > count(best) ? each : best))
}

// No column has this name.
const ignoredColumn = '-'

const plainName = (name: string) =>
  name
    .trim()
    .toLowerCase()
    .replaceAll(/[\s_-]+/g, '_')

/**
 * Our names of the columns, whatever their case, and whether words are apart by spaces, `-` or `_`; those that are not
 * ours are `ignoredColumn`.
 */
function requireHeader(record: readonly string[], line: number, { columns, strict }: Reading): string[] {
  const fault = (reason: string) => new AppError('import_unreadable', `Line ${line}: ${reason}`)
  const ours = new Map(columnNames.map((name) => [plainName(columns.get(name) ?? name), name]))
  const header = record.map((name) => (name === '' ? '' : (ours.get(plainName(name)) ?? ignoredColumn)))
  const twice = record.find(
    (_, index) => columnNames.includes(header[index]!) && header.indexOf(header[index]!) !== index,
  )
  if (twice !== undefined) throw fault(`the column "${shortened(twice)}" comes twice`)
  const missing = ['number', ...columns.keys()].find((name) => !header.includes(name))
  if (missing !== undefined)
    throw fault(
      `there is no column "${columns.get(missing) ?? missing}"; the columns are ${columnNames.join(', ')}, of which the first must be there, separated by commas, semicolons or tabs`,
    )
  const unknown = header.indexOf(ignoredColumn)
  if (strict && unknown >= 0)
    throw fault(`the column "${shortened(record[unknown]!)}" is none of ${columnNames.join(', ')}`)
  return header
}

function lineOfCsv(
  header: readonly string[],
  fields: readonly string[],
  line: number,
  reading: Reading,
): ImportLine {
  const number = fields[header.indexOf('number')] ?? ''
  const unnamed = fields.findIndex((field, index) => field !== '' && !header[index])
  // Fields that are empty may be missing at the end, or be too many.
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

async function* jsonLines(texts: AsyncIterable<string>, reading: Reading): AsyncGenerator<ImportLine> {
  let line = 0
  let empty = true
  let rest = ''
  const read = (json: string): ImportLine[] => {
    line += 1
    if (json.trim() === '') return []
    empty = false
    return [lineOfJson(json, line, reading)]
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

function lineOfJson(json: string, line: number, reading: Reading): ImportLine {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    return faulty(line, '', 'is no JSON')
  }
  return checked(line, value, reading)
}

function checked(line: number, value: unknown, { dateFormat }: Reading): ImportLine {
  const result = fields.safeParse(withIsoDate(value, dateFormat))
  if (result.success) return { line, number: result.data.number, content: result.data }
  const { number } = (value ?? {}) as { number?: unknown }
  const { path, message } = result.error.issues[0]!
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

const shortened = (text: string) => (text.length > 60 ? `${text.slice(0, 60)}…` : text)
