import { memo } from 'react'
import { Group, Stack, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useLive, type BatchEvent, type Live } from '../../api/live'
import { LineChart } from '../../ui/late-charts'
import { Count } from '../../ui/numbers'
import { Card, Figure, ToneDot } from '../../ui/page'
import { Failure } from '../../ui/states'
import { Time } from '../../ui/time'
import { useTexts } from '../../ui/texts'
import { useOverviewTexts } from './texts'

// What a person can follow; a busy sequencer replaces all of them twice a second.
const shownEvents = 25

/** What the sequencer issues, as it happens. */
export function Numbers() {
  const live = useLive()
  const texts = useOverviewTexts()
  if (live.state === 'refused')
    return (
      <Card title={texts.latest}>
        <Failure error={live.error} />
      </Card>
    )
  return (
    <div className="grid-wide">
      <Rate stats={live.stats} rates={live.rates} />
      <Latest state={live.state} events={live.events} />
    </div>
  )
}

// Each is drawn only when what it shows has changed: the figures and their chart once a second.

const Rate = memo(function Rate({ stats, rates }: Pick<Live, 'stats' | 'rates'>) {
  const texts = useOverviewTexts()
  return (
    <Card title={texts.rate}>
      <Stack>
        <Group gap="xl">
          <Figure label={texts.now} value={<Count of={stats?.new_per_second} />} unit={texts.perSecond} />
          <Figure label={texts.issued} value={<Count of={stats?.issued} />} />
          <Figure label={texts.reserved} value={<Count of={stats?.reserved} />} />
          <Figure label={texts.gaps} value={<Count of={stats?.free} />} />
          <Figure label={texts.voided} value={<Count of={stats?.void} />} />
        </Group>
        <LineChart
          label={texts.rate}
          // With the figures above it as high as the list beside it.
          height={240}
          points={rates.map(({ at, perSecond }) => ({ at, value: perSecond }))}
        />
      </Stack>
    </Card>
  )
})

const Latest = memo(function Latest({ state, events }: Pick<Live, 'state' | 'events'>) {
  const texts = useOverviewTexts()
  const isLive = state === 'live'
  return (
    <Card
      title={texts.latest}
      actions={
        <Group gap={6} data-live={state}>
          <ToneDot tone={isLive ? 'ok' : 'quiet'} live={isLive} />
          <Text size="sm" c="dimmed">
            {isLive ? texts.live : texts.connecting}
          </Text>
        </Group>
      }
    >
      {events.length === 0 ? (
        <Text c="dimmed">{texts.noneYet}</Text>
      ) : (
        <ul className="plain-list feed" tabIndex={0} aria-label={texts.latest}>
          {events.slice(0, shownEvents).map((event) => (
            <Line key={event.key} event={event} />
          ))}
        </ul>
      )}
    </Card>
  )
})

/** It is drawn once: what comes after it does not change it. */
const Line = memo(function Line({ event }: { event: BatchEvent }) {
  const texts = useTexts()
  return (
    <li>
      <span className="feed-what">{texts.events[event.event]}</span>
      <Link
        to="/numbers/$number"
        params={{ number: event.first_number }}
        search={{ prefix: event.prefix }}
        className="link mono"
      >
        {rangeOf(event)}
      </Link>
      <span className="feed-when">
        <Time at={event.at} />
      </span>
    </li>
  )
})

const rangeOf = ({ first_number: first, last_number: last }: BatchEvent) =>
  first === last ? first : `${first} … ${last}`
