export { createCutProxy, type CutMoment, type CutProxy } from './cut-proxy'
export {
  createTestDatabase,
  createTestRole,
  createTestTemplate,
  type TestDatabase,
  type TestRole,
} from './postgres'
export { startTestPostgres, type PostgresSettings, type TestPostgres } from './test-server'
