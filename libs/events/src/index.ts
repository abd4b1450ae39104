export type { CloudEvent } from './cloud-event'
export type { Consumer } from './consumer'
export {
  firstDeadLetter,
  type DeadLetter,
  type DeadLetterFilter,
  type DeadLetterPlace,
  type DeadLetters,
} from './dead-letters'
export { eventSchema, type EventSchema } from './event-schema'
export { createOutbox, recordEventsFrom, type Backlog, type Outbox, type WaitingEvent } from './outbox'
export { createEvents, openDeadLetters, type EventSettings } from './events'
export type { RedisSettings } from './redis/transport'
