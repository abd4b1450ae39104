import { Group } from '@mantine/core'
import type { Webhook } from '@ordinal/client'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { webhookOf } from '../../api/operation-queries'
import { CopyMenu } from '../../ui/copy-menu'
import { Card, Page } from '../../ui/page'
import { dataOf, QueryState } from '../../ui/states'
import { useTexts } from '../../ui/texts'
import { Time } from '../../ui/time'
import { useWebhooksTexts } from '../webhooks/texts'
import { WebhookBadge } from '../webhooks/webhook-badge'
import { Actions } from './actions'
import { Attempts } from './attempts'
import { Deliveries } from './deliveries'

const route = getRouteApi('/webhooks/$id')

/** One webhook: what it is, what was delivered to it, and what came of each attempt. */
export function WebhookPage() {
  const shared = useTexts()
  const texts = useWebhooksTexts()
  const id = Number(route.useParams().id)
  const query = useQuery(webhookOf(id))
  const webhook = dataOf(query)
  return (
    <Page
      title={`${texts.title} ${id}`}
      badge={webhook && <WebhookBadge webhook={webhook} />}
      about={webhook && <span className="mono">{webhook.url}</span>}
      actions={
        webhook && (
          <>
            <CopyMenu
              call={{
                service: 'orders',
                path: `/api/v1/webhooks/${id}`,
                code: `ordinal.webhooks.get(${id})`,
              }}
              json={webhook}
            />
            <Actions webhook={webhook} />
          </>
        )
      }
    >
      <QueryState query={query} others={{ to: '/webhooks', name: shared.webhooks }}>
        {(found) => (
          <>
            <Facts webhook={found} />
            <Deliveries id={found.id} />
            <Attempts id={found.id} />
          </>
        )}
      </QueryState>
    </Page>
  )
}

function Facts({ webhook }: { webhook: Webhook }) {
  const texts = useWebhooksTexts()
  const { description, event_types, last_success_at, created_at, created_by } = webhook
  const { previous_secret_until, failing_since } = webhook
  return (
    <Card title={texts.facts}>
      <dl className="facts">
        {description && (
          <>
            <dt>{texts.description}</dt>
            <dd>{description}</dd>
          </>
        )}
        <dt>{texts.types}</dt>
        <dd>
          <Group gap="xs">
            {event_types.map((type) => (
              <span key={type} className="mono">
                {type}
              </span>
            ))}
          </Group>
        </dd>
        <dt>{texts.success}</dt>
        <dd>{last_success_at ? <Time at={last_success_at} /> : texts.never}</dd>
        {failing_since && (
          <>
            <dt>{texts.failingSince}</dt>
            <dd className="tone-bad">
              <Time at={failing_since} />
            </dd>
          </>
        )}
        {previous_secret_until && (
          <>
            <dt>{texts.previousUntil}</dt>
            <dd>
              <Time at={previous_secret_until} />
            </dd>
          </>
        )}
        <dt>{texts.since}</dt>
        <dd>
          <Time at={created_at} />
        </dd>
        <dt>{texts.by}</dt>
        <dd>{created_by}</dd>
      </dl>
    </Card>
  )
}
