import { useState } from 'react'
import { Button, Group, Select } from '@mantine/core'
import { IconMailCheck } from '@tabler/icons-react'
import type { DeadLetter } from '@ordinal/client'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { deadLettersOf, deadLetterTotalOf } from '../../api/operation-queries'
import { pathWith } from '../../ui/copies'
import { CopyMenu } from '../../ui/copy-menu'
import type { Column } from '../../ui/column'
import { List } from '../../ui/list'
import { useNumberFormats } from '../../ui/numbers'
import { Card, Mono, NeedsRole } from '../../ui/page'
import { Notice } from '../../ui/states'
import { useTexts } from '../../ui/texts'
import { Time } from '../../ui/time'
import { OrderOf } from './event-cells'
import { Letter } from './letter'
import { Replay } from './replay'
import { useEventsTexts } from './texts'

const route = getRouteApi('/events')

/** The events that no attempt could deliver, the oldest first. A row shows all of it. */
export function DeadLetters() {
  const texts = useEventsTexts()
  const { count: countText } = useNumberFormats()
  const navigate = route.useNavigate()
  const search = route.useSearch()
  const { type, consumer, cursor, letter: chosen } = search
  const filter = { type, consumer }
  const query = useQuery(deadLettersOf(filter, cursor))
  const { data: total } = useQuery(deadLetterTotalOf(filter))
  const [replaying, setReplaying] = useState(false)
  const columns = useColumns()
  const totalText = total === undefined ? '–' : countText(total)
  const rows = query.data?.data ?? []
  const letter = rows.find(({ id }) => id === chosen)
  const show = (change: typeof search) => void navigate({ search: { ...search, ...change } })
  return (
    <>
      <Card
        title={texts.deadList}
        actions={
          <Group gap="xs">
            <NeedsRole role="admin">
              {(allowed, whyNot) => (
                <Button
                  size="xs"
                  disabled={!allowed || !total}
                  aria-describedby={whyNot}
                  onClick={() => setReplaying(true)}
                >
                  {texts.replayAll(totalText)}
                </Button>
              )}
            </NeedsRole>
            <CopyMenu
              call={{
                service: 'orders',
                path: pathWith('/api/v1/events/dead-letters', filter),
                code: `ordinal.events.deadLetters(${JSON.stringify(filter)})`,
                isList: true,
              }}
              json={query.data?.data}
            />
          </Group>
        }
      >
        <Filters rows={rows} />
        <List
          label={texts.deadList}
          table="dead-letters"
          query={query}
          total={total}
          columns={columns}
          keyOf={({ id }) => id}
          onOpen={({ id }) => show({ letter: id })}
          isFiltered={(type ?? consumer) !== undefined}
          onClear={() => void navigate({ search: {} })}
          none={
            <Notice icon={<IconMailCheck size={28} />} title={texts.noneDead}>
              {texts.noneDeadHelp}
            </Notice>
          }
          cursor={cursor}
          onPage={(next) => show({ letter: undefined, cursor: next })}
          frame={(table) => table}
        />
      </Card>
      {letter && <Letter letter={letter} />}
      {replaying && (
        <Replay
          which={filter}
          title={texts.replayAllTitle(totalText, type, consumer)}
          consequence={texts.replayAllWill}
          onClose={() => setReplaying(false)}
        />
      )}
    </>
  )
}

/** What the letters in view are narrowed to: by what is among them. */
function Filters({ rows }: { rows: readonly DeadLetter[] }) {
  const shared = useTexts()
  const texts = useEventsTexts()
  const navigate = route.useNavigate()
  const search = route.useSearch()
  const { type, consumer } = search
  const among = (all: (string | undefined)[]) => [...new Set(all.filter((one) => one !== undefined))].sort()
  const set = (change: { type?: string | null; consumer?: string | null }) =>
    void navigate({
      search: ({ letter: _, cursor: __, ...before }) =>
        Object.fromEntries(
          Object.entries({ ...before, ...change }).filter(([, value]) => value != null),
        ) as typeof search,
    })
  return (
    <div className="filters" role="search">
      <Select
        label={texts.type}
        placeholder={shared.all}
        clearable
        data={among([type, ...rows.map(({ event }) => event?.type)])}
        value={type ?? null}
        onChange={(value) => set({ type: value })}
      />
      <Select
        label={texts.consumer}
        placeholder={shared.all}
        clearable
        data={among([consumer, ...rows.map((letter) => letter.consumer)])}
        value={consumer ?? null}
        onChange={(value) => set({ consumer: value })}
      />
    </div>
  )
}

function useColumns(): Column<DeadLetter>[] {
  const texts = useEventsTexts()
  return [
    { id: 'type', header: texts.type, cell: ({ event }) => <Mono>{event?.type ?? texts.noEvent}</Mono> },
    { id: 'order', header: texts.order, cell: ({ event }) => event && <OrderOf event={event} /> },
    { id: 'consumer', header: texts.consumer, cell: ({ consumer }) => <Mono>{consumer}</Mono> },
    { id: 'reason', header: texts.reason, cell: ({ reason }) => <span className="long-text">{reason}</span> },
    {
      id: 'attempts',
      header: texts.attempts,
      align: 'right',
      cell: ({ attempts }) => <Mono>{attempts}</Mono>,
    },
    { id: 'died', header: texts.died, cell: ({ died_at }) => <Time at={died_at} /> },
    { id: 'replay', header: '', cell: (letter) => <ReplayOne letter={letter} /> },
  ]
}

/** Asks before one is delivered again. What was no event stays where it is. */
function ReplayOne({ letter }: { letter: DeadLetter }) {
  const texts = useEventsTexts()
  const [asked, setAsked] = useState(false)
  const { id, event, consumer } = letter
  return (
    <NeedsRole role="admin">
      {(allowed, whyNot) => (
        <>
          <Button
            size="compact-xs"
            variant="default"
            disabled={!allowed || event === null}
            aria-describedby={whyNot}
            aria-label={`${texts.replay}: ${id}`}
            onClick={() => setAsked(true)}
          >
            {texts.replay}
          </Button>
          {asked && event && (
            <Replay
              which={{ id }}
              title={texts.replayTitle(event.type, event.subject)}
              consequence={texts.replayWill(consumer)}
              onClose={() => setAsked(false)}
            />
          )}
        </>
      )}
    </NeedsRole>
  )
}
