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

  for (const [file, target] of Object.entries(targets))
    tree.write(`monitoring/${target(name)}`, rename(textOf(tree, `${serviceTemplate}/monitoring/${file}`)))

  // Metrics of all services are asked for by a list of what their names begin with.
  const prefixes = services.map((service) => spellingsOf(service.name).snake)
  const [before, after] = [prefixes.filter((each) => each !== spellingsOf(name).snake), prefixes].map(
    (all) => `(${all.join('|')})`,
  )
  for (const file of filesOf(tree, 'monitoring').map((each) => `monitoring/${each}`)) {
    const text = textOf(tree, file)
    if (text.includes(before!)) tree.write(file, text.replaceAll(before!, after!))
  }
}
