/** What the events of a type are, for their JSON Schema. */
export interface DescribedEvents {
  type: string
  description: string
  /** JSON Schema of what an event is about; any text if not given. */
  subject?: object
  /** The same of its `sequence`: that of the outbox if not given. */
  sequence?: object
  /** The same of its data, with nothing that it refers to elsewhere. */
  data: object
}

const text = { type: 'string', minLength: 1 }
const ofOutbox = {
  type: 'string',
  pattern: '^\\d{19}$',
  description: 'Grows from event to event of a subject',
}

/** The JSON Schema (2020-12) of the events of a type: CloudEvents, as they are delivered. */
export const eventSchema = ({ type, description, subject, sequence, data }: DescribedEvents) => ({
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
    subject: subject ?? text,
    time: { type: 'string', format: 'date-time' },
    datacontenttype: { const: 'application/json' },
    sequence: sequence ?? ofOutbox,
    traceparent: text,
    tracestate: text,
    data,
  },
  required: ['specversion', 'id', 'source', 'type', 'subject', 'time', 'datacontenttype', 'sequence', 'data'],
})
export type EventSchema = ReturnType<typeof eventSchema>
