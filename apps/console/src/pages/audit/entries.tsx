import { useCallback, useMemo } from 'react'
import { Button, Group } from '@mantine/core'
import { IconListSearch } from '@tabler/icons-react'
import type { LedgerEntry } from '@ordinal/client'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { entriesOf } from '../../api/audit-queries'
import type { AuditSearch } from '../../api/audit-search'
import type { Column } from '../../ui/column'
import { Card, StateBadge } from '../../ui/page'
import { Failure, Loading, NothingForFilter, Notice } from '../../ui/states'
import { nameOf, useTexts } from '../../ui/texts'
import { Time } from '../../ui/time'
import { VirtualTable } from '../../ui/virtual-table'
import { useAuditTexts } from './texts'

/** The rows of the ledger, the newest first; more are read as they come into view. */
export function Entries({ search, onClear }: { search: AuditSearch; onClear: () => void }) {
  const shared = useTexts()
  const texts = useAuditTexts()
  const navigate = useNavigate()
  const query = useInfiniteQuery(entriesOf(search))
  const columns = useColumns()
  const { hasNextPage, isFetchingNextPage, isError, fetchNextPage } = query
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage && !isError) void fetchNextPage()
  }, [hasNextPage, isFetchingNextPage, isError, fetchNextPage])
  if (isError && !query.data) return <Failure error={query.error} retry={() => void query.refetch()} />
  if (!query.data) return <Loading />
  const rows = query.data.pages.flatMap(({ data }) => data)
  const { view: _, ...filter } = search
  if (rows.length === 0)
    return Object.keys(filter).length > 0 ? (
      <NothingForFilter onClear={onClear} />
    ) : (
      <Notice icon={<IconListSearch size={28} />} title={texts.none}>
        {texts.noneHelp}
      </Notice>
    )
  return (
    <Card title={texts.rows}>
      <VirtualTable
        label={texts.rows}
        rows={rows}
        columns={columns}
        keyOf={({ prefix, period, value, revision }) => [prefix, period, value, revision].join(' ')}
        onOpen={({ number, prefix }) =>
          void navigate({ to: '/numbers/$number', params: { number }, search: { prefix } })
        }
        onNearEnd={more}
        footer={
          <Group justify="space-between" mt="sm">
            <span className="tone-quiet" role="status">
              {shared.inView(rows.length)}
              {hasNextPage ? `, ${texts.thereIsMore}` : `, ${texts.all}`}
            </span>
            {hasNextPage && (
              <Button
                variant="default"
                size="xs"
                loading={isFetchingNextPage}
                onClick={() => void fetchNextPage()}
              >
                {texts.more}
              </Button>
            )}
          </Group>
        }
      />
    </Card>
  )
}

function useColumns(): Column<LedgerEntry>[] {
  const shared = useTexts()
  const texts = useAuditTexts()
  return useMemo(
    () => [
      { id: 'at', header: texts.at, cell: ({ at }) => <Time at={at} /> },
      { id: 'event', header: texts.event, cell: ({ event }) => shared.events[event] },
      {
        id: 'number',
        header: texts.fields.number,
        cell: ({ number, prefix }) => (
          <Link to="/numbers/$number" params={{ number }} search={{ prefix }} className="link mono">
            {number}
          </Link>
        ),
      },
      { id: 'state', header: texts.state, cell: ({ state }) => <StateBadge state={state} /> },
      { id: 'caller', header: texts.caller, cell: ({ caller }) => caller },
      { id: 'client', header: texts.fields.client, cell: (row) => row.client_id ?? '–' },
      { id: 'site', header: texts.fields.site, cell: (row) => row.site_id ?? '–' },
      {
        id: 'type',
        header: texts.type,
        cell: (row) => (row.invoice_type === null ? '–' : nameOf(row.invoice_type, shared.invoiceTypes)),
      },
      { id: 'reason', header: shared.reason, cell: ({ reason }) => reason ?? '–' },
      {
        id: 'request',
        header: shared.requestId,
        cell: (row) => <span className="mono">{row.request_id}</span>,
      },
    ],
    [shared, texts],
  )
}
