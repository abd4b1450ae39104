import type { Diagnostics, ServiceName } from './facts'
import { counted, error, seconds, warning, type Finding } from './finding'

/** The findings about what waits at a service: events, dead letters, orders without a number, deliveries to webhooks. */
export const judgeWaiting = (service: ServiceName, facts: Diagnostics): Finding[] => [
  ...judgeEvents(service, facts),
  ...judgeNumbering(service, facts),
  ...judgeWebhooks(service, facts),
]

const waitingSeconds = 60

function judgeEvents(service: ServiceName, { events }: Diagnostics): Finding[] {
  const findings: Finding[] = []
  if (events && events.oldest_seconds > waitingSeconds)
    findings.push(
      warning(
        service,
        'events_waiting',
        `${counted(events.waiting, 'event waits', 'events wait')} for delivery, the oldest for ${seconds(events.oldest_seconds * 1000)}`,
        'look at Redis, and at the log of the order service',
      ),
    )
  if (events && events.dead_letters > 0)
    findings.push(
      warning(
        service,
        'dead_letters',
        `${counted(events.dead_letters, 'event', 'events')} could not be handled`,
        'ordinal events dead has the reasons; when the cause is removed: ordinal events replay',
      ),
    )
  return findings
}

function judgeNumbering(service: ServiceName, { numbering }: Diagnostics): Finding[] {
  const findings: Finding[] = []
  if (numbering && numbering.oldest_seconds > waitingSeconds)
    findings.push(
      warning(
        service,
        'orders_without_number',
        `${counted(numbering.without_number, 'order has', 'orders have')} no number, the oldest for ${seconds(numbering.oldest_seconds * 1000)}`,
        'look at the sequencer, and at the sequence of orders: did it reach its end?',
      ),
    )
  if (numbering && numbering.conflicts_of_a_day > 0)
    findings.push(
      error(
        service,
        'number_conflicts',
        `${counted(numbering.conflicts_of_a_day, 'number', 'numbers')} of the last day could not be stored with an order`,
        'see the table number_conflicts, and ordinal history NUMBER: was a database restored?',
      ),
    )
  return findings
}

const deliveriesWaitingSeconds = 10 * 60

function judgeWebhooks(service: ServiceName, { webhooks = [] }: Diagnostics): Finding[] {
  return webhooks.flatMap(({ id, off_reason: off, waiting, waiting_seconds: waitingSeconds }) => {
    const deliveries = counted(waiting, 'delivery waits', 'deliveries wait')
    const look = `ordinal webhooks attempts ${id} shows what it answered`
    if (off)
      return [
        warning(
          service,
          'webhook_off',
          `webhook ${id} was switched off, ${off === 'gone' ? 'since its receiver answered 410' : 'after days without a success'}; ${deliveries} for it`,
          `${look}; mend the receiver, then ordinal webhooks update ${id} --on, or ordinal webhooks delete ${id}`,
        ),
      ]
    if (waitingSeconds <= deliveriesWaitingSeconds) return []
    return [
      warning(
        service,
        'webhook_waiting',
        `${deliveries} for webhook ${id}, the oldest for ${seconds(waitingSeconds * 1000)}`,
        look,
      ),
    ]
  })
}
