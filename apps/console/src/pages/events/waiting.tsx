import { IconMailFast } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { waitingEventsOf } from '../../api/operation-queries'
import { pathWith } from '../../ui/copies'
import { CopyMenu } from '../../ui/copy-menu'
import { GrowingList } from '../../ui/growing-list'
import { Card, Mono } from '../../ui/page'
import { Notice } from '../../ui/states'
import { Time } from '../../ui/time'
import { OrderOf, orderIdOf } from './event-cells'
import { useEventsTexts } from './texts'

const route = getRouteApi('/events')
const pieceSize = 20

/** The events that wait for their delivery, the oldest first. A row leads to its order. */
export function Waiting() {
  const texts = useEventsTexts()
  const navigate = route.useNavigate()
  const search = route.useSearch()
  const { type, waiting: count = pieceSize } = search
  const query = useQuery(waitingEventsOf(type, count))
  const list = (
    <GrowingList
      query={query}
      label={texts.waitingList}
      keyOf={({ event, consumer }) => `${event.id} ${consumer}`}
      onOpen={({ event }) => {
        const id = orderIdOf(event)
        if (id !== undefined) void navigate({ to: '/orders/$id', params: { id } })
      }}
      columns={[
        { id: 'type', header: texts.type, cell: ({ event }) => <Mono>{event.type}</Mono> },
        { id: 'order', header: texts.order, cell: ({ event }) => <OrderOf event={event} /> },
        { id: 'for', header: texts.consumer, cell: ({ consumer }) => consumer ?? texts.everybody },
        {
          id: 'attempts',
          header: texts.attempts,
          align: 'right',
          cell: ({ attempts }) => <Mono>{attempts}</Mono>,
        },
        { id: 'due', header: texts.due, cell: ({ due_at }) => <Time at={due_at} /> },
        { id: 'since', header: texts.since, cell: ({ created_at }) => <Time at={created_at} /> },
      ]}
      onMore={() => void navigate({ search: { ...search, waiting: count + pieceSize } })}
      isFiltered={type !== undefined}
      onClear={() => void navigate({ search: {} })}
      none={
        <Notice icon={<IconMailFast size={28} />} title={texts.nothingWaits}>
          {texts.nothingWaitsHelp}
        </Notice>
      }
    />
  )
  return (
    <Card
      title={texts.waitingList}
      actions={
        <CopyMenu
          call={{
            service: 'orders',
            path: pathWith('/api/v1/events', { type }),
            code: `ordinal.events.waiting(${JSON.stringify({ type })})`,
            isList: true,
          }}
          json={query.data?.data}
        />
      }
    >
      {list}
    </Card>
  )
}
