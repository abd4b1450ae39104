const object = (properties: Record<string, unknown>, required: string[] = Object.keys(properties)) => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
})
const mapOf = (additionalProperties: unknown, propertyNames: unknown = true) => ({
  type: 'object',
  additionalProperties,
  propertyNames,
  minProperties: 1,
})
const text = { type: 'string', minLength: 1 }
const flag = { type: 'boolean' }
const schema = { type: ['object', 'boolean'] }
const content = mapOf(object({ schema }), { pattern: '^[a-z]+/[a-z.+-]+(; [a-z]+=[a-zA-Z0-9.-]+)*$' })

const parameter = object(
  {
    name: text,
    in: { enum: ['path', 'query', 'header'] },
    description: text,
    required: flag,
    schema,
  },
  ['name', 'in', 'schema'],
)

const referenceTo = (kind: string) => object({ $ref: { type: 'string', pattern: `^#/components/${kind}/` } })
const orReference = (whole: object, kind: string) => ({ oneOf: [referenceTo(kind), whole] })
const response = object({ description: text, headers: mapOf(referenceTo('headers')), content }, [
  'description',
])
const requestBody = object({ required: flag, content })
// None at all: anyone may call.
const oneScheme = { type: 'object', additionalProperties: { type: 'array', items: text }, maxProperties: 1 }

const operation = object(
  {
    summary: text,
    tags: { type: 'array', items: text, minItems: 1 },
    operationId: { type: 'string', pattern: '^[a-z0-9_]+$' },
    parameters: { type: 'array', items: orReference(parameter, 'parameters') },
    requestBody: orReference(requestBody, 'requestBodies'),
    security: { type: 'array', items: oneScheme },
    'x-required-role': { enum: ['caller', 'viewer', 'operator', 'admin'] },
    'x-own-only': { const: 'customer' },
    responses: mapOf(orReference(response, 'responses'), { pattern: '^([2-5][0-9]{2}|default)$' }),
  },
  ['summary', 'tags', 'operationId', 'security', 'responses'],
)

const bearerScheme = object({
  type: { const: 'http' },
  scheme: { const: 'bearer' },
  bearerFormat: text,
  description: text,
})
const keyScheme = object({
  type: { const: 'apiKey' },
  in: { const: 'header' },
  name: text,
  description: text,
})

const methods = { propertyNames: { enum: ['get', 'post', 'put', 'patch', 'delete'] } }

/** OpenAPI 3.1 as far as our documents use it: a part of https://spec.openapis.org/oas/v3.1.1.html, and strict. */
export const openApiStructure = object({
  openapi: { const: '3.1.0' },
  info: object({
    title: text,
    description: text,
    version: text,
    license: object({ name: text, identifier: text }),
  }),
  servers: { type: 'array', items: object({ url: { const: '/' } }), minItems: 1 },
  paths: mapOf({ ...mapOf(operation), ...methods }, { pattern: '^/[^?#]*$' }),
  components: object(
    {
      schemas: mapOf(schema, { pattern: '^[A-Za-z0-9._-]+$' }),
      headers: mapOf(object({ description: text, schema })),
      parameters: mapOf(parameter),
      requestBodies: mapOf(requestBody),
      responses: mapOf(response),
      securitySchemes: mapOf({ oneOf: [bearerScheme, keyScheme] }),
    },
    ['schemas', 'headers', 'securitySchemes'],
  ),
})
