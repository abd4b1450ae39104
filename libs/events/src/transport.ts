import type { Failure } from './consumer'
import type { DeadLetterStore } from './dead-letters'
import type { OutboxEvent } from './outbox'

/** What became of an event that was to be delivered. */
export type Outcome =
  | { is: 'delivered' }
  /** Consumers in this process could not handle it. */
  | { is: 'failed'; failures: Failure[] }
  /** Nothing can be delivered now. */
  | { is: 'away'; error: unknown }

/** How events get from the outbox to their consumers. */
export interface Transport {
  /** Delivers events of different subjects: an outcome for each, in their order. Never rejects. */
  deliver(events: OutboxEvent[]): Promise<Outcome[]>
  deadLetters: DeadLetterStore
  /** Begins to consume. */
  start(): void
  /** Resolves when nothing is under way any more; then everything is closed. */
  stop(): Promise<void>
}
