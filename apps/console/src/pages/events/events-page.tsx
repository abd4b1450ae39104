import { Group } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { eventBacklog } from '../../api/operation-queries'
import { trafficOf } from '../../api/queries'
import { sumOf } from '../../api/samples'
import { Count } from '../../ui/numbers'
import { Card, Figure, Page } from '../../ui/page'
import { useSettings } from '../../ui/settings'
import { QueryState } from '../../ui/states'
import { useTexts } from '../../ui/texts'
import { duration } from '../../ui/time'
import { Backlog } from './backlog'
import { DeadLetters } from './dead-letters'
import { useEventsTexts } from './texts'
import { Waiting } from './waiting'

/** What becomes of the events of orders: those that wait in the outbox, and those that no attempt could deliver. */
export function EventsPage() {
  const texts = useEventsTexts()
  const backlog = useQuery(eventBacklog)
  return (
    <Page title={useTexts().eventsPage} about={texts.about}>
      <Figures />
      <QueryState query={backlog}>
        {(waiting) => (
          <>
            <DeadLetters />
            {waiting.data.length > 0 && <Backlog of={waiting} />}
            <Waiting />
          </>
        )}
      </QueryState>
    </Page>
  )
}

/** How much there is, by the metrics of the service, which everybody may read. */
function Figures() {
  const texts = useEventsTexts()
  const { language } = useSettings()
  const { data: traffic } = useQuery(trafficOf('orders'))
  const figure = (name: string) => traffic && sumOf(traffic.samples, `order_service_${name}`)
  const waiting = figure('outbox_pending')
  const oldest = figure('outbox_oldest_seconds') ?? 0
  const dead = figure('dead_events')
  return (
    <Card>
      <Group gap="xl">
        <Figure label={texts.waiting} value={<Count of={waiting} />} />
        {waiting !== undefined && (
          <Figure
            label={texts.oldestOfAll}
            value={waiting > 0 ? texts.waitsFor(duration(oldest, language)) : texts.noneWaits}
          />
        )}
        <Figure
          label={texts.dead}
          value={<Count of={dead} />}
          {...(dead !== undefined && dead > 0 && { tone: 'bad' as const })}
        />
      </Group>
    </Card>
  )
}
