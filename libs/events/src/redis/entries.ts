import type { CloudEvent } from '../cloud-event'

/** An entry of a stream, as Redis answers it: its id, and names and values in turn. */
export type Entry = [id: string, fields: string[]]

export const fieldsOf = ([, fields]: Entry): Record<string, string | undefined> =>
  Object.fromEntries(
    Array.from({ length: fields.length / 2 }, (_, nth) => [fields[2 * nth]!, fields[2 * nth + 1]!]),
  )

/** What the entry of a stream of events holds. */
export interface StreamEvent {
  id: string
  event: CloudEvent
  /** The one group that it is for, when it is replayed. */
  only: string | undefined
  /** W3C Trace Context of its sending. The event has that of the change which it is about. */
  sent: string | undefined
}

/** @throws Error if that is no event */
export function readEntry(entry: Entry): StreamEvent {
  const { event: text, for: only, traceparent: sent } = fieldsOf(entry)
  const event: unknown = JSON.parse(text ?? 'null')
  if (!isEvent(event)) throw new Error('the entry has no field "event" with a CloudEvent')
  return { id: entry[0], event, only, sent }
}

/** The fields of an entry, as it is added. */
export const entryOf = (event: CloudEvent, only: string | null, sent?: string): string[] => [
  'event',
  JSON.stringify(event),
  ...(only === null ? [] : ['for', only]),
  ...(sent === undefined ? [] : ['traceparent', sent]),
]

const isEvent = (value: unknown): value is CloudEvent => {
  const { id, type, subject } = (value ?? {}) as Partial<Record<keyof CloudEvent, unknown>>
  return [id, type, subject].every((text) => typeof text === 'string')
}
