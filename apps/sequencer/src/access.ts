import { may, type Access, type AccessTable, type AskedFields } from '@ordinal/http'
import type { Role } from '@ordinal/middleware'

const asText = (value: unknown) => (typeof value === 'string' ? [value] : [])

/** The sequences of the items of a batch; those that are no valid requests get their own answers. */
const prefixesOf = ({ requests }: AskedFields): string[] =>
  (requests as readonly { value?: { prefix: string } }[]).flatMap(({ value }) => asText(value?.prefix))

const numbers = (
  role: Role,
  scopes: readonly string[],
  names: (fields: AskedFields) => readonly string[] = ({ prefix }) => asText(prefix),
): Access => ({ ...may(role, scopes), target: (fields) => ({ names: names(fields) }) })

const issue = (names?: (fields: AskedFields) => readonly string[]) =>
  numbers('operator', ['numbers:issue'], names)
const change = (names?: (fields: AskedFields) => readonly string[]) =>
  numbers('operator', ['numbers:change'], names)
// Whoever issues in a sequence may see what became of its numbers.
const read = numbers('viewer', ['numbers:read', 'numbers:issue'])
const readRules = may('viewer', ['numbers:read'])
const audit = may('viewer', ['audit:read'])
const operate = may('operator')
const administrate = may('admin')
const diagnose = may('admin', ['diagnostics:read'])
// The services that know the keys, each with a key of its own for that.
const follow = may('admin', ['api-keys:follow'])
const ofAllSites = () => ['GLOBAL']

/** Who may do what here, where authentication is required of all services. */
export const sequencerAccess: AccessTable = {
  'POST /api/v1/next/{prefix}': issue(),
  'GET /api/v1/next/{prefix}': issue(),
  'POST /api/v1/numbers:batch': issue(prefixesOf),
  'POST /v1/sequence': issue(() => ['DEFAULT']),
  'GET /v1/sequence': issue(() => ['DEFAULT']),
  'POST /api/v1/sequence/next': issue(ofAllSites),
  'GET /api/v1/sequence/next': issue(ofAllSites),
  'POST /api/v1/sequence/release': change(ofAllSites),
  'POST /api/v1/numbers/{number}/confirm': change(),
  'POST /api/v1/numbers/{number}/release': change(),
  'POST /api/v1/numbers/{number}/void': change(),
  'GET /api/v1/numbers/{number}': read,
  'GET /api/v1/preview/{prefix}': read,
  'GET /api/v1/status/{prefix}': read,
  'GET /api/v1/gaps/{prefix}': read,
  'GET /api/v1/gaps/{prefix}/map': read,
  'GET /api/v1/sequence/stats': read,
  'GET /api/v1/sequences': readRules,
  'GET /api/v1/sequences/{prefix}': readRules,
  'POST /api/v1/sequences': administrate,
  'PUT /api/v1/sequences/{prefix}': administrate,
  'DELETE /api/v1/sequences/{prefix}': administrate,
  'POST /api/v1/sequences/{prefix}/import': administrate,
  'POST /api/v1/sequences/{prefix}/periods/{period}/close': operate,
  'GET /api/v1/sites': readRules,
  'GET /api/v1/sites/{site_id}': readRules,
  'POST /api/v1/sites': administrate,
  'PUT /api/v1/sites/{site_id}': administrate,
  'DELETE /api/v1/sites/{site_id}': administrate,
  'GET /api/v1/api-keys': administrate,
  'POST /api/v1/api-keys': administrate,
  'GET /api/v1/api-keys/{key_id}': administrate,
  'POST /api/v1/api-keys/{key_id}/rotate': administrate,
  'PUT /api/v1/api-keys/{key_id}': administrate,
  'DELETE /api/v1/api-keys/{key_id}': administrate,
  'GET /api/v1/api-keys:digests': follow,
  'POST /api/v1/api-keys:used': follow,
  'GET /api/v1/audit': audit,
  'GET /api/v1/audit/export': audit,
  'GET /api/v1/audit/verify': audit,
  'POST /api/v1/audit/verify': audit,
  'GET /api/v1/audit/checkpoints': audit,
  'GET /api/v1/audit/keys': audit,
  'GET /api/v1/stream': audit,
  'GET /api/v1/diagnostics': diagnose,
  'POST /api/v1/demo/basic': operate,
  'POST /api/v1/demo/concurrent': operate,
  'POST /api/v1/demo/gaps': operate,
  'POST /api/v1/demo/load-test': operate,
  'sequential.SequentialIDService/GetNext': issue(),
  'sequential.SequentialIDService/GetNextBatch': issue(),
  'sequential.SequentialIDService/GetNextForEach': issue(prefixesOf),
  'sequential.SequentialIDService/GetStatus': read,
  'sequential.SequentialIDService/Confirm': change(),
  'sequential.SequentialIDService/Release': change(),
}
