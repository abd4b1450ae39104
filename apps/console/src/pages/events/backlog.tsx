import type { EventBacklog } from '@ordinal/client'
import { getRouteApi } from '@tanstack/react-router'
import { DataTable } from '../../ui/data-table'
import { Count } from '../../ui/numbers'
import { Card, Mono } from '../../ui/page'
import { Time } from '../../ui/time'
import { useEventsTexts } from './texts'

const route = getRouteApi('/events')

/** How many events of each type and service wait. A row narrows both lists to its type. */
export function Backlog({ of: { data, complete } }: { of: EventBacklog }) {
  const texts = useEventsTexts()
  const navigate = route.useNavigate()
  return (
    <Card title={texts.byType}>
      <DataTable
        label={texts.byType}
        rows={data}
        keyOf={({ type, source }) => `${type} ${source}`}
        onOpen={({ type }) => void navigate({ search: { type } })}
        columns={[
          { id: 'type', header: texts.type, cell: ({ type }) => <Mono>{type}</Mono> },
          { id: 'source', header: texts.service, cell: ({ source }) => serviceIn(source) },
          {
            id: 'waiting',
            header: texts.waiting,
            align: 'right',
            cell: ({ waiting }) => <Count of={waiting} />,
          },
          { id: 'oldest', header: texts.oldest, cell: ({ oldest_at }) => <Time at={oldest_at} /> },
        ]}
        footer={!complete && <p className="tone-quiet count">{texts.notAllCounted}</p>}
      />
    </Card>
  )
}

/** `urn:ordinal:order-service` names the service last. */
const serviceIn = (source: string) => source.split(':').at(-1)
