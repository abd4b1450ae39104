import { Page } from '../../ui/page'
import { Attention } from './attention'
import { Numbers } from './numbers'
import { OrdersByStatus } from './orders-by-status'
import { Services } from './services'
import { useOverviewTexts } from './texts'
import { useTexts } from '../../ui/texts'

export function OverviewPage() {
  const texts = useOverviewTexts()
  return (
    <Page title={useTexts().overview} about={texts.about}>
      <Services />
      <Attention />
      <Numbers />
      <OrdersByStatus />
    </Page>
  )
}
