import { Group } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { eventBacklog } from '../../api/operation-queries'
import { trafficOf } from '../../api/queries'
import { gaugeOf } from '../../api/samples'
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
  const { data: traffic } = useQuery(trafficOf('orders'))
  const gauge = (name: string) => traffic && gaugeOf(traffic.samples, `order_service_${name}`)
  const waiting = gauge('outbox_pending')
  const oldest = gauge('outbox_oldest_seconds')
  const dead = gauge('dead_events')
  return (
    <Card>
      <Group gap="xl">
        <Figure label={texts.waiting} value={<Count of={waiting} />} />
        <Figure label={texts.oldestOfAll} value={<Oldest waiting={waiting} seconds={oldest} />} />
        <Figure
          label={texts.dead}
          value={<Count of={dead} />}
          {...(dead !== undefined && dead > 0 && { tone: 'bad' as const })}
        />
      </Group>
    </Card>
  )
}

/** How long the oldest event has waited, if any waits; a dash where that is not known. */
function Oldest({ waiting, seconds }: { waiting: number | undefined; seconds: number | undefined }) {
  const texts = useEventsTexts()
  const { language } = useSettings()
  if (waiting === 0) return texts.noneWaits
  return seconds === undefined ? '–' : texts.waitsFor(duration(seconds, language))
}
