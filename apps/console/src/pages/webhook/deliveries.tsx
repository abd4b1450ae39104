import { Button, SegmentedControl } from '@mantine/core'
import { IconSend } from '@tabler/icons-react'
import type { WebhookDelivery } from '@ordinal/client'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { deliveriesOf, deliveryStates } from '../../api/operation-queries'
import { ordinal } from '../../api/ordinal'
import { oneOf } from '../../api/search-params'
import type { Column } from '../../ui/column'
import { GrowingList } from '../../ui/growing-list'
import { useChange } from '../../ui/mutate'
import { Card, Mono, NeedsRole } from '../../ui/page'
import { FormError } from '../../ui/form-error'
import { Notice } from '../../ui/states'
import { useTexts } from '../../ui/texts'
import { Time } from '../../ui/time'
import { useWebhooksTexts } from '../webhooks/texts'

const route = getRouteApi('/webhooks/$id')
const pieceSize = 50

/** What was delivered, waits, or has failed. A row shows its attempts. */
export function Deliveries({ id }: { id: number }) {
  const shared = useTexts()
  const texts = useWebhooksTexts()
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const { state, count = pieceSize } = search
  const query = useQuery(deliveriesOf(id, state, count))
  const show = (change: typeof search) => void navigate({ search: { ...search, ...change } })
  const columns = useColumns(id)
  return (
    <Card
      title={texts.deliveries}
      actions={
        <SegmentedControl
          size="xs"
          aria-label={texts.state}
          data={[
            { value: 'all', label: shared.all },
            ...deliveryStates.map((value) => ({ value, label: texts.states[value] })),
          ]}
          value={state ?? 'all'}
          onChange={(chosen) =>
            void navigate({ search: { ...search, state: oneOf(deliveryStates, chosen) } as typeof search })
          }
        />
      }
    >
      <GrowingList
        query={query}
        label={texts.deliveries}
        keyOf={(delivery) => delivery.id}
        columns={columns}
        onOpen={(delivery) => show({ delivery: delivery.id })}
        onMore={() => show({ count: count + pieceSize })}
        isFiltered={state !== undefined}
        onClear={() => void navigate({ search: {} })}
        none={
          <Notice icon={<IconSend size={28} />} title={texts.noDelivery}>
            {texts.noDeliveryHelp}
          </Notice>
        }
      />
    </Card>
  )
}

function useColumns(id: number): Column<WebhookDelivery>[] {
  const texts = useWebhooksTexts()
  return [
    { id: 'id', header: texts.delivery, cell: (delivery) => <Mono>{delivery.id}</Mono> },
    { id: 'event', header: texts.event, cell: ({ event }) => <Mono>{event.type}</Mono> },
    { id: 'subject', header: texts.order, cell: ({ event }) => <Mono>{event.subject}</Mono> },
    {
      id: 'state',
      header: texts.state,
      cell: ({ state }) => (
        <span className="state" data-state={state === 'waiting' ? 'pending' : state}>
          {texts.states[state]}
        </span>
      ),
    },
    {
      id: 'attempts',
      header: texts.attempts,
      align: 'right',
      cell: ({ attempts }) => <Mono>{attempts}</Mono>,
    },
    { id: 'due', header: texts.due, cell: ({ due_at }) => due_at && <Time at={due_at} /> },
    { id: 'came', header: texts.came, cell: ({ created_at }) => <Time at={created_at} /> },
    { id: 'replay', header: '', cell: (delivery) => <Replay id={id} delivery={delivery.id} /> },
  ]
}

function Replay({ id, delivery }: { id: number; delivery: number }) {
  const texts = useWebhooksTexts()
  const replay = useChange({
    run: () => ordinal().webhooks.replayDelivery(id, delivery),
    changes: ['webhooks'],
    done: () => texts.replayedOne,
  })
  return (
    <NeedsRole role="admin">
      {(allowed, whyNot) => (
        <>
          <Button
            size="compact-xs"
            variant="default"
            disabled={!allowed}
            aria-describedby={whyNot}
            loading={replay.isPending}
            aria-label={`${texts.replay}: ${delivery}`}
            onClick={() => replay.mutate(undefined)}
          >
            {texts.replay}
          </Button>
          <FormError error={replay.error} />
        </>
      )}
    </NeedsRole>
  )
}
