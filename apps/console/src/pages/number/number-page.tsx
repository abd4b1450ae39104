import { Group, Text } from '@mantine/core'
import { IconArrowLeft, IconArrowRight } from '@tabler/icons-react'
import type { NumberWithHistory } from '@ordinal/client'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { services } from '../../api/ordinal'
import { numberOf, orderWithNumber } from '../../api/sequence-queries'
import { pathWith } from '../../ui/copies'
import { CopyMenu } from '../../ui/copy-menu'
import { Amount, Count } from '../../ui/numbers'
import { Card, Figure, Page, StateBadge } from '../../ui/page'
import { dataOf, QueryState } from '../../ui/states'
import { useTexts } from '../../ui/texts'
import { useFreshNumber } from '../../ui/use-fresh-numbers'
import { Actions } from './actions'
import { ChainLinks } from './chain-links'
import { Life } from './life'
import { neighbourOf } from './neighbours'
import { useNumberTexts } from './texts'

const route = getRouteApi('/numbers/$number')

/** A number: its state, its whole life, and the order that holds it. */
export function NumberPage() {
  const { number } = route.useParams()
  const { prefix } = route.useSearch()
  const shared = useTexts()
  const query = useQuery(numberOf(number, prefix))
  const known = dataOf(query)
  useFreshNumber(number, prefix)
  return (
    <Page
      title={number}
      heading={<span className="hero-number">{number}</span>}
      badge={known && <StateBadge state={known.state} />}
      actions={
        known && (
          <>
            <Neighbour of={known} step={-1} />
            <Neighbour of={known} step={1} />
            <Actions number={known} />
          </>
        )
      }
    >
      <QueryState query={query} others={{ to: '/sequences', name: shared.sequences }}>
        {(found) => <Content number={found} />}
      </QueryState>
    </Page>
  )
}

function Content({ number }: { number: NumberWithHistory }) {
  const texts = useNumberTexts()
  const { full_number, prefix, counter, period, history } = number
  return (
    <>
      <Card>
        <Group gap="xl">
          <Figure
            label={texts.inSequence}
            value={
              <Link to="/sequences/$prefix" params={{ prefix }} className="link">
                {prefix}
              </Link>
            }
          />
          <Figure label={texts.value} value={<Count of={counter} />} />
          <Figure label={texts.period} value={period || texts.allTime} />
        </Group>
      </Card>
      <div className="grid-wide">
        <Card title={texts.life}>
          <Life history={history} />
        </Card>
        <div className="stack">
          <HeldBy number={full_number} />
          <ChainLinks number={full_number} prefix={prefix} steps={history.length} />
          <Card
            title={texts.json}
            actions={
              <CopyMenu
                call={{
                  service: 'sequencer',
                  path: pathWith(`/api/v1/numbers/${encodeURIComponent(full_number)}`, { prefix }),
                  code: `ordinal.numbers.get(${JSON.stringify(full_number)}, ${JSON.stringify({ prefix })})`,
                }}
                json={number}
              />
            }
          >
            <pre className="json" tabIndex={0}>
              {JSON.stringify(number, null, 2)}
            </pre>
          </Card>
        </div>
      </div>
    </>
  )
}

/** Leads to the number of the value before or after; where there is none, nothing does. */
function Neighbour({ of, step }: { of: NumberWithHistory; step: 1 | -1 }) {
  const texts = useNumberTexts()
  const { data: number } = useQuery(neighbourOf(of, step))
  if (!number) return null
  const name = step < 0 ? texts.before : texts.next
  return (
    <Link
      to="/numbers/$number"
      params={{ number }}
      search={{ prefix: of.prefix }}
      className="link neighbour"
      aria-label={`${name}: ${number}`}
      rel={step < 0 ? 'prev' : 'next'}
    >
      {step < 0 && <IconArrowLeft size={16} aria-hidden />}
      {name}
      {step > 0 && <IconArrowRight size={16} aria-hidden />}
    </Link>
  )
}

function HeldBy({ number }: { number: string }) {
  const texts = useNumberTexts()
  const query = useQuery({ ...orderWithNumber(number), enabled: services().orders !== undefined })
  if (services().orders === undefined) return null
  return (
    <Card title={texts.order}>
      <QueryState query={query}>
        {(order) =>
          order ? (
            <Group gap="md">
              <Link to="/orders/$id" params={{ id: String(order.id) }} className="link mono">
                {order.reference}
              </Link>
              <span>{order.product_id}</span>
              <span className="figure">
                <Amount of={order.total_price} />
              </span>
            </Group>
          ) : (
            <Text c="dimmed">{texts.noOrder}</Text>
          )
        }
      </QueryState>
    </Card>
  )
}
