/** A trace that shows what was counted in a bucket of a histogram. */
interface Exemplar {
  traceId: string
  value: number
  /** In seconds since 1970. */
  at: number
}

export type Exemplars = ReturnType<typeof createExemplars>

// Of the series of all routes there are far fewer; what a stranger could add ends here.
const mostSeries = 10_000

/**
 * The last recorded trace of each bucket of histograms, for the text in the format of OpenMetrics. prom-client can keep them
 * too, but then takes twice as long for every request, and spoils its registry for the format of Prometheus.
 */
export function createExemplars() {
  const bySeries = new Map<string, Exemplar>()

  return {
    /**
     * Keeps a trace for the bucket that a value falls in.
     *
     * @param labels in the order of the histogram's label names
     */
    keep(
      histogram: { name: string; buckets: readonly number[] },
      labels: Readonly<Record<string, string>>,
      value: number,
      traceId: string,
    ): void {
      const bound = histogram.buckets.find((each) => value <= each) ?? '+Inf'
      const pairs = Object.entries({ le: String(bound), ...labels }).map(
        ([name, text]) => `${name}="${text}"`,
      )
      const series = `${histogram.name}_bucket{${pairs.join(',')}}`
      if (bySeries.size >= mostSeries && !bySeries.has(series)) return
      bySeries.set(series, { traceId, value, at: Date.now() / 1000 })
    },
    of: (series: string) => bySeries.get(series),
  }
}

export const openMetricsType = 'application/openmetrics-text; version=1.0.0; charset=utf-8'

/**
 * The text of a scrape in the format of Prometheus, as that of OpenMetrics with exemplars
 * (https://prometheus.io/docs/specs/om/open_metrics_spec/).
 */
export function toOpenMetrics(text: string, exemplars: Exemplars): string {
  const counters = new Set([...text.matchAll(/^# TYPE (\S+) counter$/gm)].map(([, name]) => name))
  const lines = text.split('\n').flatMap((line) => {
    if (line === '') return []
    if (line.startsWith('# ')) {
      const [, kind, name, ...rest] = line.split(' ')
      // A counter is named without what its samples end with.
      return `# ${kind} ${counters.has(name) ? name!.replace(/_total$/, '') : name} ${rest.join(' ')}`
    }
    const end = line.lastIndexOf(' ')
    const exemplar = exemplars.of(line.slice(0, end))
    if (!exemplar) return line
    const { traceId, value, at } = exemplar
    return `${line} # {trace_id="${traceId}"} ${value} ${at.toFixed(3)}`
  })
  return `${lines.join('\n')}\n# EOF\n`
}
