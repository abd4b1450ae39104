import { lazy, Suspense } from 'react'
import { Skeleton } from '@mantine/core'

const LineChart = lazy(() => import('./line-chart').then(({ LineChart }) => ({ default: LineChart })))

interface LiveChartProps {
  label: string
  points: readonly { at: number; value: number }[]
  height?: number
}

/** A chart whose library, the largest part of the console, is loaded after the page. */
export const LiveChart = (props: LiveChartProps) => (
  <Suspense fallback={<Skeleton height={props.height ?? 180} radius="md" />}>
    <LineChart {...props} />
  </Suspense>
)
