import { basename } from 'node:path'
import { dashboardFiles, textOf } from './monitoring'

/** What is read of a dashboard of Grafana. */
export interface Dashboard {
  file: string
  uid: string
  title: string
  tags: string[]
  panels: Panel[]
  templating: { list: { name: string; definition: string; datasource: Datasource }[] }
  annotations: { list: { expr: string; datasource: Datasource }[] }
}

export interface Panel {
  id: number
  type: string
  title: string
  description?: string
  gridPos: { x: number; y: number; w: number; h: number }
  datasource?: Datasource
  fieldConfig?: { defaults: { unit?: string } }
  options?: { yAxis?: { unit?: string } }
  targets?: { expr: string; legendFormat: string; refId: string; datasource: Datasource }[]
}

interface Datasource {
  type: string
  uid: string
}

/** A query as Prometheus takes it, and the labels that its legend shows. */
interface DashboardQuery {
  where: string
  query: string
  labels: string[]
}

export const dashboards = (): Dashboard[] =>
  dashboardFiles().map((file) => ({
    file: basename(file),
    ...(JSON.parse(textOf(file)) as Omit<Dashboard, 'file'>),
  }))

/** All queries of a dashboard: of its panels, its variables and its annotations. */
export function queriesOf({ panels, templating, annotations }: Dashboard): DashboardQuery[] {
  return [
    ...panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ expr, legendFormat }) => ({
        where: title,
        query: filledIn(expr),
        labels: labelsIn(legendFormat),
      })),
    ),
    ...templating.list.map(({ name, definition }) => ({ where: `$${name}`, ...labelValues(definition) })),
    ...annotations.list.map(({ expr }) => ({ where: 'annotation', query: expr, labels: [] })),
  ]
}

/** `label_values(up{job="a"}, instance)` asks for the label `instance` of `up{job="a"}`. */
function labelValues(definition: string): { query: string; labels: string[] } {
  const { query, label } = /^label_values\((?<query>.+), (?<label>\w+)\)$/.exec(definition)?.groups ?? {}
  if (!query) throw new Error(`${definition} is not label_values(…, label)`)
  return { query: filledIn(query), labels: [label!] }
}

const labelsIn = (legend: string) => [...legend.matchAll(/\{\{\s*(\w+)\s*\}\}/g)].map(([, label]) => label!)

/** What Grafana puts in: all services, all instances, and ranges that suit a scrape every second. */
function filledIn(query: string): string {
  const filled = query
    .replaceAll('$__rate_interval', '4s')
    .replaceAll('$__range', '1m')
    .replace(/\$(job|instance)\b/g, '.+')
  if (filled.includes('$')) throw new Error(`Nothing is known to put in for a variable of ${query}`)
  return filled
}
