import type { PassedTrace } from '@ordinal/tracing'
import { v7 as uuidv7 } from 'uuid'

/** What has happened, as a CloudEvent 1.0: https://github.com/cloudevents/spec */
export interface CloudEvent {
  specversion: '1.0'
  /** A UUIDv7. An event that is delivered again has the same one: consumers know it by that. */
  id: string
  source: string
  type: string
  /** What the event is about. Events of one subject are delivered in their order. */
  subject: string
  /** RFC 3339, UTC. */
  time: string
  datacontenttype: 'application/json'
  /** Grows from event to event of a subject; digits of one length, so that texts compare like numbers. */
  sequence?: string
  /** W3C Trace Context of the request that made the change. */
  traceparent?: string
  /** What other systems of that trace said of it. */
  tracestate?: string
  data: unknown
}

/** What is to be said by whoever makes a change; the rest of the event follows. */
export interface NewEvent {
  type: string
  subject: string
  data: unknown
  /** Of the request that makes the change. */
  trace?: PassedTrace | undefined
}

/** @param source who tells of the change: a URI reference */
export function createEvent(source: string, { type, subject, data, trace }: NewEvent): CloudEvent {
  return {
    specversion: '1.0',
    id: uuidv7(),
    source,
    type,
    subject,
    time: new Date().toISOString(),
    datacontenttype: 'application/json',
    ...(trace && { traceparent: trace.traceparent }),
    ...(trace?.tracestate !== undefined && { tracestate: trace.tracestate }),
    data,
  }
}
