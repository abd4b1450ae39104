export { createLogger, type ClosableLogger, type Logger } from './logger'
export { redact } from './redact'
export { logChanges } from './log-changes'
