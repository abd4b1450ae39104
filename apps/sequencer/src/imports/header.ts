import { requestFields } from '@ordinal/audit'
import { closest, distance } from 'fastest-levenshtein'
import { asked } from '../api/request-fields'
import { AppError } from '../domain/errors'
import { shortened } from './shortened'

export const columnNames = ['number', ...requestFields.filter((field) => field in asked), 'status', 'reason']

/** How the line that names columns is read. */
export interface HeaderReading {
  /** Refuses a file with columns that are not known. */
  strict: boolean
  /** What columns are called in the file: our name -> the file's. */
  columns: ReadonlyMap<string, string>
}

// No column has this name.
export const ignoredColumn = '-'

/** A name without what makes no difference: its case, and whether words are apart by spaces, `-` or `_`. */
export const plainName = (name: string) =>
  name
    .trim()
    .toLowerCase()
    .replaceAll(/[\s_-]+/g, '_')

/**
 * Our names of the columns; those that are not ours are `ignoredColumn`.
 *
 * @throws AppError `import_unreadable`: a column is missing, comes twice, seems to be misspelt, or is not known and the
 *   reading is strict
 */
export function requireHeader(
  record: readonly string[],
  line: number,
  { columns, strict }: HeaderReading,
): string[] {
  const fault = (reason: string) => new AppError('import_unreadable', `Line ${line}: ${reason}`)
  const ours = ourNames(columns)
  const header = record.map((name) => (name === '' ? '' : (ours.get(plainName(name)) ?? ignoredColumn)))
  const twice = record.find(
    (_, index) => columnNames.includes(header[index]!) && header.indexOf(header[index]!) !== index,
  )
  if (twice !== undefined) throw fault(`the column "${shortened(twice)}" comes twice`)
  const unknown = record.filter((_, index) => header[index] === ignoredColumn)
  const absent = usualNames(columns).filter((name) => !header.includes(name))
  for (const name of unknown) {
    const meant = misspelt(name, absent)
    if (meant !== undefined)
      throw fault(
        `the column "${shortened(name)}" is not known: did you mean "${meant}"? If not, give it another name or leave it out`,
      )
  }
  const missing = ['number', ...columns.keys()].find((name) => !header.includes(name))
  if (missing !== undefined)
    throw fault(
      `there is no column "${columns.get(missing) ?? missing}"; the columns are ${columnNames.join(', ')}, of which the first must be there, separated by commas, semicolons or tabs`,
    )
  if (strict && unknown.length > 0)
    throw fault(`the column "${shortened(unknown[0]!)}" is none of ${columnNames.join(', ')}`)
  return header
}

/** The names of a file -> ours. A name that the caller has given to a column wins over the usual name of another. */
function ourNames(columns: HeaderReading['columns']): ReadonlyMap<string, string> {
  return new Map([
    ...usualNames(columns).map((name) => [name, name] as const),
    ...[...columns].map(([name, theirs]) => [plainName(theirs), name] as const),
  ])
}

/** The columns that the caller has given no other name. */
const usualNames = (columns: HeaderReading['columns']) => columnNames.filter((name) => !columns.has(name))

/**
 * A function that gives an object the names of our columns, as `requireHeader` does for the columns of a file.
 *
 * @param ignored gets the names that are not known
 * @returns of the function: the object with our names, without what is null in it, and what is wrong with it, if anything
 */
export function fieldNaming({ columns, strict }: HeaderReading, ignored: string[]) {
  const ours = ourNames(columns)
  const usual = usualNames(columns)

  return (value: object): { object: object; fault?: string } => {
    const given = Object.entries(value).map(([theirs, field]) => {
      const name = ours.get(plainName(theirs))
      return { theirs, name, field: field as unknown }
    })
    const names = given.map(({ name }) => name)
    const twice = given.find(({ name }, index) => name !== undefined && names.indexOf(name) !== index)
    const object = Object.fromEntries(
      given.flatMap(({ name, field }) => (name === undefined || field === null ? [] : [[name, field]])),
    )
    if (twice) return { object, fault: `the field "${shortened(twice.theirs)}" comes twice` }
    const absent = usual.filter((name) => !names.includes(name))
    for (const { theirs, name } of given) {
      if (name !== undefined) continue
      const meant = misspelt(theirs, absent)
      if (meant !== undefined)
        return { object, fault: `the field "${shortened(theirs)}" is not known: did you mean "${meant}"?` }
      if (strict)
        return { object, fault: `the field "${shortened(theirs)}" is none of ${columnNames.join(', ')}` }
      const shown = shortened(theirs)
      if (ignored.length < mostIgnored && !ignored.includes(shown)) ignored.push(shown)
    }
    return { object }
  }
}

const mostIgnored = 100
const maxEdits = 2

/** Which of some columns a name seems to mean: to ignore `Stauts` would issue numbers that are void. */
function misspelt(name: string, absent: readonly string[]): string | undefined {
  if (absent.length === 0) return undefined
  const plain = plainName(name)
  const meant = closest(plain, absent)
  return distance(plain, meant) <= maxEdits ? meant : undefined
}
