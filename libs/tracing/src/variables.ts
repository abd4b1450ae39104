import { httpUrl, variable } from '@ordinal/config'
import { z } from 'zod'
import { samplerNames } from './sampler'

const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const headerValue = /^[\x20-\x7e]*$/

const headers = z.string().transform((text, context) => {
  const pairs = text.split(',').filter((pair) => pair.trim() !== '')
  const parsed = pairs.map((pair) => {
    const [name, ...value] = pair.split('=')
    return [name!.trim(), value.length > 0 ? decoded(value.join('=').trim()) : '\n'] as const
  })
  if (parsed.every(([name, value]) => headerName.test(name) && headerValue.test(value)))
    return Object.fromEntries(parsed)
  context.addIssue('must be headers such as name=value, separated by commas')
  return z.NEVER
})

const ratio = z.string().transform((text, context) => {
  const value = Number(text)
  if (text.trim() !== '' && value >= 0 && value <= 1) return value
  context.addIssue('must be a number from 0 to 1')
  return z.NEVER
})

/** The variables of tracing, which all services share: OpenTelemetry's own names. */
export function tracingVariables() {
  return {
    otlpEndpoint: variable('OTEL_EXPORTER_OTLP_ENDPOINT', httpUrl(), {
      description:
        'Collector that traces are exported to, over OTLP/HTTP; without it tracing is off, and costs nothing',
      optional: true,
      example: 'http://localhost:4318',
    }),
    otlpHeaders: variable('OTEL_EXPORTER_OTLP_HEADERS', headers, {
      description: 'Headers for the collector, such as a key: name=value, separated by commas',
      optional: true,
      secret: true,
      example: 'x-collector-key=a-long-random-text',
    }),
    tracesSampler: variable('OTEL_TRACES_SAMPLER', z.enum(samplerNames), {
      description: `Which traces are recorded: ${samplerNames.join(', ')}. Those that are based on the parent do as the caller's traceparent says, so a caller decides`,
      default: 'parentbased_always_on',
    }),
    tracesSamplerRatio: variable('OTEL_TRACES_SAMPLER_ARG', ratio, {
      description: 'Which part of traces the samplers by ratio record, from 0 to 1',
      default: 1,
    }),
  }
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}
