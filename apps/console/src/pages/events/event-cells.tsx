import { Link } from '@tanstack/react-router'
import { Mono } from '../../ui/page'

interface Event {
  subject: string
  data?: unknown
}

/** The order that an event tells of: by its number if it has one, else by its reference. */
export function OrderOf({ event }: { event: Event }) {
  const id = orderIdOf(event)
  const name = (event.data as { order_number?: string | null } | undefined)?.order_number ?? event.subject
  if (id === undefined) return <Mono>{name}</Mono>
  return (
    <Link to="/orders/$id" params={{ id }} className="link mono">
      {name}
    </Link>
  )
}

/** Undefined where the event says nothing of it. */
export function orderIdOf({ data }: Event): string | undefined {
  const id = (data as { id?: unknown } | undefined)?.id
  return typeof id === 'number' ? String(id) : undefined
}
