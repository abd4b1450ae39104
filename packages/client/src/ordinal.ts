import { apiKeysOf } from './api-keys'
import { demosOf } from './demos'
import { diagnosticsOf } from './diagnostics'
import { eventsOf } from './events'
import type { OrdinalOptions } from './options'
import { ordersOf, type OrderServiceDiagnostics } from './orders'
import { sender, urlOf } from './send'
import { auditOf, numbersOf, sequencesOf, type SequencerDiagnostics } from './sequencer'
import { sitesOf } from './sites'
import { openStream, type StreamOptions } from './stream'
import { usersOf, type UserServiceDiagnostics } from './users'
import { webhooksOf } from './webhooks'

export type Ordinal = ReturnType<typeof createOrdinal>

/**
 * A client of the services whose addresses it is given.
 *
 * A call that gets no answer, or one by which it may succeed later, is sent again: the same, with the same idempotency key,
 * so that it happens once. It throws an OrdinalError when its time is over, when it was tried often enough, or when asking
 * again would not help.
 */
export function createOrdinal(options: OrdinalOptions) {
  const users = sender('users', options)
  const orders = sender('orders', options)
  const sequencer = sender('sequencer', options)
  return {
    users: usersOf(users),
    orders: ordersOf(orders),
    events: eventsOf(orders),
    webhooks: webhooksOf(orders),
    numbers: numbersOf(sequencer),
    sequences: sequencesOf(sequencer),
    sites: sitesOf(sequencer),
    audit: auditOf(sequencer),
    apiKeys: apiKeysOf(sequencer),
    demos: demosOf(sequencer),
    diagnostics: {
      users: diagnosticsOf<UserServiceDiagnostics>(users),
      orders: diagnosticsOf<OrderServiceDiagnostics>(orders),
      sequencer: diagnosticsOf<SequencerDiagnostics>(sequencer),
    },
    /** What happens to numbers, as it happens. */
    stream(more?: StreamOptions) {
      if (!options.sequencer)
        throw new TypeError(
          "The client was made without the address of the sequencer: { sequencer: 'https://…' }",
        )
      return openStream(urlOf(options.sequencer, { path: '/api/v1/stream' }), options, more)
    },
  }
}
