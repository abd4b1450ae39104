export const samplerNames = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const

export type SamplerName = (typeof samplerNames)[number]

/** Decides whether a trace is recorded, from its id and the flags of its caller: undefined if there is none. */
export type Sampler = (traceId: string, callersFlags: string | undefined) => boolean

/**
 * The sampler of a name that OTEL_TRACES_SAMPLER may have.
 *
 * @param ratio which part of all traces is recorded, for those with `traceidratio`. All services of a system that have the
 *   same come to the same decision for a trace, since it follows from the trace's id
 */
export function samplerOf(name: SamplerName, ratio: number): Sampler {
  const parentBased = name.startsWith('parentbased_')
  const root = name.replace('parentbased_', '')
  const decide: Sampler =
    root === 'always_on'
      ? () => true
      : root === 'always_off'
        ? () => false
        : (traceId) => isInRatio(traceId, ratio)
  if (!parentBased) return decide
  return (traceId, callersFlags) =>
    callersFlags === undefined ? decide(traceId, undefined) : isSampledFlag(callersFlags)
}

/** Whether the flags of a traceparent say that its caller records the trace. */
const isSampledFlag = (flags: string): boolean => (parseInt(flags, 16) & 1) === 1

// W3C Trace Context, level 2: these are random in every id. A number holds 52 bits of them exactly.
const randomDigits = 13

const isInRatio = (traceId: string, ratio: number): boolean =>
  parseInt(traceId.slice(-randomDigits), 16) < ratio * 16 ** randomDigits
