import { Button } from '@mantine/core'
import type { WebhookAttempt } from '@ordinal/client'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { attemptsOf } from '../../api/operation-queries'
import type { Column } from '../../ui/column'
import { DataTable } from '../../ui/data-table'
import { Card, Mono } from '../../ui/page'
import { useSettings } from '../../ui/settings'
import { QueryState } from '../../ui/states'
import { duration, Time } from '../../ui/time'
import { useWebhooksTexts } from '../webhooks/texts'

const route = getRouteApi('/webhooks/$id')
const shownAttempts = 50

/** What came of the latest attempts: of all deliveries, or of the one in the address. */
export function Attempts({ id }: { id: number }) {
  const texts = useWebhooksTexts()
  const { delivery } = route.useSearch()
  const navigate = route.useNavigate()
  const query = useQuery(attemptsOf(id, delivery, shownAttempts))
  const columns = useColumns()
  return (
    <Card
      title={delivery === undefined ? texts.log : texts.logOf(delivery)}
      actions={
        delivery !== undefined && (
          <Button
            size="xs"
            variant="default"
            onClick={() => void navigate({ search: ({ delivery: _, ...rest }) => rest })}
          >
            {texts.ofAll}
          </Button>
        )
      }
    >
      <QueryState query={query}>
        {({ data }) =>
          data.length === 0 ? (
            <p className="tone-quiet count">{texts.noAttempt}</p>
          ) : (
            <DataTable label={texts.log} rows={data} keyOf={(attempt) => attempt.id} columns={columns} />
          )
        }
      </QueryState>
    </Card>
  )
}

function useColumns(): Column<WebhookAttempt>[] {
  const texts = useWebhooksTexts()
  const { language } = useSettings()
  return [
    { id: 'at', header: texts.at, cell: ({ at }) => <Time at={at} /> },
    {
      id: 'delivery',
      header: texts.delivery,
      cell: ({ delivery_id, nth }) => <Mono>{`${delivery_id} · ${nth}`}</Mono>,
    },
    {
      id: 'answer',
      header: texts.answer,
      cell: ({ status, answer, error }) => (
        <>
          <span
            className={error === null && status !== null && status < 300 ? 'tone-ok mono' : 'tone-bad mono'}
          >
            {[status, error].filter((part) => part !== null).join(' ')}
          </span>{' '}
          <span className="long-text">{answer}</span>
        </>
      ),
    },
    {
      id: 'took',
      header: texts.took,
      align: 'right',
      cell: ({ duration_ms }) => duration(duration_ms / 1000, language),
    },
  ]
}
