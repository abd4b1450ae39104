import { createDocument } from 'zod-openapi'
import type { z } from 'zod'
import { lineSchema, trimSchema } from './trim-schema'

type Schemas = Readonly<Record<string, object>>

/** The JSON Schema (2020-12) of what a schema answers, as the OpenAPI document has it, with nothing that it refers to elsewhere. */
export function jsonSchemaOf(schema: z.ZodType): object {
  const { paths, components } = createDocument(
    {
      openapi: '3.1.0',
      info: { title: '', version: '' },
      paths: {
        '/': {
          get: { responses: { 200: { description: '', content: { 'application/json': { schema } } } } },
        },
      },
      components: { schemas: { Line: lineSchema } },
    },
    { override: ({ jsonSchema, io }) => trimSchema(jsonSchema, io) },
  )
  const answer = paths?.['/']?.get?.responses?.['200'] as { content: Record<string, { schema: object }> }
  return inlined(answer.content['application/json']!.schema, components?.schemas as Schemas) as object
}

/** A schema with all that it refers to put in its place. */
function inlined(value: unknown, schemas: Schemas): unknown {
  if (Array.isArray(value)) return value.map((each) => inlined(each, schemas))
  if (typeof value !== 'object' || value === null) return value
  const { $ref, ...rest } = value as { $ref?: string }
  const fields = Object.fromEntries(
    Object.entries(rest).map(([name, part]) => [name, inlined(part, schemas)]),
  )
  if ($ref === undefined) return fields
  return { ...(inlined(schemas[$ref.split('/').at(-1)!], schemas) as object), ...fields }
}
