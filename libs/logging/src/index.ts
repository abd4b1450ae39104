export { createLogger, type ClosableLogger, type Logger } from './logger'
export { createLineBounds } from './line-bounds'
export { redact } from './redact'
export { logChanges } from './log-changes'
