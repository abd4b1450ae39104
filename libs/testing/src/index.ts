export { createApiClient, documentOf, type ApiAnswer, type ApiClient } from './api-client'
export { createAuthority, type Authority, type Credentials } from './authority'
export { createCertificateFolder } from './certificate-folder'
export { callersOf, hostileCallers, type TestCallers } from './callers'
export { describedAnswers } from './described-answers'
export { createBadDisk, type BadDisk } from './bad-disk'
export { createCutProxy, proxyBefore, type CutMoment, type CutProxy } from './cut-proxy'
export { everythingIn } from './everything-in'
export { createGrpcClient, type CallOptions, type GrpcAnswer, type GrpcClient } from './grpc-client'
export { askReflection, protosByReflection } from './grpc-reflection'
export { inspectLedger, type LedgerReport } from './ledger-proof'
export { chainHash, type ChainedBatch, type ChainedRow } from './ledger-chain'
export { collectLog } from './log-lines'
export {
  createTestDatabase,
  createTestRole,
  createTestTemplate,
  sharedTestRole,
  type TestDatabase,
} from './postgres'
export { ownAddress, ownPort } from './own-address'
export { readProfile, type Frame } from './read-profile'
export { isAlive, startProgram } from './program'
export { comparable, comparableText, patternOf, stepsOf, targetsNotRunHere, type Step } from './readme-steps'
export { startTestPostgres, type TestPostgres } from './test-server'
export { startTestPgbouncer, type TestPgbouncer } from './test-pgbouncer'
export { hasRedis, startTestRedis, type TestRedis } from './test-redis'
export { startTraceCollector, type CollectedSpan, type TraceCollector } from './trace-collector'
export { until } from './until'
export { changesSeen, changeSubject, nthChange, subjectsTable, type ChangeSeen } from './subjects'
export { tableShapes } from './table-shapes'
export { withPgbouncer } from './with-pgbouncer'
export { withRedis } from './with-redis'
