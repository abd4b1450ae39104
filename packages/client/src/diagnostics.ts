import type { operations as OfOrders } from './generated/orders'
import type { operations as OfSequencer } from './generated/sequencer'
import type { operations as OfUsers } from './generated/users'
import type { CallOptions } from './options'
import type { Send } from './send'
import type { Answer } from './types'

export type UserServiceDiagnostics = Answer<OfUsers['get_diagnostics']>
export type OrderServiceDiagnostics = Answer<OfOrders['get_diagnostics']>
export type SequencerDiagnostics = Answer<OfSequencer['get_diagnostics']>

/** What there is to know of an instance to judge it. For administrators, and keys with the scope `diagnostics:read`. */
export const diagnosticsOf = (services: { users: Send; orders: Send; sequencer: Send }) => {
  const read =
    <Diagnostics>(send: Send) =>
    (options?: CallOptions) =>
      send<Diagnostics>({ method: 'GET', path: '/api/v1/diagnostics' }, options)
  return {
    users: read<UserServiceDiagnostics>(services.users),
    orders: read<OrderServiceDiagnostics>(services.orders),
    sequencer: read<SequencerDiagnostics>(services.sequencer),
  }
}
