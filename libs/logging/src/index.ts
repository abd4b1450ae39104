export { createLogger, type ClosableLogger, type Logger, type LoggerOptions } from './logger'
export { redact } from './redact'
export { tellChanges } from './tell-changes'
