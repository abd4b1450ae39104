import { requestFields } from '@ordinal/audit'
import { CsvError, parse } from 'csv-parse'
import { AppError } from '../domain/errors'
import type { Upload } from '@ordinal/http'
import { z } from 'zod'
import { asked } from '../api/request-fields'
import { fullNumber, isWholePlace, wholePlace } from '../api/schemas'

/** What the file says of a number. */
const fields = z
  .strictObject({
    number: fullNumber,
    ...asked,
  })
  .refine(isWholePlace, wholePlace)
export type ImportFields = z.output<typeof fields>

/** A line of the file: what it says, or what is wrong with it. */
export interface ImportLine {
  line: number
  /** As it is written there; empty if there is none. */
  number: string
  content: ImportFields | { fault: string }
}

export const importMedia = ['text/csv', 'application/x-ndjson'] as const

const names = ['number', ...requestFields.filter((field) => field in asked)]
// Far above any line of such a file, and little to keep in memory.
const maxLineLength = 65_536

/**
 * The numbers of a file, line by line as it arrives.
 *
 * @throws AppError `import_unreadable`: the file has another form, from the line on that is named; `request_timeout`
 */
export const readLines = ({ media, chunks }: Upload): AsyncIterable<ImportLine> =>
  media === 'text/csv' ? csvLines(decoded(chunks)) : jsonLines(decoded(chunks))

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

async function* csvLines(texts: AsyncIterable<string>): AsyncGenerator<ImportLine> {
  let header: string[] | undefined
  for await (const { record, line } of csvRecords(texts)) {
    if (header) yield lineOfCsv(header, record, line)
    else header = requireHeader(record)
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
  const parser = parse({
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
  for await (const text of texts) {
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

function requireHeader(columns: string[]): string[] {
  const unknown = columns.filter((name) => !names.includes(name))
  const twice = columns.filter((name, index) => columns.indexOf(name) !== index)
  const known = `the columns are ${names.join(', ')}, of which the first must be there, separated by commas`
  if (unknown.length > 0)
    throw new AppError(
      'import_unreadable',
      `Line 1: there is no column "${shortened(unknown[0]!)}"; ${known}`,
    )
  if (twice.length > 0)
    throw new AppError('import_unreadable', `Line 1: the column "${twice[0]}" comes twice`)
  if (!columns.includes('number'))
    throw new AppError('import_unreadable', `Line 1: there is no column "number"; ${known}`)
  return columns
}

function lineOfCsv(header: readonly string[], record: readonly string[], line: number): ImportLine {
  if (record.length !== header.length) {
    const number = record[header.indexOf('number')] ?? ''
    return faulty(line, number, `has ${record.length} fields, and the first line has ${header.length}`)
  }
  // An empty field is one that was not given.
  const given = header.flatMap((name, index) => (record[index] === '' ? [] : [[name, record[index]]]))
  return checked(line, Object.fromEntries(given))
}

async function* jsonLines(texts: AsyncIterable<string>): AsyncGenerator<ImportLine> {
  let line = 0
  let empty = true
  let rest = ''
  const read = (json: string): ImportLine[] => {
    line += 1
    if (json.trim() === '') return []
    empty = false
    return [lineOfJson(json, line)]
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

function lineOfJson(json: string, line: number): ImportLine {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    return faulty(line, '', 'is no JSON')
  }
  return checked(line, value)
}

function checked(line: number, value: unknown): ImportLine {
  const result = fields.safeParse(value)
  if (result.success) return { line, number: result.data.number, content: result.data }
  const { number } = (value ?? {}) as { number?: unknown }
  const { path, message } = result.error.issues[0]!
  return faulty(line, typeof number === 'string' ? number : '', [...path, message].join(': '))
}

const faulty = (line: number, number: string, fault: string): ImportLine => ({
  line,
  number: shortened(number),
  content: { fault },
})

const shortened = (text: string) => (text.length > 60 ? `${text.slice(0, 60)}…` : text)
