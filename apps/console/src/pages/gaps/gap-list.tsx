import { Button, Group } from '@mantine/core'
import { IconCircleCheck } from '@tabler/icons-react'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { gapsOf, type GapSearch } from '../../api/sequence-queries'
import { DataTable } from '../../ui/data-table'
import { Count } from '../../ui/numbers'
import { Card, Mono, StateBadge } from '../../ui/page'
import { Failure, Loading, NothingForFilter, Notice } from '../../ui/states'
import { useTexts } from '../../ui/texts'
import { Time } from '../../ui/time'
import { NumberLink } from './number-link'
import { useGapsTexts } from './texts'

interface GapListProps {
  of: GapSearch
  onClear: () => void
}

/** The gaps of the stretch in view, each with what made it so, when, by whom and why. */
export function GapList({ of, onClear }: GapListProps) {
  const shared = useTexts()
  const texts = useGapsTexts()
  const query = useInfiniteQuery(gapsOf(of))
  const navigate = useNavigate()
  const prefix = of.prefix!
  if (query.isError && !query.data) return <Failure error={query.error} retry={() => void query.refetch()} />
  if (!query.data) return <Loading />
  const rows = query.data.pages.flatMap(({ data }) => data)
  if (rows.length === 0)
    return (of.state ?? of.from) ? (
      <NothingForFilter onClear={onClear} />
    ) : (
      <Notice icon={<IconCircleCheck size={28} />} title={texts.none}>
        {texts.noneHelp(prefix)}
      </Notice>
    )
  return (
    <Card title={texts.list}>
      <DataTable
        label={texts.list}
        table="gaps"
        rows={rows}
        keyOf={({ counter }) => counter}
        onOpen={({ full_number }) =>
          void navigate({ to: '/numbers/$number', params: { number: full_number }, search: { prefix } })
        }
        columns={[
          {
            id: 'number',
            header: texts.number,
            cell: ({ full_number }) => <NumberLink number={full_number} prefix={prefix} />,
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
          { id: 'who', header: texts.who, cell: ({ caller }) => caller },
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
