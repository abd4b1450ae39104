import type { OrderStatus } from '../../api/queries'
import { useOrdersTexts } from './texts'

export function OrderBadge({ status }: { status: OrderStatus }) {
  const texts = useOrdersTexts()
  return (
    <span className="state" data-state={status}>
      {texts.statuses[status]}
    </span>
  )
}
