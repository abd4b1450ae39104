import { useState, type ReactNode } from 'react'
import { AreaChart, BarChart as Bars } from '@mantine/charts'
import '@mantine/charts/styles.css'
import { ActionIcon, Table, Tooltip } from '@mantine/core'
import { IconChartAreaLine, IconTable } from '@tabler/icons-react'
import { useNumberFormats } from './numbers'
import { useSettings } from './settings'
import { useTexts } from './texts'
import { absolute, clockTime } from './time'

// Loaded late: see late-charts.tsx.

interface FrameProps {
  label: string
  /** The same as a table: the names of its columns, and its rows, which are written only where they are shown. */
  head?: readonly string[]
  rows: () => readonly (readonly string[])[]
  children: ReactNode
}

/** A chart, or its figures as a table. */
function Frame({ label, head, rows, children }: FrameProps) {
  const texts = useTexts()
  const [asTable, setAsTable] = useState(false)
  const name = asTable ? texts.chartAsChart : texts.chartAsTable
  return (
    <figure className="chart" aria-label={label}>
      <Tooltip label={name}>
        <ActionIcon
          className="chart-switch"
          variant="subtle"
          color="gray"
          size="sm"
          aria-label={name}
          onClick={() => setAsTable(!asTable)}
        >
          {asTable ? <IconChartAreaLine size={16} /> : <IconTable size={16} />}
        </ActionIcon>
      </Tooltip>
      {asTable ? (
        <div className="chart-table" tabIndex={0} role="region" aria-label={label}>
          <Table className="data-table">
            {head && (
              <Table.Thead>
                <Table.Tr>
                  {head.map((column, index) => (
                    <Table.Th key={column} ta={index > 0 ? 'right' : undefined}>
                      {column}
                    </Table.Th>
                  ))}
                </Table.Tr>
              </Table.Thead>
            )}
            <Table.Tbody>
              {rows().map(([first, ...values]) => (
                <Table.Tr key={first}>
                  <Table.Td>{first}</Table.Td>
                  {values.map((value, index) => (
                    <Table.Td key={index} ta="right" className="mono">
                      {value}
                    </Table.Td>
                  ))}
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </div>
      ) : (
        children
      )}
    </figure>
  )
}

/** How the axis and the table write moments. */
function useMoments() {
  const { language, time } = useSettings()
  return {
    moment: (at: number) => absolute(new Date(at), language, time === 'utc' ? 'utc' : 'local'),
    clock: (at: number) => clockTime(new Date(at), language, time),
  }
}

const axes = {
  gridAxis: 'x',
  tickLine: 'none',
  yAxisProps: { width: 44, allowDecimals: false },
  xAxisProps: { minTickGap: 60 },
} as const
const areas = {
  ...axes,
  curveType: 'monotone',
  withDots: false,
  strokeWidth: 1.75,
  areaProps: { isAnimationActive: false },
} as const

export interface LineChartProps {
  /** What the line is of. */
  label: string
  points: readonly { at: number; value: number }[]
  height?: number
}

/** A line over time. */
export function LineChart({ label, points, height = 180 }: LineChartProps) {
  const { moment, clock } = useMoments()
  const { count } = useNumberFormats()
  return (
    <Frame label={label} rows={() => points.toReversed().map(({ at, value }) => [moment(at), count(value)])}>
      <AreaChart
        h={height}
        data={points.map(({ at, value }) => ({ at: clock(at), value }))}
        dataKey="at"
        series={[{ name: 'value', label, color: 'indigo.6' }]}
        fillOpacity={0.18}
        {...areas}
      />
    </Frame>
  )
}

export interface TimelineChartProps {
  label: string
  series: readonly string[]
  points: readonly { at: number; values: Readonly<Record<string, number>> }[]
  height?: number
}

// Told apart also by those who see few colours.
const colors = ['indigo.6', 'orange.6', 'teal.6', 'grape.6', 'gray.6'] as const

/** How several things go on over time, one upon the other. */
export function TimelineChart({ label, series, points, height = 200 }: TimelineChartProps) {
  const { moment, clock } = useMoments()
  const { count } = useNumberFormats()
  return (
    <Frame
      label={label}
      head={['', ...series]}
      rows={() =>
        points
          .toReversed()
          .map(({ at, values }) => [moment(at), ...series.map((name) => count(values[name] ?? 0))])
      }
    >
      <AreaChart
        h={height}
        type="stacked"
        withLegend
        data={points.map(({ at, values }) => ({ at: clock(at), ...values }))}
        dataKey="at"
        series={series.map((name, index) => ({ name, color: colors[index % colors.length]! }))}
        fillOpacity={0.5}
        {...areas}
      />
    </Frame>
  )
}

export interface BarChartProps {
  label: string
  /** What the bars count. */
  valueLabel: string
  bars: readonly { name: string; value: number }[]
  height?: number
}

/** How much each has. */
export function BarChart({ label, valueLabel, bars, height = 200 }: BarChartProps) {
  const { count } = useNumberFormats()
  return (
    <Frame
      label={label}
      head={['', valueLabel]}
      rows={() => bars.map(({ name, value }) => [name, count(value)])}
    >
      <Bars
        h={height}
        data={bars.map(({ name, value }) => ({ name, value }))}
        dataKey="name"
        series={[{ name: 'value', label: valueLabel, color: 'indigo.6' }]}
        orientation="vertical"
        {...axes}
        gridAxis="y"
        xAxisProps={{ allowDecimals: false }}
        yAxisProps={{ width: 130 }}
        barProps={{ isAnimationActive: false, radius: 3 }}
      />
    </Frame>
  )
}
