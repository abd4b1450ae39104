import { useMemo, useRef } from 'react'
import { Alert, Button, Group, Text } from '@mantine/core'
import { IconPlayerPause, IconPlayerPlay } from '@tabler/icons-react'
import { Link, useNavigate } from '@tanstack/react-router'
import { silenceMs, useLive, type BatchEvent } from '../../api/live'
import type { AuditSearch } from '../../api/audit-search'
import type { Column } from '../../ui/column'
import { Count, useNumberFormats } from '../../ui/numbers'
import { Card, ToneDot } from '../../ui/page'
import { Failure } from '../../ui/states'
import { useTexts } from '../../ui/texts'
import { Time, useNow } from '../../ui/time'
import { VirtualTable } from '../../ui/virtual-table'
import { useTail } from './tail'
import { useAuditTexts } from './texts'

// What a line of the stream says, and the view itself.
const narrowing = ['view', 'prefix', 'event']

/** Commits as they happen. Reading further below, or a button, holds it; nothing is lost meanwhile. */
export function LiveTail({ search }: { search: AuditSearch }) {
  const shared = useTexts()
  const texts = useAuditTexts()
  const navigate = useNavigate()
  const { count } = useNumberFormats()
  const live = useLive()
  const { tail, pause, resume } = useTail(search)
  const box = useRef<HTMLDivElement>(null)
  const columns = useColumns()
  if (live.state === 'refused') return <Failure error={live.error} />
  const toNewest = () => {
    resume()
    box.current?.querySelector('.virtual-box')?.scrollTo({ top: 0 })
  }
  return (
    <Card
      title={texts.tail}
      actions={
        <Group gap="sm">
          <Connection />
          <Button
            size="xs"
            variant={tail.paused ? 'filled' : 'default'}
            leftSection={tail.paused ? <IconPlayerPlay size={14} /> : <IconPlayerPause size={14} />}
            onClick={() => (tail.paused ? toNewest() : pause('by hand'))}
          >
            {tail.paused ? texts.resume(count(tail.behind)) : texts.pause}
          </Button>
        </Group>
      }
    >
      {Object.keys(search).some((name) => !narrowing.includes(name)) && (
        <Text size="sm" c="dimmed" mb="xs">
          {texts.tailFilters}
        </Text>
      )}
      {(live.leftOut > 0 || tail.dropped > 0) && (
        <Alert color="yellow" mb="xs" role="status">
          {live.leftOut > 0 ? texts.leftOut : texts.dropped(count(tail.dropped))}
        </Alert>
      )}
      <div ref={box} data-tail={tail.paused || 'running'} data-behind={tail.behind}>
        {tail.lines.length === 0 ? (
          <Text c="dimmed">{texts.nothingYet}</Text>
        ) : (
          <VirtualTable
            label={texts.tail}
            rows={tail.lines}
            columns={columns}
            keyOf={keyOf}
            onOpen={({ first_number: number, prefix }) =>
              void navigate({ to: '/numbers/$number', params: { number }, search: { prefix } })
            }
            onScroll={(top) => {
              if (top > 4) pause('by scrolling')
              else if (tail.paused === 'by scrolling') resume()
            }}
            footer={<p className="tone-quiet count">{shared.inView(tail.lines.length)}</p>}
          />
        )}
      </div>
    </Card>
  )
}

const keyOf = ({ prefix, period, batch, event }: BatchEvent) => [prefix, period, batch, event].join(' ')

/** Whether what is shown is of now: a broken connection goes on where it was, by itself. */
function Connection() {
  const texts = useAuditTexts()
  const { state, heardAt } = useLive()
  const now = useNow()
  const condition = state !== 'live' ? 'connecting' : now - heardAt > silenceMs ? 'broken' : 'live'
  return (
    <Group gap={6} data-connection={condition} role="status">
      <ToneDot
        tone={condition === 'live' ? 'ok' : condition === 'broken' ? 'warn' : 'quiet'}
        live={condition === 'live'}
      />
      <Text size="sm" c="dimmed">
        {texts.connection[condition]}
      </Text>
    </Group>
  )
}

function useColumns(): Column<BatchEvent>[] {
  const shared = useTexts()
  const texts = useAuditTexts()
  return useMemo(
    () => [
      { id: 'at', header: texts.at, cell: ({ at }) => <Time at={at} /> },
      { id: 'event', header: texts.event, cell: ({ event }) => shared.events[event] },
      {
        id: 'numbers',
        header: texts.numbers,
        cell: ({ first_number: first, last_number: last, prefix }) => (
          <Link to="/numbers/$number" params={{ number: first }} search={{ prefix }} className="link mono">
            {first === last ? first : `${first} … ${last}`}
          </Link>
        ),
      },
      { id: 'count', header: texts.count, align: 'right', cell: (each) => <Count of={each.count} /> },
      { id: 'prefix', header: texts.sequence, cell: ({ prefix }) => <span className="mono">{prefix}</span> },
      { id: 'period', header: texts.period, cell: ({ period }) => period || '–' },
      { id: 'batch', header: texts.batch, align: 'right', cell: ({ batch }) => <Count of={batch} /> },
    ],
    [shared, texts],
  )
}
