import type { GrpcService } from '@ordinal/grpc'
import type { Route } from '@ordinal/http'

/** The same routes, for callers that identify themselves. */
export const routesForKnownCallers = <R extends Route>(routes: readonly R[]): R[] =>
  routes.map(forKnownCallers)

/** The same calls over gRPC, likewise. */
export const callsForKnownCallers = (service: GrpcService): GrpcService => ({
  ...service,
  methods: Object.fromEntries(
    Object.entries(service.methods).map(([name, method]) => [name, forKnownCallers(method)]),
  ),
})

/** What asks for a role goes on asking for it. */
const forKnownCallers = <Asking extends Pick<Route, 'requires'>>(asking: Asking): Asking => ({
  ...asking,
  requires: asking.requires ?? 'caller',
})
