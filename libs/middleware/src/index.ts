export {
  decide,
  dependsOnTarget,
  isHiddenFrom,
  requireAccess,
  requireStaff,
  whoIs,
  type AccessRule,
  type AccessTarget,
  type Decision,
  type Who,
} from './access'
export { accessLog } from './access-log'
export { plainBasePath, withoutBasePath } from './base-path'
export { clientAddress, plainAddress } from './client-address'
export {
  callerIdentifier,
  identifyCaller,
  isCallerName,
  knownScopes,
  parseApiKey,
  type ApiKey,
  type Identify,
  type ManagedKeys,
} from './auth'
export { addCommonHeaders, type CommonHeaders } from './common-headers'
export { allowOrigins } from './cors'
export { errorHandler, errorReporter, type ReportError, type TranslateError } from './error-handler'
export { hasUnseen, looksLike } from './look-alikes'
export { inOrder } from './in-order'
export { BoundedRateLimiterMemory } from './bounded-counters'
export { parseJsonBody } from './json-body'
export { jsonBoundsFault, jsonBoundsFor } from './json-bounds'
export { methodNotAllowed, routeNotFound } from './not-found'
export { observeRequests } from './metrics'
export { requireOwnSite } from './own-site'
export { alsoWhenRefused, clientOf, rateLimit, rateLimiter, type RateLimiter } from './rate-limit'
export { checkHead } from './request-head'
export { anonymous, newContext, requestContext, requestIdPattern, type RequestContext } from './request-id'
export { createRefusalLog, type RefusalLog } from './refusal-log'
export { callerRoles, roles, type CallerRole, type Requirement, type Role } from './caller-roles'
export { requireRole } from './roles'
export { eventFields, notePersonalData } from './security-events'
export { securityHeaders } from './security-headers'
export { type RoleName } from './role-claims'
export { traceRequests } from './trace-request'
export { tokenVerifier, type TokenSettings } from './tokens'
export { validated } from './validate'
