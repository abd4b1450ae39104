import { useState } from 'react'
import { AreaChart } from '@mantine/charts'
import '@mantine/charts/styles.css'
import { ActionIcon, Table, Tooltip } from '@mantine/core'
import { IconChartAreaLine, IconTable } from '@tabler/icons-react'
import { absolute } from './time'
import { useSettings } from './settings'
import { useTexts } from './texts'

interface LineChartProps {
  /** What the line is of. */
  label: string
  points: readonly { at: number; value: number }[]
  height?: number
}

/** A line over time, which can be read as a table too. Loaded late: see `LiveChart`. */
export function LineChart({ label, points, height = 180 }: LineChartProps) {
  const texts = useTexts()
  const { language, time } = useSettings()
  const [asTable, setAsTable] = useState(false)
  const moment = (at: number) => absolute(new Date(at), language, time === 'utc' ? 'utc' : 'local')
  const clock = (at: number) =>
    new Date(at).toLocaleTimeString(language === 'de' ? 'de-DE' : 'en-GB', {
      ...(time === 'utc' && { timeZone: 'UTC' }),
    })
  return (
    <figure className="chart" aria-label={label}>
      <Tooltip label={asTable ? texts.chartAsChart : texts.chartAsTable}>
        <ActionIcon
          className="chart-switch"
          variant="subtle"
          color="gray"
          size="sm"
          aria-label={asTable ? texts.chartAsChart : texts.chartAsTable}
          onClick={() => setAsTable(!asTable)}
        >
          {asTable ? <IconChartAreaLine size={16} /> : <IconTable size={16} />}
        </ActionIcon>
      </Tooltip>
      {asTable ? (
        <div className="chart-table" tabIndex={0} role="region" aria-label={label}>
          <Table className="data-table">
            <Table.Tbody>
              {points.toReversed().map(({ at, value }) => (
                <Table.Tr key={at}>
                  <Table.Td>{moment(at)}</Table.Td>
                  <Table.Td ta="right" className="mono">
                    {value}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </div>
      ) : (
        <AreaChart
          h={height}
          data={points.map(({ at, value }) => ({ at: clock(at), value }))}
          dataKey="at"
          series={[{ name: 'value', label, color: 'indigo.6' }]}
          curveType="monotone"
          withDots={false}
          strokeWidth={1.75}
          fillOpacity={0.18}
          gridAxis="x"
          tickLine="none"
          yAxisProps={{ width: 44, allowDecimals: false }}
          xAxisProps={{ minTickGap: 60 }}
          areaProps={{ isAnimationActive: false }}
        />
      )}
    </figure>
  )
}
