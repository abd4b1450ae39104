import type { z } from 'zod'
import { AppError, type FieldError } from '@ordinal/errors'
import { wordsFor } from './fault-words'

const mostFaults = 20
// The names of fields that are not known are the sender's.
const longestPath = 200
const messages: z.core.ParseContext<z.core.$ZodIssue> = { error: wordsFor }

/**
 * A function that checks one part of a request against its schema. Fields may come in snake_case or, as proto3
 * JSON allows, in lowerCamelCase.
 *
 * @param part where the value comes from: `params`, `query` or `body`; it begins every path that an error names.
 *   Undefined for a message, which has but one part
 * @throws AppError `invalid_id` for a wrong id in the path, else `validation_failed`, which names the first
 *   20 faults
 */
export function validated<Schema extends z.ZodType>(
  part: 'params' | 'query' | 'body' | undefined,
  schema: Schema,
): (value: unknown) => z.output<Schema> {
  const aliases = camelCaseAliases(schema)
  return (value) => {
    const given = aliases.size > 0 ? withSnakeCase(value, aliases) : value
    const result = schema.safeParse(given)
    if (result.success) return result.data
    if (part === 'params' && result.error.issues.some(({ path }) => path[0] === 'id')) {
      const { id } = value as { id?: unknown }
      throw new AppError('invalid_id', `"${String(id)}" is not an id: ids are whole numbers from 1`)
    }
    // With messages of our own every parse would take longer by half.
    const { issues } = schema.safeParse(given, messages).error ?? result.error
    const errors = firstFaults(issues.flatMap((issue) => fieldErrors(part, issue)))
    throw new AppError('validation_failed', errors[0] ? inWords(errors[0]) : 'The request is not valid', {
      errors,
    })
  }
}

/** The path of what is validated as a whole is empty. */
const inWords = ({ path, message }: FieldError) =>
  path === '' ? `The request ${message}` : `${path}: ${message}`

/** lowerCamelCase name -> snake_case name, for the fields of an object schema that have an underscore. */
function camelCaseAliases(schema: z.ZodType): Map<string, string> {
  const names = Object.keys(shapeOf(schema)).filter((name) => name.includes('_'))
  return new Map(names.map((name) => [name.replace(/_([a-z0-9])/g, (_, c: string) => c.toUpperCase()), name]))
}

/** The fields of an object schema, also of one that is optional or transformed. */
function shapeOf(schema: z.ZodType): Record<string, unknown> {
  if ('shape' in schema) return schema.shape as Record<string, unknown>
  const { innerType, in: input } = schema.def as { innerType?: z.ZodType; in?: z.ZodType }
  const inner = innerType ?? input
  return inner ? shapeOf(inner) : {}
}

/** Renames camelCase fields; one given under both names keeps both, so that the schema refuses the second. */
function withSnakeCase(value: unknown, aliases: Map<string, string>): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const names = Object.keys(value)
  if (!names.some((name) => aliases.has(name))) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => {
      const snake = aliases.get(name)
      return [snake !== undefined && !Object.hasOwn(value, snake) ? snake : name, field]
    }),
  )
}

/** The first faults, and how many there are beyond them: an answer must not grow with what a stranger sends. */
function firstFaults(errors: FieldError[]): FieldError[] {
  const first = errors.slice(0, mostFaults).map(({ path, message }) => ({ path: shortened(path), message }))
  const more = errors.length - first.length
  return more > 0 ? [...first, { path: '', message: `and ${more} more` }] : first
}

const shortened = (path: string) => (path.length > longestPath ? `${path.slice(0, longestPath)}…` : path)

function fieldErrors(part: string | undefined, issue: z.core.$ZodIssue): FieldError[] {
  const path = [...(part === undefined ? [] : [part]), ...issue.path.map(String)]
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: [...path, key].join('.'),
      message: 'is not a field of this request',
    }))
  }
  return [{ path: path.join('.'), message: issue.message }]
}
