import { useState } from 'react'
import { IconWebhook } from '@tabler/icons-react'
import type { Webhook } from '@ordinal/client'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { webhooks } from '../../api/operation-queries'
import type { Column } from '../../ui/column'
import { DataTable } from '../../ui/data-table'
import { Card, Page } from '../../ui/page'
import { MakeButton } from '../../ui/make-button'
import { Notice, QueryState } from '../../ui/states'
import { useTexts } from '../../ui/texts'
import { Time } from '../../ui/time'
import { NewWebhook } from './new-webhook'
import { useWebhooksTexts } from './texts'
import { WebhookBadge } from './webhook-badge'

const route = getRouteApi('/webhooks')

export function WebhooksPage() {
  const shared = useTexts()
  const texts = useWebhooksTexts()
  const navigate = route.useNavigate()
  const [making, setMaking] = useState(false)
  const query = useQuery(webhooks)
  const columns = useColumns()
  return (
    <Page
      title={shared.webhooks}
      about={texts.about}
      actions={<MakeButton role="admin" label={texts.make} onClick={() => setMaking(true)} />}
    >
      <NewWebhook opened={making} onClose={() => setMaking(false)} />
      <QueryState query={query}>
        {({ data }) =>
          data.length === 0 ? (
            <Notice icon={<IconWebhook size={28} />} title={texts.none}>
              {texts.noneHelp}
            </Notice>
          ) : (
            <Card>
              <DataTable
                label={shared.webhooks}
                rows={data}
                keyOf={({ id }) => id}
                columns={columns}
                onOpen={({ id }) => void navigate({ to: '/webhooks/$id', params: { id: String(id) } })}
                footer={<p className="tone-quiet count">{shared.inView(data.length)}</p>}
              />
            </Card>
          )
        }
      </QueryState>
    </Page>
  )
}

function useColumns(): Column<Webhook>[] {
  const texts = useWebhooksTexts()
  return [
    {
      id: 'url',
      header: texts.url,
      cell: ({ id, url }) => (
        <Link to="/webhooks/$id" params={{ id: String(id) }} className="link mono">
          {url}
        </Link>
      ),
    },
    { id: 'description', header: texts.description, cell: ({ description }) => description },
    { id: 'state', header: texts.state, cell: (webhook) => <WebhookBadge webhook={webhook} /> },
    { id: 'types', header: texts.types, cell: ({ event_types }) => event_types.join(', ') },
    {
      id: 'success',
      header: texts.success,
      cell: ({ last_success_at }) => (last_success_at ? <Time at={last_success_at} /> : texts.never),
    },
  ]
}
