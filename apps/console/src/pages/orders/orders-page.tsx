import { useState } from 'react'
import { Checkbox, Group, SegmentedControl } from '@mantine/core'
import { IconShoppingCart } from '@tabler/icons-react'
import type { Order } from '@ordinal/client'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { orderFilterOf, orderTotalOf, ordersOf, type OrderSearch } from '../../api/document-queries'
import { orderStatuses } from '../../api/queries'
import { countOf, oneOf } from '../../api/search-params'
import type { Column } from '../../ui/column'
import { pathWith } from '../../ui/copies'
import { CopyMenu } from '../../ui/copy-menu'
import { FilterField } from '../../ui/filter-field'
import { List } from '../../ui/list'
import { Amount, Count } from '../../ui/numbers'
import { Mono, Page } from '../../ui/page'
import { MakeButton } from '../../ui/make-button'
import { Notice } from '../../ui/states'
import { useTexts } from '../../ui/texts'
import { Time } from '../../ui/time'
import { OrderBadge } from './order-badge'
import { PlaceOrder } from './place-order'
import { useOrdersTexts } from './texts'

const route = getRouteApi('/orders')

export function OrdersPage() {
  const shared = useTexts()
  const texts = useOrdersTexts()
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const [placing, setPlacing] = useState(false)
  const query = useQuery(ordersOf(search))
  const total = useQuery(orderTotalOf(search))
  const columns = useColumns()
  const { cursor, ...narrower } = search
  const { status, numbered, user, product } = narrower
  const asked = orderFilterOf(search)
  /** Another filter begins at the first page. Two may change before the page is drawn again. */
  const filter = (change: OrderSearch) =>
    void navigate({ search: (before) => ({ ...before, cursor: undefined, ...change }) })
  return (
    <Page
      title={shared.orders}
      about={texts.about}
      actions={
        <>
          <CopyMenu
            call={{
              service: 'orders',
              path: pathWith('/api/v1/orders', { ...asked }),
              code: `ordinal.orders.list(${JSON.stringify(asked)})`,
              isList: true,
            }}
            json={query.data?.data}
          />
          <MakeButton role="operator" openIn="orders" label={texts.place} onClick={() => setPlacing(true)} />
        </>
      }
    >
      <PlaceOrder opened={placing} userId={user} onClose={() => setPlacing(false)} />
      <Group gap="sm" align="flex-end">
        <div className="scroll-x">
          <SegmentedControl
            aria-label={texts.status}
            data={[
              { value: 'all', label: shared.all },
              ...orderStatuses.map((value) => ({ value, label: texts.statuses[value] })),
            ]}
            value={status ?? 'all'}
            onChange={(chosen) => filter({ status: oneOf(orderStatuses, chosen) })}
          />
        </div>
        <FilterField
          isCompact
          type="number"
          width={110}
          label={texts.user}
          value={user === undefined ? undefined : String(user)}
          onChange={(text) => filter({ user: countOf(text) })}
        />
        <FilterField
          isCompact
          width={170}
          label={texts.product}
          value={product}
          onChange={(text) => filter({ product: text })}
        />
        <Checkbox
          mb="xs"
          label={texts.withoutNumber}
          checked={numbered === 'no'}
          onChange={({ currentTarget }) => filter({ numbered: currentTarget.checked ? 'no' : undefined })}
        />
      </Group>
      <List
        label={shared.orders}
        table="orders"
        query={query}
        total={total.data}
        columns={columns}
        keyOf={({ id }) => id}
        onOpen={({ id }) => void navigate({ to: '/orders/$id', params: { id: String(id) } })}
        isFiltered={Object.keys(narrower).length > 0}
        onClear={() => void navigate({ search: {} })}
        none={
          <Notice icon={<IconShoppingCart size={28} />} title={texts.none}>
            {texts.noneHelp}
          </Notice>
        }
        cursor={cursor}
        onPage={(next) => filter({ cursor: next })}
      />
    </Page>
  )
}

function useColumns(): Column<Order>[] {
  const texts = useOrdersTexts()
  return [
    {
      id: 'number',
      header: texts.number,
      cell: ({ id, order_number }) => (
        <Link to="/orders/$id" params={{ id: String(id) }} className={order_number ? 'link mono' : 'link'}>
          {order_number ?? texts.noNumber}
        </Link>
      ),
    },
    { id: 'status', header: texts.status, cell: ({ status }) => <OrderBadge status={status} /> },
    {
      id: 'user',
      header: texts.user,
      cell: ({ user_id }) => (
        <Link to="/users/$id" params={{ id: String(user_id) }} className="link">
          {user_id}
        </Link>
      ),
    },
    { id: 'product', header: texts.product, cell: ({ product_id }) => <Mono>{product_id}</Mono> },
    {
      id: 'quantity',
      header: texts.quantity,
      align: 'right',
      cell: ({ quantity }) => (
        <Mono>
          <Count of={quantity} />
        </Mono>
      ),
    },
    {
      id: 'price',
      header: texts.total,
      align: 'right',
      cell: ({ total_price }) => (
        <Mono>
          <Amount of={total_price} />
        </Mono>
      ),
    },
    { id: 'placed', header: texts.placed, cell: ({ created_at }) => <Time at={created_at} /> },
  ]
}
