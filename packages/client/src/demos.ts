import type { components, operations } from './generated/sequencer'
import type { CallOptions } from './options'
import type { Send } from './send'
import type { Query } from './types'

export type DemoReport = components['schemas']['DemoReport']

/** Demonstrations, on a sequence of their own; one runs at a time. */
export const demosOf = (send: Send) => {
  const play =
    <Options extends object>(name: string) =>
    (query: Options, options?: CallOptions) =>
      send<DemoReport>({ method: 'POST', path: `/api/v1/demo/${name}`, query }, options)
  return {
    basic: play<Record<string, never>>('basic'),
    concurrent: play<Query<operations['post_demo_concurrent']>>('concurrent'),
    gaps: play<Record<string, never>>('gaps'),
    loadTest: play<Query<operations['post_demo_load_test']>>('load-test'),
  }
}
