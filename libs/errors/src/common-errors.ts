import type { ErrorKind, ErrorTable } from './table'

/** Keeps the codes as literal types while checking every row. */
const table = <Code extends string>(rows: Record<Code, ErrorKind>): ErrorTable<Code> => rows

/** The errors that any service can answer. What belongs to one service is in its own table: see `defineErrors`. */
export const commonErrors = table({
  malformed_request: {
    status: 400,
    title: 'The request is not HTTP',
    cause:
      'The request line, a header or the framing of the body breaks the rules of HTTP, or Host is missing, repeated or not a host.',
    remedy: 'Look at what the client and the proxies before the service really send.',
    example: 'Parse Error: Invalid header token',
  },
  host_not_allowed: {
    status: 421,
    title: 'The request is for another host',
    cause:
      'The header Host, or a target that is a whole URL, has a name that this service is not known by. With DNS rebinding a page of another site has its own name resolve to the address of a service, to read what only its visitors can reach.',
    remedy:
      'Call the service by one of its names or its IP address. Operators list its names in ALLOWED_HOSTS.',
    example: 'This service is not known as numbers.example.com: operators list it in ALLOWED_HOSTS',
  },
  cross_site_request: {
    status: 403,
    title: 'A page of another site has sent this',
    cause:
      'A browser says, or leaves open, that a page of another site sends this request, or sends it ahead of its user; and the request changes something.',
    remedy:
      'Programs: use POST, and leave out Origin, Referer and the User-Agent of a browser. For pages of another site, operators list its origin in CORS_ORIGINS.',
    example: 'A browser has sent this for a page of another site (Sec-Fetch-Site is cross-site)',
  },
  expectation_failed: {
    status: 417,
    title: 'What the header Expect asks for is not known',
    cause: 'The header Expect has something else than 100-continue.',
    remedy: 'Leave the header out.',
    example: 'Expect is "200-ok"; only 100-continue is known',
  },
  condition_not_supported: {
    status: 400,
    title: 'The route does not evaluate this condition',
    cause:
      'The request has If-Match, If-None-Match or If-Unmodified-Since, and the route does not look at it. Ignoring it could overwrite what it protects.',
    remedy:
      'Leave the header out, or use what the route takes: If-Match where it is documented, If-None-Match on a GET, Idempotency-Key for a request that must not happen twice.',
    example: 'POST /api/v1/orders does not evaluate If-Match',
  },
  headers_too_large: {
    status: 431,
    title: 'The headers are too large',
    cause: 'The request line and the headers are larger than this service accepts.',
    remedy: 'Send fewer or shorter headers and query parameters.',
    example: 'The headers have more than 16384 bytes',
  },
  malformed_json: {
    status: 400,
    title: 'The body is not valid JSON',
    cause: 'The body could not be parsed as JSON, is not an object, is not UTF-8, or has a field twice.',
    remedy: 'Send one JSON object in UTF-8, with double quotes, no trailing comma and each field once.',
    example: 'Unexpected token } in JSON at position 17',
  },
  json_too_complex: {
    status: 400,
    title: 'The body is nested too deeply, or has too many fields',
    cause:
      'The JSON of the body has more than 32 objects and lists within each other, or more than one field or element for every ten bytes of BODY_LIMIT_BYTES (10,240 with the default). It is refused before it is parsed.',
    remedy:
      'Send what the schema in /openapi.json has, which is at most a few levels deep; divide a long list over several requests.',
    example: 'More than 32 objects and lists within each other, at character 161',
  },
  malformed_message: {
    status: 400,
    title: 'The message is not what the method takes',
    cause: 'The bytes of a gRPC message could not be decoded as the message that the method takes.',
    remedy: 'Make the client from the .proto file of this service, or from its reflection.',
    example: 'The message cannot be decoded',
  },
  malformed_url: {
    status: 400,
    title: 'The URL cannot be read',
    cause: 'The path or the query has a percent sign that does not begin a valid escape.',
    remedy: 'Percent-encode the values that you put into the URL.',
    example: 'The path /api/v1/users/%zz cannot be decoded',
  },
  validation_failed: {
    status: 400,
    title: 'The request does not fit the schema',
    cause: 'A field is missing, has the wrong type, is out of range, or is not known.',
    remedy: 'Correct the fields that `errors` names; /openapi.json has the schema of every request.',
    example: 'body.age: must be a whole number of at least 0',
  },
  invalid_id: {
    status: 400,
    title: 'The id is not valid',
    cause: 'An id in the path is no whole number between 1 and 9007199254740991.',
    remedy: 'Use the id as it was answered when the resource was created.',
    example: '"abc" is not an id: ids are whole numbers from 1',
  },
  invalid_idempotency_key: {
    status: 400,
    title: 'The Idempotency-Key is not valid',
    cause:
      'The Idempotency-Key header is empty, longer than 255 characters, or has characters outside of visible ASCII.',
    remedy: 'Send a UUID, bare or in double quotes.',
    example: 'Idempotency-Key has 300 characters; at most 255 are allowed',
  },
  body_too_large: {
    status: 413,
    title: 'The body is too large',
    cause: 'The body is larger than this service accepts.',
    remedy: 'Send a smaller body.',
    example: 'The body has more than 102400 bytes',
  },
  unsupported_media_type: {
    status: 415,
    title: 'The media type is not supported',
    cause:
      'The body is not declared as a media type that the route takes, in UTF-8, or its Content-Encoding is not known.',
    remedy:
      'Send one of the media types that /openapi.json has for the route: for most application/json, for a PATCH also application/merge-patch+json, as Accept-Patch says.',
    example: 'Content-Type is text/plain; application/json is expected',
  },
  route_not_found: {
    status: 404,
    title: 'There is nothing at this path',
    cause: 'No route of this service has this path.',
    remedy: 'Compare the path with /docs.',
    example: 'There is nothing at /api/v1/user',
  },
  method_not_allowed: {
    status: 405,
    title: 'The method is not allowed here',
    cause: 'The path exists, but not for this method.',
    remedy: 'Use one of the methods in the Allow header.',
    example: 'PATCH is not allowed at /api/v1/users; allowed: GET, POST',
  },
  request_timeout: {
    status: 408,
    title: 'The request took too long to arrive',
    cause: 'The body was not received in full within the time limit, or the connection was cut.',
    remedy: 'Send the request again.',
    example: 'The body did not arrive in full',
  },
  deadline_exceeded: {
    status: 504,
    title: 'The deadline has passed',
    cause: 'The deadline that the caller set, or the longest that a call may take, passed before the answer.',
    remedy:
      'It is not known whether the call took effect: send it again with its idempotency key, and more time.',
    example: 'There is no answer after 30000 ms',
  },
  caller_gone: {
    status: 499,
    title: 'The caller has disconnected',
    cause: 'The connection was closed before the answer, and what had not been done by then was not begun.',
    remedy: 'Send the request again, with its Idempotency-Key, and wait longer.',
    example: 'The caller has disconnected',
  },
  rate_limited: {
    status: 429,
    title: 'Too many requests',
    cause: 'This client has sent more requests than its limit allows.',
    remedy: 'Wait as long as Retry-After says. The RateLimit headers of every answer tell what is left.',
    example: 'More than 100 requests in a second; try again in 1 s',
  },
  idempotency_key_reused: {
    status: 422,
    title: 'The Idempotency-Key was used for another request',
    cause: 'A request with this key was already answered, and it was not the same request.',
    remedy: 'Use a new key for a new request; repeat a request unchanged to get its answer again.',
    example: 'The key "8f14e45f" belongs to another request',
  },
  idempotency_key_erased: {
    status: 410,
    grpc: 'FAILED_PRECONDITION',
    title: 'What the Idempotency-Key stands for was erased',
    cause:
      'The request with this key was answered, and the person whom it was about has been erased since, with the answer.',
    remedy: 'Do not repeat the request. To create that person again, where you may, use a new key.',
    example: 'What the key "8f14e45f" stands for was erased',
  },
  idempotency_key_in_use: {
    status: 409,
    // The caller may try again.
    grpc: 'ABORTED',
    title: 'A request with this Idempotency-Key is under way',
    cause: 'The first request with this key has not been answered yet.',
    remedy: 'Wait as long as Retry-After says, then send the same request again.',
    example: 'The request with the key "8f14e45f" is still under way',
  },
  invalid_api_key: {
    status: 401,
    title: 'The API key is not valid',
    cause:
      'The X-API-Key header has a key that this service does not know, or that has expired or was revoked.',
    remedy:
      'Send a key that is listed in API_KEYS, or that an administrator made with POST /api/v1/api-keys of the sequencer: it is known within seconds, at other services where API_KEYS_URL is set. Or leave the header out.',
    example: 'X-API-Key holds no key that this service knows',
  },
  authentication_required: {
    status: 401,
    title: 'This needs a key or a token',
    cause:
      'The route needs a role, or any key or token, and the request has none; or the service has nothing to check tokens by.',
    remedy:
      'Send X-API-Key where the detail says that a key is enough, or Authorization: Bearer with a token of that role (make token ROLE=admin prints one for the local stack). Operators set JWT_SECRET or JWKS_URL for tokens, and API_KEYS or API_KEYS_URL for keys.',
    example: 'This needs the role admin: send a token as Authorization: Bearer',
  },
  invalid_token: {
    status: 401,
    title: 'The token is not valid',
    cause:
      'The token in the Authorization header has expired, is for another audience or of another issuer, has no exp or sub, or is not signed by a key that this service trusts.',
    remedy: 'Get a new token; the detail says what is wrong with this one.',
    example: 'The token is refused: it has expired',
  },
  role_too_low: {
    status: 403,
    title: 'The role does not suffice',
    cause:
      'The caller is known, and has not the role that the route needs: viewer, operator or admin; customers may do little, and only for their own user.',
    remedy: 'Ask somebody with that role, or get a token whose claim role or roles has it.',
    example: 'This needs the role admin; ada has viewer',
  },
  scope_missing: {
    status: 403,
    title: 'The scopes of the key do not suffice',
    cause:
      'The API key is limited to scopes, and none of them is one that the route needs, for what the request names.',
    remedy:
      'Use a key that has the scope: operators can add it to the entry in API_KEYS; the scopes of a key that an administrator made stay, so have another made with POST /api/v1/api-keys of the sequencer.',
    example: 'This needs the scope orders:write; the key of shop has another, or has it for something else',
  },
  token_keys_unavailable: {
    status: 503,
    title: 'Tokens cannot be checked at the moment',
    cause: 'The identity provider at JWKS_URL does not give its keys.',
    remedy: 'Wait as long as Retry-After says, then send the same request again.',
    example: 'The keys by which tokens are checked cannot be fetched at the moment',
  },
  api_keys_unavailable: {
    status: 503,
    title: 'The API key cannot be checked at the moment',
    cause:
      'The key has the form of one that an administrator made, and the service has not been able to read those lately.',
    remedy: 'Wait as long as Retry-After says, then send the same request again.',
    example: 'Whether this key is still valid cannot be checked at the moment',
  },
  version_mismatch: {
    status: 412,
    title: 'The resource has changed since it was read',
    cause: 'If-Match names a version that is not the current one: somebody else changed the resource.',
    remedy: 'Read it again, decide again, and send the new ETag in If-Match.',
    example: 'Order 7 is at version 3, not at version 2',
  },
  overloaded: {
    status: 503,
    title: 'Too many requests of this kind',
    cause:
      'Reads have places of their own, and those that may read much (lists, searches, exports, verifications) few of them, so that they take no time from the main work of the service. All were taken. The answer is held back for a second, so that clients do not ask again at once.',
    remedy: 'Wait as long as Retry-After says, then send the request again; ask for less, or less often.',
    example: 'Too many requests of this kind are under way or wait',
  },
  outcome_unknown: {
    status: 503,
    // Never UNAVAILABLE: clients repeat that by themselves, also without a key, and would get a second number.
    grpc: 'UNKNOWN',
    title: 'It is not known whether the request took effect',
    cause: 'The database did not confirm the commit in time.',
    remedy:
      'Send the same request with the same Idempotency-Key again: what was committed is found, and nothing is done twice.',
    example: 'The database did not confirm in 5000 ms',
  },
  profile_under_way: {
    status: 409,
    title: 'Another profile is being taken',
    cause: 'A process takes one profile or trace at a time: two would measure each other.',
    remedy: 'Wait as long as Retry-After says, or end the other request: that ends its profile.',
    example: 'A profile is being taken, for another 7 s',
  },
  profiler_unavailable: {
    status: 501,
    title: 'There is no profiler for this platform',
    cause:
      'The native library that takes profiles is not there for this operating system, processor and Node.',
    remedy: 'Run the service on Linux or macOS, with a release of Node that has long-term support.',
    example: 'No profiler for linux-riscv64 and Node v23.1.0',
  },
  database_unavailable: {
    status: 503,
    title: 'The database does not answer',
    cause:
      'The service has no connection to its database at the moment, or the database has no disk space left.',
    remedy: 'Wait as long as Retry-After says, then send the same request again.',
    example: 'No connection to the database within 2000 ms',
  },
  internal_error: {
    status: 500,
    title: 'Something went wrong on our side',
    cause: 'A fault in the service. It was logged under the request_id.',
    remedy: 'Tell the operators the request_id.',
    example: 'An unexpected fault was logged as 0197c2a4',
  },
})

/** The codes that any service has. */
export type CommonCode = keyof typeof commonErrors

/** The table of a service: its own errors, and those that any service has. */
export const defineErrors = <Code extends string>(
  rows: Record<Code, ErrorKind>,
): ErrorTable<Code | CommonCode> => ({ ...commonErrors, ...rows })
