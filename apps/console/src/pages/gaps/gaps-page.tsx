import { Group, SegmentedControl, Select, Stack, Text } from '@mantine/core'
import { IconPrinter, IconStack2 } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { ordinal } from '../../api/ordinal'
import { gapMapOf, gapStates, sequencesOf, type GapSearch } from '../../api/sequence-queries'
import { oneOf } from '../../api/search-params'
import { ButtonLink } from '../../ui/button-link'
import { pathWith } from '../../ui/copies'
import { CopyMenu } from '../../ui/copy-menu'
import { Count } from '../../ui/numbers'
import { Card, Figure, Page } from '../../ui/page'
import { Failure, Notice, QueryState } from '../../ui/states'
import { useTexts } from '../../ui/texts'
import { useFreshNumbers } from '../../ui/use-fresh-numbers'
import { GapList } from './gap-list'
import { GapMapPicture } from './gap-map'
import { LeaseList } from './lease-list'
import { mostCells, type Cell } from './map-layout'
import { useGapsTexts } from './texts'

const route = getRouteApi('/gaps')

/** Which values no document holds: as a picture of the whole range, and as a list with the reasons. */
export function GapsPage() {
  const shared = useTexts()
  const texts = useGapsTexts()
  const { prefix, period, state } = route.useSearch()
  const navigate = route.useNavigate()
  const sequences = useQuery(sequencesOf(undefined))
  return (
    <Page
      title={shared.gaps}
      about={texts.about}
      actions={
        <>
          {prefix !== undefined && <CopyGaps prefix={prefix} />}
          <ButtonLink
            to="/gaps/explained"
            search={{ ...(prefix && { prefix }), ...(period && { period }) }}
            variant="default"
            leftSection={<IconPrinter size={16} />}
          >
            {texts.explain}
          </ButtonLink>
        </>
      }
    >
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
        {prefix !== undefined && <PeriodSelect prefix={prefix} />}
        <SegmentedControl
          aria-label={shared.filter}
          data={[
            { value: 'all', label: shared.all },
            ...gapStates.map((value) => ({ value, label: shared.states[value] })),
          ]}
          value={state ?? 'all'}
          onChange={(chosen) =>
            void navigate({ search: (before) => ({ ...before, state: oneOf(gapStates, chosen) }) })
          }
        />
      </Group>
      {prefix !== undefined ? (
        <Gaps prefix={prefix} />
      ) : sequences.isError ? (
        <Failure error={sequences.error} />
      ) : (
        <Notice icon={<IconStack2 size={28} />} title={texts.choose}>
          {texts.chooseHelp}
        </Notice>
      )}
    </Page>
  )
}

/** Of a sequence that has had several. */
function PeriodSelect({ prefix }: { prefix: string }) {
  const texts = useGapsTexts()
  const { period, state } = route.useSearch()
  const navigate = route.useNavigate()
  const { data } = useQuery(gapMapOf({ prefix, period }, mostCells))
  if (!data || (data.periods.length < 2 && data.periods[0] === data.period)) return null
  return (
    <Select
      label={texts.period}
      w={150}
      allowDeselect={false}
      data={[...new Set([data.period, ...data.periods])].sort().reverse()}
      value={data.period}
      onChange={(chosen) => void navigate({ search: { prefix, state, ...(chosen && { period: chosen }) } })}
    />
  )
}

function Gaps({ prefix }: { prefix: string }) {
  const shared = useTexts()
  const search = route.useSearch()
  const of: GapSearch = { ...search, prefix }
  const texts = useGapsTexts()
  const navigate = route.useNavigate()
  const query = useQuery(gapMapOf(of, mostCells))
  useFreshNumbers(prefix, 'gaps', prefix)
  async function openValue(cell: Cell) {
    const number = await numberOfCell(of, cell)
    if (number !== undefined)
      await navigate({ to: '/numbers/$number', params: { number }, search: { prefix } })
  }
  return (
    <QueryState query={query} others={{ to: '/sequences', name: shared.sequences }}>
      {(map) => (
        <Stack gap="lg">
          <Card title={texts.range}>
            <Stack gap="md">
              <Totals map={map} />
              {map.last_value < map.first_value ? (
                <Text c="dimmed">{texts.noValues}</Text>
              ) : (
                <GapMapPicture
                  map={map}
                  onStretch={(stretch) =>
                    void navigate({
                      search: ({ from: _from, to: _to, ...before }) => ({ ...before, ...stretch }),
                    })
                  }
                  onValue={(cell) => void openValue(cell)}
                />
              )}
            </Stack>
          </Card>
          <GapList of={of} onClear={() => void navigate({ search: { prefix } })} />
          {map.leases.length > 0 && <LeaseList prefix={prefix} leases={map.leases} of={map.reserved} />}
        </Stack>
      )}
    </QueryState>
  )
}

/** The list of gaps in view, as a call. */
function CopyGaps({ prefix }: { prefix: string }) {
  const { period, state, from, to } = route.useSearch()
  const filter = { period, state, from, to }
  return (
    <CopyMenu
      call={{
        service: 'sequencer',
        path: pathWith(`/api/v1/gaps/${prefix}`, filter),
        code: `ordinal.numbers.gapsPage(${JSON.stringify(prefix)}, ${JSON.stringify(filter)})`,
      }}
      json={undefined}
    />
  )
}

/** The text of a value that is free, void or reserved; undefined for one that is in use, which the picture does not know. */
async function numberOfCell({ prefix, period }: GapSearch, { from, free, reserved, ...cell }: Cell) {
  const only = { ...(period !== undefined && { period }), from, to: from }
  if (reserved > 0) return (await ordinal().numbers.gapMap(prefix!, only)).leases[0]?.full_number
  if (free + cell.void === 0) return undefined
  return (await ordinal().numbers.gapsPage(prefix!, only)).data[0]?.full_number
}

function Totals({
  map,
}: {
  map: Record<'first_value' | 'last_value' | 'free' | 'void' | 'reserved', number>
}) {
  const shared = useTexts()
  const texts = useGapsTexts()
  const all = map.last_value - map.first_value + 1
  return (
    <Group gap="xl">
      <Figure label={texts.values} value={<Count of={all} />} />
      <Figure label={texts.inUse} value={<Count of={all - map.free - map.void - map.reserved} />} />
      {(['free', 'reserved', 'void'] as const).map((state) => (
        <Figure key={state} label={shared.states[state]} value={<Count of={map[state]} />} />
      ))}
    </Group>
  )
}
