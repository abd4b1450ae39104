import { join } from 'node:path'
import { listedServices } from '@ordinal/system-tests'
import { dashboards, queriesOf, type Panel } from '../src/dashboards'
import { folder, textOf } from '../src/monitoring'

const all = dashboards()
const shown = ({ panels }: (typeof all)[number]) => panels.filter(({ type }) => type !== 'row')

test('there is one for services, sequencer, orders, databases and processes, objectives, and each further service', () => {
  const files = [
    'databases-and-processes.json',
    'objectives.json',
    'orders.json',
    'sequencer.json',
    'services.json',
  ]
  const own = listedServices
    .map(({ name }) => name)
    .filter((name) => !['user-service', 'order-service', 'sequencer'].includes(name))
  expect(all.map(({ file }) => file).sort()).toEqual([...files, ...own.map((name) => `${name}.json`)].sort())
  expect(new Set(all.map(({ uid }) => uid)).size).toBe(all.length)
})

describe.each(all.map((dashboard) => [dashboard.file, dashboard] as const))('%s', (_, dashboard) => {
  test('each panel has a title, a description, a unit and a query', () => {
    for (const panel of shown(dashboard)) {
      expect(panel).toMatchObject({
        title: expect.stringMatching(/./),
        description: expect.stringMatching(/\.$/),
      })
      expect(panel.options?.yAxis?.unit ?? panel.fieldConfig?.defaults.unit).toMatch(/./)
      expect(panel.targets?.length).toBeGreaterThan(0)
    }
  })

  test('all queries go to the provisioned datasource', () => {
    const provisioned = textOf(join(folder, 'grafana/provisioning/datasources/prometheus.yml'))
    const { panels, templating, annotations } = dashboard
    const sources = [
      ...shown(dashboard),
      ...panels.flatMap(({ targets = [] }) => targets),
      ...templating.list,
      ...annotations.list,
    ]
    for (const { datasource } of sources) {
      expect(datasource).toEqual({ type: 'prometheus', uid: 'prometheus' })
      expect(provisioned).toContain(`uid: ${datasource!.uid}\n`)
    }
  })

  test('panels have ids of their own, and do not overlap', () => {
    const { panels } = dashboard
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
    const pairs = panels.flatMap((one, index) =>
      panels.slice(index + 1).map((other) => [one, other] as const),
    )
    expect(
      pairs.filter(([one, other]) => overlap(one, other)).map((pair) => pair.map(({ title }) => title)),
    ).toEqual([])
    for (const { gridPos } of panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24)
  })

  test('rates are taken over $__rate_interval, and quantiles of buckets', () => {
    for (const { expr } of dashboard.panels.flatMap(({ targets = [] }) => targets)) {
      for (const [, range] of expr.matchAll(/\[(.+?)\]/g))
        expect(['$__rate_interval', '$__range']).toContain(range)
      if (expr.includes('histogram_quantile'))
        expect(expr).toMatch(/sum by \([^)]*\ble\) \(rate\([^[]*_bucket/)
    }
  })

  test('each variable is used, and each that is used is there', () => {
    const { panels, templating } = dashboard
    const text = JSON.stringify([panels, templating.list.map(({ definition }) => definition)])
    const used = new Set([...text.matchAll(/\$([a-z]\w*)/g)].map(([, name]) => name))
    expect([...used].sort()).toEqual(templating.list.map(({ name }) => name).sort())
    expect(queriesOf(dashboard).length).toBeGreaterThan(panels.length / 2)
  })
})

function overlap({ gridPos: a }: Panel, { gridPos: b }: Panel): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h
}
