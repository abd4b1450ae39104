export { createApiClient, type ApiAnswer, type ApiClient } from './api-client'
export { createBadDisk, type BadDisk } from './bad-disk'
export { createCutProxy, type CutMoment, type CutProxy } from './cut-proxy'
export { describedAnswers, type Answer } from './described-answers'
export { type ApiDocument } from './described-operation'
export { createGrpcClient, type CallOptions, type GrpcAnswer, type GrpcClient } from './grpc-client'
export { inspectLedger, type LedgerReport, type LedgerStep } from './ledger-proof'
export { chainHash, type ChainedBatch, type ChainedRow } from './ledger-chain'
export { collectLog } from './log-lines'
export {
  createTestDatabase,
  createTestRole,
  createTestTemplate,
  type TestDatabase,
  type TestRole,
} from './postgres'
export { ownAddress, ownPort } from './own-address'
export { readProfile, type Frame, type Sample } from './read-profile'
export { isAlive, startProgram } from './program'
export { comparable, comparableText, patternOf, stepsOf, targetsNotRunHere, type Step } from './readme-steps'
export { startTestPostgres, type PostgresSettings, type TestPostgres } from './test-server'
export { hasPgbouncer, startTestPgbouncer, type TestPgbouncer } from './test-pgbouncer'
export { hasRedis, startTestRedis, type TestRedis } from './test-redis'
export { until } from './until'
export { withPgbouncer } from './with-pgbouncer'
