import { createDocument, type ZodOpenApiPathsObject } from 'zod-openapi'
import type { Route } from '../route'
import { headers } from './headers'
import { operationOf } from './operation'
import { securitySchemes } from './security'
import { shareComponents } from './share-components'
import type { Shared } from './shared'
import { lineSchema, trimSchema, withoutPatternsOfReferences } from './trim-schema'

export type OpenApiDocument = ReturnType<typeof createDocument>

type Description = Record<'title' | 'description' | 'version', string>

/** The OpenAPI 3.1 document of a service, made from the schemas that validate its requests. */
export function openApiDocument(
  info: Description,
  routes: readonly Route[],
  shared: Shared,
): OpenApiDocument {
  const paths: ZodOpenApiPathsObject = {}
  for (const route of routes) (paths[route.path] ??= {})[route.method] = operationOf(route, shared)
  const document = createDocument(
    {
      openapi: '3.1.0',
      info: {
        ...info,
        description: `${info.description}\n\n${ofEveryAnswer}`,
        license: { name: 'MIT', identifier: 'MIT' },
      },
      // Wherever the document is.
      servers: [{ url: '/' }],
      paths,
      components: {
        schemas: { Line: lineSchema },
        headers,
        securitySchemes: securitySchemes(shared),
      },
    },
    { override: ({ jsonSchema, io }) => trimSchema(jsonSchema, io) },
  )
  withoutPatternsOfReferences(document)
  return shareComponents(document)
}

const ofEveryAnswer =
  'Every operation has a `default` answer: the errors that any such request can meet, also under a status that the operation ' +
  'has for others. What a code means, and what to do, is at `/errors/{code}`. X-Request-Id and RateLimit-… are in its other answers too.'
