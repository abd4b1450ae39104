import type { ZodOpenApiOperationObject, ZodOpenApiRequestBodyObject } from 'zod-openapi'
import { bodyMediaOf, type Route } from '../route'
import { parametersOf } from './parameters'
import { responsesOf } from './responses'
import { accessOf, securityOf } from './security'
import type { Shared } from './shared'

/** What is said of a route. */
export function operationOf(route: Route, shared: Shared): ZodOpenApiOperationObject {
  const { params, query } = route
  return {
    summary: route.summary,
    tags: [route.tag],
    operationId: operationId(route),
    ...((params ?? query) && { requestParams: { ...(params && { path: params }), ...(query && { query }) } }),
    ...parametersOf(route),
    ...requestBodyOf(route),
    security: securityOf(route, shared),
    ...accessOf(route),
    responses: responsesOf(route, shared),
  }
}

/** `GET /api/v1/users/{id}` -> `get_users_id`. */
const operationId = ({ method, path }: Route) =>
  [method, ...(path.replace(/^\/api\/v1/, '').match(/\w+/g) ?? [])].join('_')

function requestBodyOf(route: Route): false | { requestBody: ZodOpenApiRequestBodyObject } {
  const { body, upload } = route
  if (upload) {
    const schemaOf = (media: string) => (media === formMedia ? formOfFile : text)
    return { requestBody: { required: true, content: contentOf(upload, schemaOf) } }
  }
  if (!body) return false
  const required = !body.safeParse(undefined).success
  return { requestBody: { required, content: contentOf(bodyMediaOf(route), () => body) } }
}

const contentOf = <S>(media: readonly string[], schemaOf: (media: string) => S) =>
  Object.fromEntries(media.map((each) => [each, { schema: schemaOf(each) }]))

const text = { type: 'string' as const }
const formMedia = 'multipart/form-data'
const formOfFile = {
  type: 'object' as const,
  properties: { file: { ...text, description: 'The one file; its field may have any name' } },
  required: ['file'],
}
