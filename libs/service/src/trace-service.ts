import type { Logger } from '@ordinal/logging'
import { createTracing, type Tracing, type TracingSettings } from '@ordinal/tracing'
import { version } from '../../../package.json'

/** Records the traces of a service, if its settings say so. */
export const traceService = (name: string, settings: TracingSettings, log: Logger): Tracing | undefined =>
  createTracing({ name, version, settings, log })
