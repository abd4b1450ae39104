import { ratio, type MeasuredComparison, type Suite } from '../instrument/suite'
import { load, post, requireSuccess } from '../load'
import type { Contestant } from '../stage'

const connections = 64
const one = post('/api/v1/next/SG')

/** A sequencer, and what was seen of it in each round. */
interface Traced {
  name: string
  title: string
  service: Contestant
  /** Processor time of a number, in milliseconds. */
  cpuMs: number[]
}

/** What it costs to record traces: the shortest request that there is, so that a span weighs most. */
export const tracing: Suite = {
  name: 'tracing',
  title: `Issuing numbers with traces, ${connections} connections`,
  counts: 'numbers',
  services: ['sequencer'],

  async open(stage) {
    // A process of its own, which answers 200 to whatever it is sent.
    const collector = await stage.startConstant('node')
    const endpoint = `http://127.0.0.1:${collector.port}`
    const start = async (name: string, title: string, sampler: Record<string, string>): Promise<Traced> => ({
      name,
      title,
      service: await stage.startSequencer(`tracing_${name}`, sampler),
      cpuMs: [],
    })
    const all = [
      await start('off', 'without tracing', {}),
      await start('sampled', 'one of a hundred traces recorded', {
        OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
        OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
        OTEL_TRACES_SAMPLER_ARG: '0.01',
      }),
      await start('full', 'all traces recorded', { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }),
    ]
    return {
      competitors: all.map(({ name, title, service, cpuMs }) => ({
        name,
        title,
        async turn(seconds: number) {
          const before = service.cpuMs()
          const turn = await load([service.port], () => one, connections, seconds)
          requireSuccess(title, turn)
          const after = service.cpuMs()
          if (before !== undefined && after !== undefined) cpuMs.push((after - before) / turn.requests)
          return turn
        },
      })),
      comparisons: [
        ratio('one of a hundred traces, against none', 'sampled', 'off', { must: 0.95 }),
        ratio('all traces, against none', 'full', 'off', { must: 0.7 }),
      ],
      finish() {
        const [off, sampled, full] = all.map(({ cpuMs }) => cpuMs)
        return Promise.resolve({
          comparisons: [
            cpuRatio('numbers for the same processor time, one of a hundred traces', off!, sampled!, 0.95),
            cpuRatio('numbers for the same processor time, all traces', off!, full!, 0.7),
          ],
        })
      },
    }
  },
}

/** How many times as much is done for the same processor time. The first turn warms up. */
const cpuRatio = (
  title: string,
  without: readonly number[],
  traced: readonly number[],
  must: number,
): MeasuredComparison => ({
  title,
  unit: 'ratio',
  must,
  values: without.slice(1).map((cpuMs, round) => cpuMs / traced[round + 1]!),
})
