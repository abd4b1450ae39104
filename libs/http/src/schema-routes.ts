import { createHash } from 'node:crypto'
import { AppError } from '@ordinal/errors'
import { z } from 'zod'
import { route, type Route } from './route'

/** A JSON Schema that a service serves. */
export type PublishedSchema = Readonly<{ title: string; description: string }> & object

// A new release may have more fields; who keeps one for longer asks whether it is still the same.
const kept = { 'Cache-Control': 'public, max-age=3600' }

/**
 * `/schemas`, and `/schemas/{type}`: the JSON Schemas of the events that a service publishes. They need no credentials, as
 * `/openapi.json` needs none.
 *
 * @param schemas by type; made when they are first asked for
 */
export function schemaRoutes(schemas: () => readonly PublishedSchema[]): Route[] {
  let made: ReturnType<typeof texts> | undefined
  const all = () => (made ??= texts(schemas()))
  return [
    route({
      method: 'get',
      path: '/schemas',
      summary: 'The types of events that the service publishes',
      tag: 'documentation',
      workload: 'document',
      answers: {
        200: z
          .object({
            schemas: z.array(z.object({ type: z.string(), description: z.string(), url: z.string() })),
          })
          .meta({ id: 'EventTypes' }),
      },
      handle({ context: { basePath } }) {
        const list = [...all().values()].map(({ schema: { title: type, description } }) => ({
          type,
          description,
          url: `${basePath}/schemas/${type}`,
        }))
        return { status: 200, body: { schemas: list } }
      },
    }),
    route({
      method: 'get',
      path: '/schemas/{type}',
      summary: 'The JSON Schema (2020-12) of the events of a type',
      tag: 'documentation',
      workload: 'document',
      media: 'application/schema+json',
      params: z.strictObject({ type: z.string() }),
      answers: { 200: z.looseObject({ $id: z.string() }) },
      headers: ['ETag'],
      errors: ['route_not_found', 'version_mismatch'],
      handle({ params: { type } }) {
        const found = all().get(type)
        if (!found)
          throw new AppError('route_not_found', `There are no events of the type "${type}": see /schemas`)
        return { status: 200, body: found.bytes, headers: { ...kept, ETag: found.etag } }
      },
    }),
  ]
}

function texts(schemas: readonly PublishedSchema[]) {
  return new Map(
    schemas.map((schema) => {
      const bytes = Buffer.from(JSON.stringify(schema))
      const etag = `"${createHash('sha256').update(bytes).digest('base64url')}"`
      return [schema.title, { schema, bytes, etag }] as const
    }),
  )
}
