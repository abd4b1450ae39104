import { Group, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { services } from '../../api/ordinal'
import { orderCounts, trafficOf } from '../../api/queries'
import { gaugeOf } from '../../api/samples'
import { Count } from '../../ui/numbers'
import { Card, Figure } from '../../ui/page'
import { QueryState } from '../../ui/states'
import { useOverviewTexts } from './texts'

export function OrdersByStatus() {
  const texts = useOverviewTexts()
  const isKnown = services().orders !== undefined
  const counts = useQuery({ ...orderCounts, enabled: isKnown })
  const traffic = useQuery({ ...trafficOf('orders'), enabled: isKnown })
  const waiting = traffic.data && gaugeOf(traffic.data.samples, 'order_service_outbox_pending')
  if (!isKnown) return null
  return (
    <QueryState query={counts}>
      {(data) => (
        <Card title={texts.ordersByStatus}>
          {data.every(({ count }) => count === 0) ? (
            <Text c="dimmed">{texts.noOrders}</Text>
          ) : (
            <Group gap="xl">
              {data.map(({ status, count }) => (
                <Figure key={status} label={texts.statuses[status]} value={<Count of={count} />} />
              ))}
              <Figure
                label={texts.eventsWaiting}
                value={
                  <Link to="/events" className="link">
                    <Count of={waiting} />
                  </Link>
                }
              />
            </Group>
          )}
        </Card>
      )}
    </QueryState>
  )
}
