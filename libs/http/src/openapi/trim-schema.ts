import { linePatterns } from '../schemas'

interface JsonSchema {
  minimum?: unknown
  maximum?: unknown
  additionalProperties?: unknown
  propertyNames?: unknown
  format?: string
  pattern?: string
  allOf?: object[]
}

/** Takes away what says nothing of a schema that was made from one of zod, or says it twice. */
export function trimSchema(schema: JsonSchema, io: 'input' | 'output'): void {
  withoutLimitsOfNumbers(schema)
  // A later release may answer more: who takes only these fields would break.
  if (io === 'output' && schema.additionalProperties === false) delete schema.additionalProperties
  // Names of fields are texts.
  delete schema.propertyNames
  // The format says it all.
  if (schema.format === 'date') delete schema.pattern
  if (schema.format === 'date-time') withoutDatesInPattern(schema)
  withLineShared(schema)
}

/** Zod leaves a pattern beside a reference where the override has shortened the one that it refers to. */
export function withoutPatternsOfReferences(part: unknown): void {
  if (typeof part !== 'object' || part === null) return
  if ('$ref' in part) Reflect.deleteProperty(part, 'pattern')
  Object.values(part).forEach(withoutPatternsOfReferences)
}

/** Each whole number has the bounds of a number in JavaScript, which say nothing. */
function withoutLimitsOfNumbers(schema: { minimum?: unknown; maximum?: unknown }): void {
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum
}

/** The format says which dates and times there are, in any zone: of the pattern stays what it says of those in UTC. */
function withoutDatesInPattern(schema: { pattern?: string }): void {
  const ofTime = schema.pattern?.replace(/^\^.*T(?=\()/, 'T')
  if (ofTime?.includes('[+-]')) delete schema.pattern
  else if (ofTime) schema.pattern = ofTime
}

/** What every text of one line must be, in `components` once: in place its patterns would be half of most schemas. */
export const lineSchema = {
  type: 'string' as const,
  description: 'One line, without control, invisible or bidirectional characters',
  allOf: linePatterns.map((pattern) => ({ pattern: pattern.source })),
}

function withLineShared(schema: { allOf?: object[] }): void {
  if (JSON.stringify(schema.allOf) === JSON.stringify(lineSchema.allOf))
    schema.allOf = [{ $ref: '#/components/schemas/Line' }]
}
