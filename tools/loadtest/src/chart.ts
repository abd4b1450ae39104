import { drawSvg } from '@ordinal/bench'
import type { Latencies } from './measurements'
import type { Result } from './run'

/** Half of the way to 100 each, as HDR histograms are drawn, four steps a half. */
function percentilesUpTo(count: number): number[] {
  const percentiles = [0]
  for (let step = 1; ; step += 1) {
    const percentile = 100 * (1 - 0.5 ** (step / 4))
    // What is beyond the last request says nothing.
    if ((1 - percentile / 100) * count < 1) return [...percentiles, 100]
    percentiles.push(percentile)
  }
}

/** The latency by percentile, as pairs, with more of them the nearer to 100. */
export const percentilesOf = (latencies: Latencies): [percentile: number, ms: number][] =>
  latencies.count === 0
    ? []
    : percentilesUpTo(latencies.count).map((percentile) => [
        round(percentile),
        // The least that a histogram tells of is above nought.
        latencies.at(Math.max(percentile, 1e-6)),
      ])

const round = (value: number) => Number(value.toFixed(5))

const height = 420
const colors = ['#4878a8', '#c8743c', '#5a9a5a', '#a05195', '#8c6d31', '#666666']

/**
 * Latency by percentile, as SVG: a line for each operation, or for an open loop one from the moment when requests were to
 * be sent, and one from when they were. What is between the two is waiting that only the open loop sees.
 */
export function percentileChartOf(
  title: string,
  { settings, operations, measured }: Pick<Result, 'settings' | 'operations' | 'measured'>,
): Promise<string> {
  const isOpen = settings.perSecond !== undefined
  const lines = isOpen
    ? [
        { name: 'from when it was to be sent', latencies: measured.response },
        { name: 'from when it was sent', latencies: measured.service },
      ]
    : operations.map(({ name, response }) => ({ name, latencies: response }))
  const most = Math.max(2, ...lines.map(({ latencies }) => latencies.count))
  return drawSvg(height, {
    color: colors,
    title: { text: 'Latency in ms, by percentile', subtext: title, left: 8 },
    legend: { bottom: 8, left: 70, itemGap: 28 },
    grid: { left: 70, right: 40, top: 70, bottom: 70 },
    xAxis: {
      type: 'log',
      min: 1,
      max: 10 ** Math.ceil(Math.log10(most)),
      // One request in so many is slower: 1, 10, 100 are 0, 90 and 99 %.
      axisLabel: { formatter: (inverse: number) => `${round(100 * (1 - 1 / inverse))} %` },
    },
    yAxis: { type: 'log', axisLabel: { formatter: (ms: number) => ms.toLocaleString('en') } },
    series: lines.map(({ name, latencies }) => ({
      type: 'line',
      name,
      showSymbol: false,
      data: percentilesOf(latencies).map(([percentile, ms]) => [
        percentile === 100 ? latencies.count : 1 / (1 - percentile / 100),
        ms,
      ]),
    })),
  })
}
