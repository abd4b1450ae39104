import type { Tree } from '@nx/devkit'
import { spellingsOf } from '../names'
import { edit, readServices, textOf } from '../workspace/services'
import { filesOf, serviceTemplate } from '../workspace/template'
import { addEntry } from '../workspace/text'

const targets: Record<string, (name: string) => string> = {
  'dashboard.json': (name) => `grafana/dashboards/${name}.json`,
  'rules.yml': (name) => `rules/${name}.rules.yml`,
  'rules.test.yml': (name) => `rules/${name}.test.yml`,
}

/** Has a service scraped, gives it a board and an alert, and adds it to the boards and alerts of all. */
export function enterInMonitoring(tree: Tree, name: string, rename: (text: string) => string): void {
  const services = readServices(tree)
  const { port } = services.find((service) => service.name === name)!
  const job = `  - job_name: ${name}\n    static_configs:\n      - targets: ['${name}:${port}']\n`
  edit(tree, 'monitoring/prometheus.yml', (text) => addEntry(text, 'scrape_configs', job, false))

  // The address of a part of a page is written without hyphens and capitals.
  const own = spellingsOf(name).pascal.toLowerCase()
  for (const [file, target] of Object.entries(targets)) {
    const text = rename(textOf(tree, `${serviceTemplate}/monitoring/${file}`))
    tree.write(`monitoring/${target(name)}`, text.replaceAll('#sampleservice', `#${own}`))
  }

  // Metrics of all services are asked for by a list of what their names begin with, or of their jobs.
  const others = services.filter((service) => service.name !== name)
  const lists = [(of: string) => spellingsOf(of).snake, (of: string) => of].map((spelled) =>
    [others, services].map((all) => `(${all.map((each) => spelled(each.name)).join('|')})`),
  )
  for (const file of filesOf(tree, 'monitoring').map((each) => `monitoring/${each}`)) {
    const text = textOf(tree, file)
    const entered = lists.reduce((so, [before, after]) => so.replaceAll(before!, after!), text)
    if (entered !== text) tree.write(file, entered)
  }
}
