/** One kind of error: what it means for HTTP and for the person who meets it. */
export interface ErrorKind {
  /** HTTP status. */
  status: number
  /** RFC 9457 `title`: the same for every occurrence. */
  title: string
  /** Why it happens, for the page at /errors/{code}. */
  cause: string
  /** What the caller can do about it. */
  mend: string
  /** A `detail` as an occurrence would have it. */
  example: string
}

/** Keeps the codes as literal types while checking every row. */
const table = <Code extends string>(rows: Record<Code, ErrorKind>): Readonly<Record<Code, ErrorKind>> => rows

/** The one table from code to HTTP status, title and advice. Every error that a service answers is a row. */
export const errorTable = table({
  // The request itself.
  malformed_request: {
    status: 400,
    title: 'The request is not HTTP',
    cause:
      'The request line, a header or the framing of the body breaks the rules of HTTP, or Host is missing, comes twice or is no host.',
    mend: 'Look at what the client and the proxies before the service really send.',
    example: 'Parse Error: Invalid header token',
  },
  host_not_allowed: {
    status: 421,
    title: 'The request is for another host',
    cause:
      'The header Host, or a target that is a whole URL, has a name that this service is not known by. A page of another site may have its own name resolve to the address of a service, to read what only its visitors can reach.',
    mend: 'Call the service by one of its names or its IP address. Operators list its names in ALLOWED_HOSTS.',
    example: 'This service is not known as numbers.example.com: operators list it in ALLOWED_HOSTS',
  },
  cross_site_request: {
    status: 403,
    title: 'A page of another site has sent this',
    cause:
      'A browser says, or leaves open, that a page of another site sends this request, or sends it ahead of its user; and the request changes something.',
    mend: 'Programs: use POST, and leave out Origin, Referer and the User-Agent of a browser. For pages of another site, operators list its origin in CORS_ORIGINS.',
    example: 'A browser has sent this for a page of another site (Sec-Fetch-Site is cross-site)',
  },
  expectation_failed: {
    status: 417,
    title: 'What the header Expect asks for is not known',
    cause: 'The header Expect has something else than 100-continue.',
    mend: 'Leave the header out.',
    example: 'Expect is "200-ok"; only 100-continue is known',
  },
  headers_too_large: {
    status: 431,
    title: 'The headers are too large',
    cause: 'The request line and the headers are larger than this service accepts.',
    mend: 'Send fewer or shorter headers and query parameters.',
    example: 'The headers have more than 16384 bytes',
  },
  malformed_json: {
    status: 400,
    title: 'The body is not valid JSON',
    cause: 'The body could not be parsed as JSON, or is not an object.',
    mend: 'Send one JSON object, with double quotes and no trailing comma.',
    example: 'Unexpected token } in JSON at position 17',
  },
  malformed_message: {
    status: 400,
    title: 'The message is not what the method takes',
    cause: 'The bytes of a gRPC message could not be decoded as the message that the method takes.',
    mend: 'Make the client from the .proto file of this service, or from its reflection.',
    example: 'The message cannot be decoded',
  },
  malformed_url: {
    status: 400,
    title: 'The URL cannot be read',
    cause: 'The path or the query has a percent sign that does not begin a valid escape.',
    mend: 'Percent-encode the values that you put into the URL.',
    example: 'The path /api/v1/users/%zz cannot be decoded',
  },
  validation_failed: {
    status: 400,
    title: 'The request does not fit the schema',
    cause: 'A field is missing, has the wrong type, is out of range, or is not known.',
    mend: 'Mend the fields that `errors` names; /openapi.json has the schema of every request.',
    example: 'body.age: must be a whole number of at least 0',
  },
  invalid_id: {
    status: 400,
    title: 'The id is not valid',
    cause: 'An id in the path is no whole number between 1 and 9007199254740991.',
    mend: 'Use the id as it was answered when the resource was created.',
    example: '"abc" is not an id: ids are whole numbers from 1',
  },
  invalid_idempotency_key: {
    status: 400,
    title: 'The Idempotency-Key is not valid',
    cause:
      'The Idempotency-Key header is empty, longer than 255 characters, or has characters outside of visible ASCII.',
    mend: 'Send a UUID, bare or in double quotes.',
    example: 'Idempotency-Key has 300 characters; at most 255 are allowed',
  },
  body_too_large: {
    status: 413,
    title: 'The body is too large',
    cause: 'The body is larger than this service accepts.',
    mend: 'Send a smaller body.',
    example: 'The body has more than 102400 bytes',
  },
  unsupported_media_type: {
    status: 415,
    title: 'The media type is not supported',
    cause: 'The body is not declared as application/json in UTF-8, or its Content-Encoding is not known.',
    mend: 'Send the header Content-Type: application/json.',
    example: 'Content-Type is text/plain; application/json is expected',
  },
  route_not_found: {
    status: 404,
    title: 'There is nothing at this path',
    cause: 'No route of this service has this path.',
    mend: 'Compare the path with /docs.',
    example: 'There is nothing at /api/v1/user',
  },
  method_not_allowed: {
    status: 405,
    title: 'The method is not allowed here',
    cause: 'The path exists, but not for this method.',
    mend: 'Use one of the methods in the Allow header.',
    example: 'PATCH is not allowed at /api/v1/users; allowed: GET, POST',
  },
  request_timeout: {
    status: 408,
    title: 'The request took too long to arrive',
    cause: 'The body was not received in full within the time limit, or the connection was cut.',
    mend: 'Send the request again.',
    example: 'The body did not arrive in full',
  },
  deadline_exceeded: {
    status: 504,
    title: 'The deadline has passed',
    cause: 'The deadline that the caller set, or the longest that a call may take, passed before the answer.',
    mend: 'It is not known whether the call took effect: send it again with its idempotency key, and more time.',
    example: 'There is no answer after 30000 ms',
  },
  caller_gone: {
    status: 499,
    title: 'The caller has gone away',
    cause: 'The connection was closed before the answer, and what had not been done by then was not begun.',
    mend: 'Send the request again, with its Idempotency-Key, and wait longer.',
    example: 'The caller has gone away',
  },
  rate_limited: {
    status: 429,
    title: 'Too many requests',
    cause: 'This client has sent more requests than its limit allows.',
    mend: 'Wait as long as Retry-After says. The RateLimit headers of every answer tell what is left.',
    example: 'More than 100 requests in a second; try again in 1 s',
  },
  idempotency_key_reused: {
    status: 422,
    title: 'The Idempotency-Key was used for another request',
    cause: 'A request with this key was already answered, and it was not the same request.',
    mend: 'Use a new key for a new request; repeat a request unchanged to get its answer again.',
    example: 'The key "8f14e45f" belongs to another request',
  },
  idempotency_key_in_use: {
    status: 409,
    title: 'A request with this Idempotency-Key is under way',
    cause: 'The first request with this key has not been answered yet.',
    mend: 'Wait as long as Retry-After says, then send the same request again.',
    example: 'The request with the key "8f14e45f" is still under way',
  },

  invalid_api_key: {
    status: 401,
    title: 'The API key is not valid',
    cause: 'The X-API-Key header has a key that this service does not know.',
    mend: 'Send a key that is listed in API_KEYS, or leave the header out.',
    example: 'X-API-Key holds no key that this service knows',
  },
  authentication_required: {
    status: 401,
    title: 'This is only for callers who say who they are',
    cause:
      'The route needs a role, or a caller who is known, and the request has neither token nor key; or the service has nothing to check tokens by.',
    mend: 'Send X-API-Key where the detail says that a key is enough, or Authorization: Bearer with a token of that role (make token ROLE=admin prints one for the local stack). Operators set JWT_SECRET or JWKS_URL.',
    example: 'This needs the role admin: send a token as Authorization: Bearer',
  },
  invalid_token: {
    status: 401,
    title: 'The token is not valid',
    cause:
      'The token in the Authorization header has expired, is for another audience or of another issuer, has no exp or sub, or is not signed by a key that this service trusts.',
    mend: 'Get a new token; the detail says what is wrong with this one.',
    example: 'The token is refused: it has expired',
  },
  role_too_low: {
    status: 403,
    title: 'The role does not suffice',
    cause: 'The caller is known, and has not the role that the route needs: viewer, operator or admin.',
    mend: 'Ask somebody with that role, or get a token whose claim role or roles has it.',
    example: 'This needs the role admin; ada has viewer',
  },
  token_keys_unavailable: {
    status: 503,
    title: 'Tokens cannot be checked at the moment',
    cause: 'The identity provider at JWKS_URL does not give its keys.',
    mend: 'Wait as long as Retry-After says, then send the same request again.',
    example: 'The keys by which tokens are checked cannot be fetched at the moment',
  },

  // Users.
  user_not_found: {
    status: 404,
    title: 'There is no such user',
    cause: 'No user has this id, or the user was deleted.',
    mend: 'Look the user up with GET /api/v1/users?search=.',
    example: 'There is no user 7',
  },
  email_taken: {
    status: 409,
    title: 'The e-mail address is taken',
    cause: 'Another user has this e-mail address; upper and lower case make no difference.',
    mend: 'Use another address, or delete the other user first.',
    example: 'ada@example.com belongs to another user',
  },

  // Orders.
  order_not_found: {
    status: 404,
    title: 'There is no such order',
    cause: 'No order has this id, or the order was deleted.',
    mend: 'Look the order up with GET /api/v1/orders.',
    example: 'There is no order 7',
  },
  user_unknown: {
    status: 422,
    title: 'The order names a user who does not exist',
    cause: 'The user service knows no user with this user_id.',
    mend: 'Create the user first, or correct user_id.',
    example: 'User 7 does not exist',
  },
  user_inactive: {
    status: 422,
    title: 'The order names a user who is not active',
    cause: 'The user exists, but is not active and so may not order.',
    mend: 'Activate the user with PATCH /api/v1/users/{id} {"active": true}.',
    example: 'User 7 is not active',
  },
  illegal_transition: {
    status: 409,
    title: 'The order cannot go to this status',
    cause:
      'The steps are pending → confirmed → shipped → delivered; pending and confirmed orders may be cancelled. Nothing else is allowed.',
    mend: 'Read the order, and ask only for the step that follows its status.',
    example: 'Order 7 is shipped and cannot become cancelled',
  },
  version_mismatch: {
    status: 412,
    title: 'The resource has changed since it was read',
    cause: 'If-Match names a version that is not the current one: somebody else changed the resource.',
    mend: 'Read it again, decide again, and send the new ETag in If-Match.',
    example: 'Order 7 is at version 3, not at version 2',
  },
  user_service_unavailable: {
    status: 503,
    title: 'The user service does not answer',
    cause: 'The user could not be verified, and was not verified a moment ago either.',
    mend: 'Wait as long as Retry-After says, then send the same request again, with its Idempotency-Key.',
    example: 'User 7 cannot be verified now: the user service does not answer',
  },

  // Numbers.
  sequence_not_found: {
    status: 404,
    title: 'There is no such sequence',
    cause: 'No sequence has this prefix, or it was retired.',
    mend: 'Check the prefix; upper and lower case matter.',
    example: 'There is no sequence "XYZ"',
  },
  sequence_exists: {
    status: 409,
    title: 'The sequence exists already',
    cause: 'A sequence with this prefix is in use.',
    mend: 'Change its rules with PUT /api/v1/sequences/{prefix}, or choose another prefix.',
    example: 'There is a sequence "INV" already, at version 3',
  },
  rules_changed: {
    status: 409,
    title: 'Somebody else changed the rules at the same time',
    cause: 'Two changes were made to one version of the rules, and the other one came first.',
    mend: 'Read the rules again, decide again, and send the change again if it is still wanted.',
    example: 'INV has got version 4 meanwhile',
  },
  site_not_found: {
    status: 404,
    title: 'There is no such site',
    cause: 'No site has this id, or it was deleted.',
    mend: 'Look at the sites with GET /api/v1/sites.',
    example: 'There is no site "site-9"',
  },
  site_exists: {
    status: 409,
    title: 'The site exists already',
    cause: 'A site with this id is in use.',
    mend: 'Change it with PUT /api/v1/sites/{site_id}, or choose another id.',
    example: 'There is a site "site-1" already, at version 2',
  },
  site_changed: {
    status: 409,
    title: 'Somebody else changed the site at the same time',
    cause: 'Two changes were made to one version of the site, and the other one came first.',
    mend: 'Read the site again, decide again, and send the change again if it is still wanted.',
    example: 'site-1 has got version 3 meanwhile',
  },
  site_unknown: {
    status: 422,
    title: 'The request names a site or partition that draws no numbers',
    cause: 'There is no such site, or no such partition at the site, or the site was taken out of use.',
    mend: 'Correct site_id and partition_id, or have an administrator add them with /api/v1/sites.',
    example: 'There is no partition "partition-c" at site-1; there are partition-a, partition-b',
  },
  simulation_off: {
    status: 409,
    title: 'The site may not simulate numbers',
    cause: 'Simulation is switched off for this site.',
    mend: 'Have an administrator switch it on: PUT /api/v1/sites/{site_id} {"simulation": true}.',
    example: 'site-1 may not simulate numbers',
  },
  rules_overlap: {
    status: 409,
    title: 'Two sequences could give the same number',
    cause:
      'Under these rules a number could be the very text of a number of another sequence, on some date with some value.',
    mend: 'Give the template a character or the prefix that keeps the two apart; or say `allow_overlap: true`, and address such numbers with `?prefix=`.',
    example: 'A and B could both give the number RE-0001: change the template, or say allow_overlap',
  },
  number_held_by_another: {
    status: 403,
    title: 'Another caller holds the number',
    cause:
      'A number is confirmed, released and made void by the caller that drew it, or by an operator. Who says nothing of itself may only release what such a caller drew, within the release window of the sequence, and not once it was confirmed.',
    mend: 'Send the key or token that drew the number, or have an operator do it.',
    example:
      'ORD-2026-000001 cannot be released by this caller: another caller drew it. Who may is the caller that drew it, by its key or token, or an operator',
  },
  sequence_sealed: {
    status: 403,
    title: 'The sequence is sealed to one caller',
    cause: 'Its rules name one caller, who alone issues, reserves and changes its numbers.',
    mend: 'Send the key or token of that caller, or draw from another sequence. Administrators change `sealed_to`.',
    example: 'ORD is sealed: one caller alone issues, reserves and changes its numbers',
  },
  number_of_another_site: {
    status: 409,
    title: 'The number was drawn by another site or partition',
    cause: 'Only who has drawn a number may release it by this call.',
    mend: 'Compare the number with /api/v1/numbers/{number}, which tells who has drawn it.',
    example: '5 was drawn by site-2, partition-a, and not by site-1, partition-a',
  },
  number_not_found: {
    status: 404,
    title: 'There is no such number',
    cause: 'No sequence has issued this number.',
    mend: 'Check the number as it was answered, in `full_number`; upper and lower case matter.',
    example: 'No sequence has issued "INV2026-9999"',
  },
  number_ambiguous: {
    status: 409,
    title: 'More than one number is meant',
    cause:
      'Numbers are unique within their sequence; two sequences without a prefix in their template can meet. A sequence_number comes again in every period.',
    mend: 'Say which sequence is meant (`?prefix=GLOBAL`), or which period, by full_number in place of sequence_number.',
    example: '"5" was issued by DEFAULT and GLOBAL',
  },
  number_state_conflict: {
    status: 409,
    title: 'The number is in a state that does not allow this',
    cause:
      'A reserved number can be confirmed or released, an issued one released or made void, and nothing else.',
    mend: 'Look at the number and its history at /api/v1/numbers/{number}.',
    example: 'SG000005 is void, and so cannot be released',
  },
  rules_conflict: {
    status: 409,
    title: 'The rules do not fit the numbers that were issued',
    cause:
      'Under these rules a number that was issued could be issued again, or the start value would be lowered, or would have no effect.',
    mend: 'Change the rules as the detail says; a character that no number had so far keeps the new numbers apart.',
    example: 'The number 202611-0042 is taken, and could be issued again: give the template another form',
  },
  import_unreadable: {
    status: 400,
    title: 'The file cannot be read',
    cause:
      'The file is empty, is not in UTF-8, has other columns than those that are known, or is no CSV or NDJSON from some line on.',
    mend: 'Mend the line that the detail names, and import the file again: what was imported before is found.',
    example: 'Line 1: there is no column "invoice"; the columns are number, client_id',
  },
  import_overtaken: {
    status: 409,
    title: 'Numbers are issued in the period that is imported',
    cause: 'The counter moved away before every attempt to go on from where it was.',
    mend: 'Import when nobody issues numbers in this period; other periods do not matter.',
    example: 'Numbers are issued in the period "2026" all the time; import when nobody issues there',
  },
  business_date_out_of_window: {
    status: 409,
    title: 'The business date is too old, or too far ahead',
    cause:
      "A sequence takes business dates within the days before and after the current one that its rules set: by default 366 back and 31 ahead, in the sequence's time zone.",
    mend: 'Give a business date within the window that `detail` names. An administrator can change business_date_past_days and business_date_future_days of the sequence, or import old numbers.',
    example: 'INV takes business dates from 2025-11-27 to 2026-12-29, and 1900-01-01 is none of them',
  },
  period_closed: {
    status: 409,
    title: 'The period is closed',
    cause: 'An operator closed the period of this business date: nothing more is issued in it.',
    mend: 'Give a business date of a period that is open.',
    example: 'the period 2025 of INV is closed',
  },
  period_not_over: {
    status: 409,
    title: 'The period is not over',
    cause:
      "A period can be closed once its last day is past in the sequence's time zone, and a sequence whose values never begin again has none that ends.",
    mend: 'Close it when it is over. To take a sequence out of use, retire it.',
    example: 'the period 2026 of INV is not over',
  },
  sequence_exhausted: {
    status: 409,
    title: 'The sequence has no more values',
    cause: 'The next value would be larger than 9007199254740991.',
    mend: 'Define another sequence.',
    example: 'INV has no more values in the period 2026',
  },
  quota_exceeded: {
    status: 429,
    title: 'The caller has drawn enough of this sequence',
    cause:
      'The numbers, or the reservations, that a caller may have of one sequence in a minute are used up. A caller without key and token is counted by its address.',
    mend: 'Wait as long as Retry-After says; a key that has got its answer still gets it. Callers who are known by a key or a token have a quota of their own. Operators set SEQUENCER_QUOTA_NUMBERS, SEQUENCER_QUOTA_RESERVATIONS, and the same with SEQUENCER_ANONYMOUS_; 0 is no limit.',
    example: 'More than 300000 numbers of SG in a minute; try again in 42 s',
  },
  sequencer_overloaded: {
    status: 503,
    title: 'Too many requests are waiting for this sequence',
    cause: 'The queue of requests that wait for a number is full; nothing was issued for this one.',
    mend: 'Wait as long as Retry-After says, then send the same request again.',
    example: '4096 requests wait for SG',
  },
  overloaded: {
    status: 503,
    title: 'Too many requests of this kind',
    cause:
      'Reads, and above all those that may look at much (lists, searches, exports, verifications), have places of their own, so that they take no time from what the service is for. All were taken. The answer comes after a second, so that nobody asks again at once.',
    mend: 'Wait as long as Retry-After says, then send the request again; ask for less, or less often.',
    example: 'Too many requests of this kind are under way or wait',
  },
  outcome_unknown: {
    status: 503,
    title: 'It is not known whether the request took effect',
    cause: 'The database did not confirm the commit in time.',
    mend: 'Send the same request with the same Idempotency-Key again: what was committed is found, and nothing is done twice.',
    example: 'The database did not confirm in 5000 ms',
  },

  demos_off: {
    status: 403,
    title: 'Demonstrations are switched off',
    cause: 'They write to the ledger, so they are off in production, and where SEQUENCER_DEMOS is false.',
    mend: 'Run them on another installation, or set SEQUENCER_DEMOS=true.',
    example: 'SEQUENCER_DEMOS is false, or NODE_ENV is production',
  },
  demo_under_way: {
    status: 409,
    title: 'Another demonstration runs',
    cause: 'An instance runs one demonstration at a time.',
    mend: 'Wait as long as Retry-After says, then send the same request again.',
    example: 'Another demonstration runs',
  },

  // The audit.
  search_too_long: {
    status: 422,
    title: 'The search takes too long',
    cause:
      'The rows asked for are few among very many, and nothing leads to them but a look at each: only number, and prefix with period, lead somewhere.',
    mend: 'Add prefix and period, the number, or from and to; or take an export and search that.',
    example: 'Not enough rows were found within 5 s: say more of what you look for',
  },
  verification_under_way: {
    status: 409,
    title: 'The ledger is being verified already',
    cause: 'An instance verifies once at a time, so that those who wait for numbers do not notice.',
    mend: 'Wait as long as Retry-After says, or verify an export elsewhere.',
    example: 'This instance verifies the ledger already',
  },
  exports_under_way: {
    status: 409,
    title: 'Too many exports are under way',
    cause: 'An instance makes a few exports at a time, so that those who wait for numbers do not notice.',
    mend: 'Wait as long as Retry-After says, or ask another instance.',
    example: 'This instance makes 4 exports already',
  },
  signing_key_missing: {
    status: 501,
    title: 'There is no key to sign or check checkpoints with',
    cause: 'The service was started without SEQUENCER_SIGNING_KEY.',
    mend: 'Operators set SEQUENCER_SIGNING_KEY to an Ed25519 private key: openssl genpkey -algorithm ed25519 | base64 -w0',
    example: 'Nothing can be signed: set SEQUENCER_SIGNING_KEY for the service',
  },
  checkpoint_invalid: {
    status: 422,
    title: 'The checkpoint is not valid',
    cause:
      'It is no compact JWS, was changed, or is signed by another key than the one that the service has.',
    mend: 'Send `checkpoint` as it was answered. One of a former key is checked offline: make verify-audit.',
    example: 'The checkpoint is refused: signature verification failed',
  },

  // The debug listener.
  profile_under_way: {
    status: 409,
    title: 'Another profile is being taken',
    cause: 'A process takes one profile or trace at a time: two would measure each other.',
    mend: 'Wait as long as Retry-After says, or end the other request: that ends its profile.',
    example: 'A profile is being taken, for another 7 s',
  },
  profiler_unavailable: {
    status: 501,
    title: 'There is no profiler for this platform',
    cause:
      'The native library that takes profiles is not there for this operating system, processor and Node.',
    mend: 'Run the service on Linux or macOS, with a release of Node that has long-term support.',
    example: 'No profiler for linux-riscv64 and Node v23.1.0',
  },

  // The service itself.
  database_unavailable: {
    status: 503,
    title: 'The database does not answer',
    cause:
      'The service has no connection to its database at the moment, or the database has no disk space left.',
    mend: 'Wait as long as Retry-After says, then send the same request again.',
    example: 'No connection to the database within 2000 ms',
  },
  internal_error: {
    status: 500,
    title: 'Something went wrong on our side',
    cause: 'A fault in the service. It was logged under the request_id.',
    mend: 'Tell the operators the request_id.',
    example: 'An unexpected fault was logged as 0197c2a4',
  },
})

/** Every code an error can have. */
export type ErrorCode = keyof typeof errorTable

/** Tells whether a text is one of the codes. */
export const isErrorCode = (text: string): text is ErrorCode => Object.hasOwn(errorTable, text)
