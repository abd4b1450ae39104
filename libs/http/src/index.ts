export {
  accessModeOf,
  accessVariables,
  faultsOfAccess,
  guarded,
  guardRoutes,
  may,
  mayOwn,
  operationOf,
  type Access,
  type AccessMode,
  type AccessPolicy,
  type AccessTable,
  type AskedFields,
} from './access-table'
export { itemsOf, type ItemAnswer, type ReadItem, type RunItems } from './batch'
export type { Workload } from './bulkheads'
export { etagOf, versionsIn } from './conditions'
export { cursorsOf, cursorText } from './cursors'
export { createGate } from './gate'
export type { GrpcChassis, GrpcServer } from './grpc'
export { escapeHtml, htmlPage } from './html'
export { createHttpService } from './http-service'
export { httpVariables, type HttpSettings } from './http-settings'
export { jsonSchemaOf } from './openapi/json-schema'
export * from './lists'
export { watchMainWork } from './main-work'
export type { OpenApiDocument } from './openapi/document'
export { route, type Call, type Route } from './route'
export * from './schemas'
export type { PublishedSchema } from './schema-routes'
export { serveRoutes } from './serve-routes'
export { createServer, type Server } from './server/server'
export { sharedFor } from './shared-for'
export { faultsOfAuthentication, faultsOfTokens, tokenVariables } from './token-settings'
export { serveTls, tlsOptions, transportOf, type ServerTls } from './tls/serve-tls'
export { callTlsVariables, faultsOfCallTls, faultsOfTls, type CallTlsSettings } from './tls/tls-settings'
export { certificatesOfCalls, watchCertificates } from './tls/watch-certificates'
export type { Upload } from './upload'
export type { StaticSite } from './static-site'
