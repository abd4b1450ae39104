// Makes dist/schemas, a JSON Schema for each type of event, and dist/proto. An event has its order as REST answers it, so the
// schema of that is taken from the document of the order service, which its own zod schemas make.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const here = import.meta.dirname
const schemas = join(here, 'dist/schemas')
const document = JSON.parse(readFileSync(join(here, '../client/openapi/orders.json'), 'utf8'))

const events = {
  'order.created': 'An order has its number: the first event of an order',
  'order.updated': 'The status of an order has changed',
  'order.deleted': 'An order was deleted',
  'order.number_conflict': 'The sequencer answered with a number that the order cannot take',
}
const conflict = {
  type: 'object',
  properties: {
    reason: { type: 'string', description: 'Why the order cannot take the number' },
    key: { type: 'string', description: 'Under which the number was asked for' },
    refused_number: { type: ['string', 'null'] },
    held_by_order_id: { type: ['integer', 'null'] },
  },
  required: ['reason', 'key', 'refused_number', 'held_by_order_id'],
}

/** A component of the document with all that it refers to put in its place. */
function inlined(value) {
  if (Array.isArray(value)) return value.map(inlined)
  if (value === null || typeof value !== 'object') return value
  if (value.$ref) return inlined(document.components.schemas[value.$ref.split('/').at(-1)])
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, inlined(part)]))
}

function schemaOf(type, description) {
  const order = inlined(document.components.schemas.Order)
  const data =
    type === 'order.number_conflict'
      ? {
          ...order,
          properties: { ...order.properties, conflict },
          required: [...order.required, 'conflict'],
        }
      : order
  const text = { type: 'string', minLength: 1 }
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: `urn:ordinal:schemas:${type}`,
    title: type,
    description: `${description}. A CloudEvent 1.0; more fields may come`,
    type: 'object',
    properties: {
      specversion: { const: '1.0' },
      id: { ...text, description: 'The same when the event is delivered again' },
      source: { type: 'string', format: 'uri-reference' },
      type: { const: type },
      subject: { type: 'string', format: 'uuid', description: "The order's reference" },
      time: { type: 'string', format: 'date-time' },
      datacontenttype: { const: 'application/json' },
      sequence: {
        type: 'string',
        pattern: '^\\d{19}$',
        description: 'Grows from event to event of an order',
      },
      traceparent: text,
      tracestate: text,
      data,
    },
    required: [
      'specversion',
      'id',
      'source',
      'type',
      'subject',
      'time',
      'datacontenttype',
      'sequence',
      'data',
    ],
  }
}

rmSync(join(here, 'dist'), { recursive: true, force: true })
mkdirSync(schemas, { recursive: true })
for (const [type, description] of Object.entries(events))
  writeFileSync(join(schemas, `${type}.json`), `${JSON.stringify(schemaOf(type, description), null, 2)}\n`)
cpSync(join(here, '../../proto'), join(here, 'dist/proto'), { recursive: true })
