import type { CustomSeriesOption, EChartsCoreOption } from 'echarts'
import { figuresOf } from './print'
import type { Series, SuiteResult } from './suite'

const width = 860
const barHeight = 30
const frame = 90

/**
 * A picture of a suite, as SVG: a bar for the median of each competitor, and a line from its worst to its best round. Durations
 * where all have them and the rates are those of one caller; rates otherwise. Of a suite with series their lines.
 */
export async function chartOf(result: SuiteResult): Promise<string> {
  const { title, counts, competitors, series } = result
  if (series) return lineChartOf(title, series)
  const bars = competitors
    .map(({ title, rounds }) => ({ title, rate: figuresOf(rounds).rate }))
    .filter(({ rate }) => rate !== undefined)
  const most = Math.max(...bars.map(({ rate }) => rate!.most))
  const least = Math.min(...bars.map(({ rate }) => rate!.median))
  const height = bars.length * barHeight + frame
  return drawSvg(height, {
    title: {
      text: title,
      subtext: `${counts} a second: median, and from the worst to the best round`,
      left: 8,
    },
    grid: { left: 300, right: 70, top: 60, bottom: 30 },
    // A bar of a hundredth of the longest cannot be read.
    xAxis:
      most / least > 50
        ? { type: 'log', min: Math.max(1, 10 ** Math.floor(Math.log10(least) - 0.3)) }
        : { type: 'value' },
    yAxis: {
      type: 'category',
      inverse: true,
      data: bars.map(({ title }) => title),
      axisLabel: { width: 280, overflow: 'truncate' },
    },
    series: [
      {
        type: 'bar',
        data: bars.map(({ rate }) => rate!.median),
        itemStyle: { color: '#4878a8' },
        label: {
          show: true,
          position: 'right',
          distance: 12,
          formatter: ({ value }: { value: unknown }) => Math.round(Number(value)).toLocaleString('en'),
        },
      },
      {
        type: 'custom',
        z: 3,
        data: bars.map(({ rate }, index) => [index, rate!.least, rate!.most]),
        renderItem: drawSpread,
      },
    ],
  })
}

/** A picture of a chart as echarts describes it, on white. */
export async function drawSvg(height: number, option: EChartsCoreOption): Promise<string> {
  // Of several megabytes, and needed for reports only.
  const { init } = await import('echarts')
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height })
  chart.setOption({ animation: false, backgroundColor: '#ffffff', ...option })
  const svg = chart.renderToSVGString()
  chart.dispose()
  return `${svg}\n`
}

/** A line for each series over the minutes; those of memory, in MB. */
function lineChartOf(title: string, series: readonly Series[]): Promise<string> {
  return drawSvg(380, {
    color: ['#4878a8', '#c8743c', '#5a9a5a'],
    title: { text: title, subtext: 'MB of resident memory, over minutes', left: 8 },
    legend: { top: 12, right: 24, itemGap: 28 },
    grid: { left: 60, right: 40, top: 70, bottom: 40 },
    xAxis: { type: 'value', max: 'dataMax', axisLabel: { formatter: '{value} min' } },
    yAxis: { type: 'value', min: 0 },
    series: series.map(({ title, everySeconds, values }) => ({
      type: 'line',
      name: title,
      showSymbol: false,
      data: values.map((value, index) => [(index * everySeconds) / 60, value]),
    })),
  })
}

const drawSpread: CustomSeriesOption['renderItem'] = (_, api) => {
  const [from, to] = [1, 2].map((dimension) => api.coord([api.value(dimension), api.value(0)]))
  const [[x1, y], [x2]] = [from as [number, number], to as [number, number]]
  return { type: 'line', shape: { x1, y1: y, x2, y2: y }, style: { stroke: '#222222', lineWidth: 2 } }
}
