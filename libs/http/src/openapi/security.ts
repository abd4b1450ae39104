import type { Route } from '../route'
import type { Shared } from './shared'

const token = {
  type: 'http' as const,
  scheme: 'bearer',
  bearerFormat: 'JWT',
  description:
    'Its claim `role` or `roles` has viewer, operator or admin; each may do what those before may.',
}
const apiKey = {
  type: 'apiKey' as const,
  in: 'header' as const,
  name: 'X-API-Key',
  description:
    'For machines: a key has the role operator, or scopes, as `security` names them. It is not rate limited.',
}

/** How callers authenticate. */
export const securitySchemes = ({ takesTokens }: Shared) => ({ ...(takesTokens && { token }), apiKey })

/** Who may call: anyone; any key or token; or a token of the role, or a machine's key where its role is enough. */
export function securityOf(
  { probe, requires, access }: Route,
  { takesTokens }: Shared,
): Record<string, string[]>[] {
  // Probes ask nobody who they are.
  if (probe) return []
  const key = { apiKey: [...(access?.scopes ?? [])] }
  const known = [...(takesTokens ? [{ token: [] }] : []), key]
  if (requires === undefined) return [{}, ...known]
  if (requires === 'caller') return known
  const withToken = { token: [requires] }
  return requires === 'admin' ? [withToken] : [withToken, key]
}

/** What it needs of its caller, for tools that look for it. */
export const accessOf = ({ requires, access }: Route) => ({
  ...(requires && { 'x-required-role': requires }),
  ...(access?.own && { 'x-own-only': 'customer' }),
})
