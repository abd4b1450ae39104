import { Button, Stack } from '@mantine/core'
import { IconPrinter, IconStack2 } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { sequencesOf } from '../../api/sequence-queries'
import { Page } from '../../ui/page'
import { Notice, QueryState } from '../../ui/states'
import { Sheet } from './sheet'
import { useExplainedTexts } from './explained-texts'

const route = getRouteApi('/gaps/explained')

/** What an auditor asks of a sequence, to be printed: a page for each. */
export function ExplainedPage() {
  const texts = useExplainedTexts()
  const { prefix, period } = route.useSearch()
  return (
    <Page
      title={texts.title}
      about={<span className="no-print">{texts.about}</span>}
      actions={
        <Button className="no-print" leftSection={<IconPrinter size={16} />} onClick={() => print()}>
          {texts.print}
        </Button>
      }
    >
      {prefix === undefined ? <AllSheets /> : <Sheet prefix={prefix} period={period} />}
    </Page>
  )
}

function AllSheets() {
  const texts = useExplainedTexts()
  const sequences = useQuery(sequencesOf(true))
  return (
    <QueryState query={sequences}>
      {({ data }) =>
        data.length === 0 ? (
          <Notice icon={<IconStack2 size={28} />} title={texts.none} />
        ) : (
          <Stack gap="lg">
            {data.map(({ prefix }) => (
              <Sheet key={prefix} prefix={prefix} period={undefined} />
            ))}
          </Stack>
        )
      }
    </QueryState>
  )
}
