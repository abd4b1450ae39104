import { Alert, Button, Group, Stack, Text } from '@mantine/core'
import { ChangedMeanwhileError, type OrderWithUser } from '@ordinal/client'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { orderOf } from '../../api/document-queries'
import { ordinal } from '../../api/ordinal'
import type { OrderStatus } from '../../api/queries'
import { ActionButtons, type Action } from '../../ui/action-buttons'
import { CopyMenu } from '../../ui/copy-menu'
import { useChange } from '../../ui/mutate'
import { Amount, Count } from '../../ui/numbers'
import { Card, Mono, Page } from '../../ui/page'
import { dataOf, QueryState } from '../../ui/states'
import { useTexts } from '../../ui/texts'
import { Time } from '../../ui/time'
import { OrderBadge } from '../orders/order-badge'
import { useOrdersTexts } from '../orders/texts'

const route = getRouteApi('/orders/$id')

export function OrderPage() {
  const shared = useTexts()
  const texts = useOrdersTexts()
  const { id } = route.useParams()
  const query = useQuery(orderOf(Number(id)))
  const order = dataOf(query)
  const name = order?.order_number ?? id
  return (
    <Page
      title={texts.title(name)}
      heading={
        <>
          {texts.title('')}
          <span className="hero-number">{name}</span>
        </>
      }
      badge={order && <OrderBadge status={order.status} />}
      actions={
        order && (
          <CopyMenu
            call={{ service: 'orders', path: `/api/v1/orders/${id}`, code: `ordinal.orders.get(${id})` }}
            json={order}
          />
        )
      }
    >
      <QueryState query={query} others={{ to: '/orders', name: shared.orders }}>
        {(found) => (
          <div className="grid-wide">
            <Facts order={found} />
            <Steps order={found} onReload={() => void query.refetch()} />
          </div>
        )}
      </QueryState>
    </Page>
  )
}

function Facts({ order }: { order: OrderWithUser }) {
  const texts = useOrdersTexts()
  const { order_number, user, user_id } = order
  return (
    <Card title={texts.facts}>
      <dl className="facts">
        <dt>{texts.number}</dt>
        <dd>
          {order_number === null ? (
            texts.noNumber
          ) : (
            <Link to="/numbers/$number" params={{ number: order_number }} className="link mono">
              {order_number}
            </Link>
          )}
        </dd>
        <dt>{texts.user}</dt>
        <dd>
          <Link to="/users/$id" params={{ id: String(user_id) }} className="link">
            {user ? String(user.name) : user_id}
          </Link>
          {!user && (
            <Text size="sm" c="dimmed">
              {texts.unknownUser}
            </Text>
          )}
        </dd>
        <dt>{texts.product}</dt>
        <dd>
          <Mono>{order.product_id}</Mono>
        </dd>
        <dt>{texts.quantity}</dt>
        <dd>
          <Count of={order.quantity} />
        </dd>
        <dt>{texts.total}</dt>
        <dd className="figure">
          <Amount of={order.total_price} />
        </dd>
        <dt>{texts.reference}</dt>
        <dd>
          <Mono>{order.reference}</Mono>
        </dd>
        <dt>{texts.version}</dt>
        <dd>{order.version}</dd>
        <dt>{texts.placed}</dt>
        <dd>
          <Time at={order.created_at} />
        </dd>
      </dl>
    </Card>
  )
}

const following: Record<OrderStatus, readonly Exclude<OrderStatus, 'pending'>[]> = {
  pending: ['confirmed', 'cancelled'],
  confirmed: ['shipped', 'cancelled'],
  shipped: ['delivered'],
  delivered: [],
  cancelled: [],
}

/** Takes an order one step further, if it still is as it was read. */
function Steps({ order, onReload }: { order: OrderWithUser; onReload: () => void }) {
  const texts = useOrdersTexts()
  const shared = useTexts()
  const step = useChange({
    run: (status: OrderStatus) => ordinal().orders.update(order.id, { status }, { ifVersion: order.version }),
    changes: ['orders'],
    done: ({ status }) => texts.stepDone(texts.statuses[status]),
  })
  const isChanged = step.error instanceof ChangedMeanwhileError
  const steps = following[order.status]
  const actionOf = (status: (typeof steps)[number]): Action => ({
    label: texts.steps[status],
    isMain: status !== 'cancelled',
    disabled: isChanged,
    ...(status === 'cancelled' && {
      question: {
        title: texts.cancelTitle(order.order_number ?? order.reference),
        consequence: texts.cancelWill,
        asksReason: false,
        dangerous: true,
      },
    }),
    change: { ...step, error: isChanged ? null : step.error },
    run: () => step.mutate(status),
  })
  return (
    <Card title={texts.next}>
      <Stack>
        {steps.length === 0 ? (
          <Text c="dimmed">{texts.finished}</Text>
        ) : (
          <Group gap="xs">
            <ActionButtons role="operator" openIn="orders" saysWhy actions={steps.map(actionOf)} />
          </Group>
        )}
        {isChanged && (
          <Alert color="yellow" role="alert">
            <Stack gap="xs" align="flex-start">
              {shared.changedMeanwhile}
              <Button
                variant="default"
                onClick={() => {
                  step.reset()
                  onReload()
                }}
              >
                {shared.refresh}
              </Button>
            </Stack>
          </Alert>
        )}
      </Stack>
    </Card>
  )
}
