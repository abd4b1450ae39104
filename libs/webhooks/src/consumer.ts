import type { Pool } from 'pg'
import { asStatements, createBatcher } from '@ordinal/batching'
import { mayBeOfOneRow } from '@ordinal/database'
import type { CloudEvent, Consumer } from '@ordinal/events'
import { leaveDeliveries } from './delivery-queries'

interface Deps {
  pool: Pool
  eventTypes: readonly string[]
  /** Called when deliveries are due. */
  onNews: () => void
}

/** Takes events from the outbox, and leaves each for the webhooks that want it. No receiver is asked here. */
export function createWebhookConsumer({ pool, eventTypes, onNews }: Deps): Consumer {
  const handle = createBatcher({
    async carryOut(events: readonly CloudEvent[]): Promise<undefined[]> {
      if ((await leaveDeliveries(pool, events)) > 0) onNews()
      return events.map(() => undefined)
    },
    ...asStatements,
    mayBeOfOne: mayBeOfOneRow,
  })
  return { name: 'webhooks', types: eventTypes, handle: (event) => handle(event) }
}
