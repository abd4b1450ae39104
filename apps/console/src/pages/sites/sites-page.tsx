import { useEffect, useRef, useState } from 'react'
import { Group, Stack } from '@mantine/core'
import type { DrawnNumber, SiteStats } from '@ordinal/client'
import { IconBuildingFactory2 } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { globalSequence, siteStats, sitesInUse } from '../../api/site-queries'
import { BarChart, TimelineChart } from '../../ui/late-charts'
import { Count, Rate } from '../../ui/numbers'
import { Card, Figure, Page, StateBadge } from '../../ui/page'
import { Notice, QueryState } from '../../ui/states'
import { nameOf, useTexts } from '../../ui/texts'
import { useFreshNumbers } from '../../ui/use-fresh-numbers'
import { SiteButtons } from './site-buttons'
import { useSitesTexts } from './texts'

const shownDraws = 20

/** All sites draw on one sequence: who has drawn how much, and a button for each site, partition and type. */
export function SitesPage() {
  const shared = useTexts()
  const texts = useSitesTexts()
  const sites = useQuery(sitesInUse)
  const stats = useQuery(siteStats)
  const [drawn, setDrawn] = useState<readonly DrawnNumber[]>([])
  useFreshNumbers(globalSequence, 'sites')
  return (
    <Page title={shared.sites} about={texts.about}>
      <QueryState query={stats}>{(known) => <Totals stats={known} />}</QueryState>
      <QueryState query={sites}>
        {(all) =>
          all.length === 0 ? (
            <Notice icon={<IconBuildingFactory2 size={28} />} title={texts.none}>
              {texts.noneHelp}
            </Notice>
          ) : (
            <div className="grid-wide">
              {all.map((site) => (
                <SiteButtons
                  key={site.site_id}
                  site={site}
                  onDrawn={(number) => setDrawn((before) => [number, ...before].slice(0, shownDraws))}
                />
              ))}
            </div>
          )
        }
      </QueryState>
      {drawn.length > 0 && <Drawn numbers={drawn} />}
      {stats.data && <Charts stats={stats.data} at={stats.dataUpdatedAt} />}
    </Page>
  )
}

function Totals({ stats }: { stats: SiteStats }) {
  const texts = useSitesTexts()
  return (
    <Card>
      <Group gap="xl">
        <Figure label={texts.counter} value={<Count of={stats.current_counter} />} />
        <Figure label={texts.issued} value={<Count of={stats.issued} />} />
        <Figure label={texts.released} value={<Count of={stats.released} />} />
        <div>
          <Figure label={texts.gaps} value={<Count of={stats.gaps} />} />
          {stats.gaps > 0 && (
            <Link to="/gaps" search={{ prefix: globalSequence }} className="link">
              {texts.openGaps}
            </Link>
          )}
        </div>
        <Figure label={texts.rate} value={<Rate of={stats.numbers_per_second} />} unit={texts.perSecond} />
      </Group>
    </Card>
  )
}

function Drawn({ numbers }: { numbers: readonly DrawnNumber[] }) {
  const shared = useTexts()
  const texts = useSitesTexts()
  return (
    <Card title={texts.drawn}>
      <ul className="plain-list feed" tabIndex={0} aria-label={texts.drawn}>
        {numbers.map(({ full_number, site_id, partition_id, invoice_type, state }, index) => (
          <li key={`${numbers.length - index} ${full_number}`}>
            {state === 'unused' ? (
              <span className="mono">{full_number}</span>
            ) : (
              <Link
                to="/numbers/$number"
                params={{ number: full_number }}
                search={{ prefix: globalSequence }}
                className="link mono"
              >
                {full_number}
              </Link>
            )}
            <span>{`${site_id} · ${partition_id} · ${nameOf(invoice_type, shared.invoiceTypes)}`}</span>
            <span className="feed-when">
              {state === 'unused' ? texts.simulated : <StateBadge state={state} />}
            </span>
          </li>
        ))}
      </ul>
    </Card>
  )
}

function Charts({ stats, at }: { stats: SiteStats; at: number }) {
  const shared = useTexts()
  const texts = useSitesTexts()
  const timeline = useTimeline(stats, at)
  return (
    <Stack gap="lg">
      <div className="grid-wide">
        <Card title={texts.byPartition}>
          <BarChart
            label={texts.byPartition}
            valueLabel={texts.issued}
            bars={stats.partitions.map(({ site_id, partition_id, issued }) => ({
              name: `${site_id} ${partition_id}`,
              value: issued,
            }))}
          />
        </Card>
        <Card title={texts.byType}>
          <BarChart
            label={texts.byType}
            valueLabel={texts.issued}
            bars={stats.invoice_types.map(({ invoice_type, issued }) => ({
              name: nameOf(invoice_type, shared.invoiceTypes),
              value: issued,
            }))}
          />
        </Card>
      </div>
      <Card title={texts.timeline}>
        <TimelineChart label={texts.timeline} series={timeline.sites} points={timeline.points} />
      </Card>
    </Stack>
  )
}

const keptPoints = 120

/** How many numbers each site has drawn between one look and the next, since the page was opened. */
function useTimeline({ sites }: SiteStats, at: number) {
  const before = useRef<ReadonlyMap<string, number>>(undefined)
  const [points, setPoints] = useState<readonly { at: number; values: Readonly<Record<string, number>> }[]>(
    [],
  )
  useEffect(() => {
    const now = new Map(sites.map(({ site_id, issued }) => [site_id, issued]))
    const { current: last } = before
    before.current = now
    if (!last) return
    const values = Object.fromEntries(
      [...now].map(([site, issued]) => [site, Math.max(0, issued - (last.get(site) ?? 0))]),
    )
    setPoints((shown) => [...shown, { at, values }].slice(-keptPoints))
  }, [sites, at])
  return { points, sites: sites.map(({ site_id }) => site_id) }
}
