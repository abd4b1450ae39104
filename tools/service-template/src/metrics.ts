import { Counter, Gauge, type Registry } from 'prom-client'
import type { Queryable } from '@ordinal/database'
import { estimateDemoWidgets } from './demo-widgets/queries'

/**
 * The metrics of the sample service, besides those of any service.
 *
 * @param db answers soon, or fails: a scrape waits for it
 */
export function createSampleServiceMetrics(registry: Registry, db: Queryable) {
  const registers = [registry]
  new Gauge({
    name: 'sample_service_demo_widgets',
    help: 'About how many demo widgets there are; every instance shows all of them. NaN if the database does not answer',
    registers,
    async collect() {
      this.set(await estimateDemoWidgets(db).catch(() => NaN))
    },
  })
  const created = new Counter({
    name: 'sample_service_demo_widgets_created_total',
    help: 'Demo widgets that this instance created',
    registers,
  })
  return { created: () => created.inc() }
}
