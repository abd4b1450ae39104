import { askedBy, type Selector } from './promql'
import type { Prometheus } from './prometheus'

interface Expectations {
  /** Whether it must have had a value that is a number; otherwise only all it asks for must be there. */
  data: boolean
  /** Labels that its result must have, because a legend shows them. */
  labels?: string[]
}

/** What is wrong with a query, as seen by a Prometheus that has scraped the services for a while. */
export async function faultsOf(
  prometheus: Prometheus,
  query: string,
  expected: Expectations,
): Promise<string[]> {
  const { selectors, groupings } = askedBy(query)
  const faults: string[] = []
  const known = new Set<string>()
  for (const selector of selectors) {
    const series = await prometheus.series(selector.text)
    faults.push(...missingFrom(series, selector))
    for (const name of series.flatMap((labels) => Object.keys(labels))) known.add(name)
  }
  for (const label of groupings) if (!known.has(label)) faults.push(`no metric has the label ${label}`)

  const result = await prometheus.values(query)
  const hasNumber = result.some(({ values }) => values.some(([, value]) => value !== 'NaN'))
  if (expected.data && !hasNumber) faults.push('it has given no value')
  for (const label of expected.labels ?? []) {
    if (result.some(({ metric }) => metric[label] === undefined))
      faults.push(`its result has no label ${label}`)
  }
  return faults.map((fault) => `${query}: ${fault}`)
}

function missingFrom(series: Record<string, string>[], { text, names, labels }: Selector): string[] {
  if (series.length === 0) return [`there is no ${text}`]
  const absent = names.filter((name) => !series.some((labels) => labels.__name__ === name))
  // A matcher on a label that is not there may match everything, or nothing.
  const unknown = labels.filter((label) => !series.some((of) => of[label] !== undefined))
  return [
    ...absent.map((name) => `there is no ${name} in ${text}`),
    ...unknown.map((label) => `${text} has no label ${label}`),
  ]
}
