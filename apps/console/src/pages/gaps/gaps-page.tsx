import { useEffect } from 'react'
import { Button, Group, SegmentedControl, Select } from '@mantine/core'
import { IconCircleCheck, IconStack2 } from '@tabler/icons-react'
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { onLiveEvents } from '../../api/live'
import { gapsOf, gapStates, sequencesOf } from '../../api/sequence-queries'
import { oneOf } from '../../api/search-params'
import { DataTable } from '../../ui/data-table'
import { Count } from '../../ui/numbers'
import { Card, Mono, Page, StateBadge } from '../../ui/page'
import { Failure, Loading, NothingForFilter, Notice } from '../../ui/states'
import { useTexts } from '../../ui/texts'
import { Time } from '../../ui/time'
import { useGapsTexts } from './texts'

const route = getRouteApi('/gaps')

export function GapsPage() {
  const shared = useTexts()
  const texts = useGapsTexts()
  const { prefix, state } = route.useSearch()
  const navigate = route.useNavigate()
  const sequences = useQuery(sequencesOf(1, undefined))
  return (
    <Page title={shared.gaps} about={texts.about}>
      <Group gap="sm" align="flex-end">
        <Select
          label={texts.sequence}
          searchable
          data={(sequences.data?.data.map((each) => each.prefix) ?? []).concat(
            prefix && !sequences.data?.data.some((each) => each.prefix === prefix) ? [prefix] : [],
          )}
          value={prefix ?? null}
          onChange={(chosen) => void navigate({ search: { state, ...(chosen && { prefix: chosen }) } })}
        />
        <SegmentedControl
          aria-label={shared.filter}
          data={[
            { value: 'all', label: shared.all },
            ...gapStates.map((value) => ({ value, label: shared.states[value] })),
          ]}
          value={state ?? 'all'}
          onChange={(chosen) => void navigate({ search: { prefix, state: oneOf(gapStates, chosen) } })}
        />
      </Group>
      {prefix === undefined ? (
        sequences.isError ? (
          <Failure error={sequences.error} />
        ) : (
          <Notice icon={<IconStack2 size={28} />} title={texts.choose}>
            {texts.chooseHelp}
          </Notice>
        )
      ) : (
        <Gaps prefix={prefix} state={state} onClear={() => void navigate({ search: { prefix } })} />
      )}
    </Page>
  )
}

interface GapsProps {
  prefix: string
  state: (typeof gapStates)[number] | undefined
  onClear: () => void
}

function Gaps({ prefix, state, onClear }: GapsProps) {
  const shared = useTexts()
  const texts = useGapsTexts()
  const query = useInfiniteQuery(gapsOf(prefix, state))
  const navigate = route.useNavigate()
  const queries = useQueryClient()
  useEffect(
    () =>
      onLiveEvents((events) => {
        if (events.some((event) => event.prefix === prefix))
          void queries.invalidateQueries({ queryKey: ['numbers', 'gaps', prefix] })
      }),
    [prefix, queries],
  )
  if (query.isError && !query.data) return <Failure error={query.error} retry={() => void query.refetch()} />
  if (!query.data) return <Loading />
  const rows = query.data.pages.flatMap(({ data }) => data)
  if (rows.length === 0)
    return state ? (
      <NothingForFilter onClear={onClear} />
    ) : (
      <Notice icon={<IconCircleCheck size={28} />} title={texts.none}>
        {texts.noneHelp(prefix)}
      </Notice>
    )
  return (
    <Card>
      <DataTable
        label={shared.gaps}
        rows={rows}
        keyOf={({ counter }) => counter}
        onOpen={({ full_number }) =>
          void navigate({ to: '/numbers/$number', params: { number: full_number }, search: { prefix } })
        }
        columns={[
          {
            id: 'number',
            header: texts.number,
            cell: ({ full_number }) => (
              <Link
                to="/numbers/$number"
                params={{ number: full_number }}
                search={{ prefix }}
                className="link mono"
              >
                {full_number}
              </Link>
            ),
          },
          {
            id: 'value',
            header: texts.value,
            align: 'right',
            cell: ({ counter }) => (
              <Mono>
                <Count of={counter} />
              </Mono>
            ),
          },
          { id: 'state', header: texts.state, cell: (gap) => <StateBadge state={gap.state} /> },
          { id: 'what', header: texts.what, cell: ({ event }) => shared.events[event] },
          { id: 'reason', header: shared.reason, cell: ({ reason }) => reason ?? '–' },
          { id: 'since', header: texts.since, cell: ({ at }) => <Time at={at} /> },
        ]}
        footer={
          <Group justify="space-between" mt="sm">
            <span className="tone-quiet">{shared.inView(rows.length)}</span>
            {query.hasNextPage && (
              <Button
                variant="default"
                size="xs"
                loading={query.isFetchingNextPage}
                onClick={() => void query.fetchNextPage()}
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
