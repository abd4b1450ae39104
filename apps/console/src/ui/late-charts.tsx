import { Suspense, type ReactNode } from 'react'
import { Skeleton } from '@mantine/core'
import type { BarChartProps, LineChartProps, TimelineChartProps } from './charts'
import { late } from './late'

// The library of charts is the largest part of the console: it is loaded after the page.
const charts = () => import('./charts')
const LateLine = late(() => charts().then(({ LineChart }) => LineChart))
const LateBars = late(() => charts().then(({ BarChart }) => BarChart))
const LateTimeline = late(() => charts().then(({ TimelineChart }) => TimelineChart))

const Late = ({ height = 180, children }: { height?: number | undefined; children: ReactNode }) => (
  <Suspense fallback={<Skeleton height={height} radius="md" />}>{children}</Suspense>
)

/** A line over time. */
export const LineChart = (props: LineChartProps) => (
  <Late height={props.height}>
    <LateLine {...props} />
  </Late>
)

/** Bars beside each other, one for each name. */
export const BarChart = (props: BarChartProps) => (
  <Late height={props.height}>
    <LateBars {...props} />
  </Late>
)

/** Areas over time, one upon the other. */
export const TimelineChart = (props: TimelineChartProps) => (
  <Late height={props.height}>
    <LateTimeline {...props} />
  </Late>
)
