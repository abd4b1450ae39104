import type { components, operations } from './generated/orders'
import type { CallOptions } from './options'
import { itemsOf, type Piece } from './pages'
import type { Send } from './send'
import type { Answer, Body, PageQuery, Query } from './types'

export type WaitingEvent = components['schemas']['WaitingEvent']
export type DeadLetter = components['schemas']['DeadLetter']
export type EventBacklog = components['schemas']['EventBacklog']
/** Which dead letters: all that fit what is given. */
export type DeadLetterFilter = NonNullable<Body<operations['post_events_dead_letters_replay']>>

/** What becomes of the events of orders. For administrators. */
export const eventsOf = (send: Send) => ({
  /** Those that wait for their delivery, the oldest first. */
  waiting: (filter: Query<operations['get_events']> = {}, options?: CallOptions) =>
    itemsOf((cursor) =>
      send<Piece<WaitingEvent>>(
        { method: 'GET', path: '/api/v1/events', query: { ...filter, cursor } },
        options,
      ),
    ),

  /** One piece of them, from a cursor on. */
  waitingPage: (query: PageQuery<operations['get_events']> = {}, options?: CallOptions) =>
    send<Piece<WaitingEvent>>({ method: 'GET', path: '/api/v1/events', query }, options),

  /** How many of each type wait, and since when the oldest. */
  backlog: (options?: CallOptions) =>
    send<EventBacklog>({ method: 'GET', path: '/api/v1/events/backlog' }, options),

  /** Those that no attempt could deliver, the oldest first. */
  deadLetters: (filter: Query<operations['get_events_dead_letters']> = {}, options?: CallOptions) =>
    itemsOf(
      (cursor) =>
        send<Piece<DeadLetter>>(
          { method: 'GET', path: '/api/v1/events/dead-letters', query: { ...filter, cursor } },
          options,
        ),
      '0',
    ),

  /** One piece of them, from a cursor on; without one also how many there are in all. */
  deadLettersPage: (query: PageQuery<operations['get_events_dead_letters']> = {}, options?: CallOptions) =>
    send<Answer<operations['get_events_dead_letters']>>(
      { method: 'GET', path: '/api/v1/events/dead-letters', query },
      options,
    ),

  /** Delivers all of them again, each to the consumer that could not handle it; gives how many this call found. */
  replayDeadLetters: (options?: CallOptions) =>
    send<Answer<operations['post_events_dead_letters_replay']>>(
      { method: 'POST', path: '/api/v1/events/dead-letters/replay' },
      options,
    ),

  /** The same with some of them: the one with an id, those of a consumer or of a type. */
  replayDeadLettersOf: (which: DeadLetterFilter, options?: CallOptions) =>
    send<Answer<operations['post_events_dead_letters_replay']>>(
      { method: 'POST', path: '/api/v1/events/dead-letters/replay', body: which },
      options,
    ),
})
