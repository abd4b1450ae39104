import { validated } from '@ordinal/middleware'
import type { z } from 'zod'

/**
 * A function that checks a message against a schema. proto3 does not tell a field that is empty or 0 from one that was
 * not set: such a field is left out, unless the schema demands it.
 *
 * @throws AppError `validation_failed`, which names every fault
 */
export function messageReader<Schema extends z.ZodObject>(schema: Schema) {
  const validate = validated(undefined, schema)
  const demanded = new Set(
    Object.entries(schema.shape).flatMap(([name, field]) =>
      (field as z.ZodType).safeParse(undefined).success ? [] : [name],
    ),
  )
  return (message: object): z.output<Schema> => {
    const given: Record<string, unknown> = {}
    for (const [name, value] of Object.entries(message))
      if (demanded.has(name) || !isUnset(value)) given[name] = value
    return validate(given)
  }
}

/** A message within a message, without the fields that were not set. */
export const withoutUnset = (message: object): object =>
  Object.fromEntries(Object.entries(message).filter(([, value]) => !isUnset(value)))

const isUnset = (value: unknown) =>
  value === '' ||
  value === 0 ||
  value === false ||
  value === null ||
  ((Array.isArray(value) || value instanceof Uint8Array) && value.length === 0)
