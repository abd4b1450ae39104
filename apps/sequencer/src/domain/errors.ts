import { AppError as BaseError, defineErrors, type CodeOf } from '@ordinal/errors'

/** The errors that the sequencer answers. */
export const errorTable = defineErrors({
  sequence_not_found: {
    status: 404,
    title: 'There is no such sequence',
    cause: 'No sequence has this prefix, or it was retired.',
    remedy: 'Check the prefix; upper and lower case matter.',
    example: 'There is no sequence "XYZ"',
  },
  sequence_exists: {
    status: 409,
    grpc: 'ALREADY_EXISTS',
    title: 'The sequence exists already',
    cause: 'A sequence with this prefix is in use.',
    remedy: 'Change its rules with PUT /api/v1/sequences/{prefix}, or choose another prefix.',
    example: 'There is a sequence "INV" already, at version 3',
  },
  rules_changed: {
    status: 409,
    grpc: 'ABORTED',
    title: 'Somebody else changed the rules at the same time',
    cause: 'Two changes were made to one version of the rules, and the other one came first.',
    remedy: 'Read the rules again, decide again, and send the change again if it is still wanted.',
    example: 'INV has got version 4 meanwhile',
  },
  api_key_not_found: {
    status: 404,
    title: 'There is no such API key',
    cause: 'No key with this id was made here. Keys of API_KEYS have none.',
    remedy: 'Look at the keys with GET /api/v1/api-keys; the id is the second part of a key.',
    example: 'There is no API key 7hKq2LmXw0Rt',
  },
  api_key_changed: {
    status: 409,
    title: 'Somebody else changed the API key at the same time',
    cause: 'Two changes were made to one version of the key, and the other one came first.',
    remedy: 'Read the key again, decide again, and send the change again if it is still wanted.',
    example: 'The key 7hKq2LmXw0Rt was changed meanwhile',
  },
  api_key_ended: {
    status: 409,
    title: 'The API key has ended',
    cause: 'The key was revoked, or has expired: it stays so.',
    remedy:
      'Make another key with POST /api/v1/api-keys. If it was rotated and the answer was lost, rotate the key that `replaces` it in GET /api/v1/api-keys.',
    example: 'The key 7hKq2LmXw0Rt was revoked already',
  },
  api_key_shown_before: {
    status: 409,
    grpc: 'ALREADY_EXISTS',
    title: 'The API key was made and shown before',
    cause:
      'A request with this Idempotency-Key has made the key that the detail names. A key is shown once, and only its SHA-256 is kept.',
    remedy:
      'If the answer was lost, rotate that key: POST /api/v1/api-keys/{key_id}/rotate with overlap_seconds 0 and another Idempotency-Key.',
    example: 'This request has made the API key 7hKq2LmXw0Rt already',
  },
  too_many_api_keys: {
    status: 409,
    grpc: 'FAILED_PRECONDITION',
    title: 'There are too many API keys',
    cause: 'A thousand keys have not ended: each service keeps all of them in memory.',
    remedy: 'Revoke keys that nobody uses: GET /api/v1/api-keys?active=true has last_used_at.',
    example: 'There are 1000 keys that have not ended',
  },
  site_not_found: {
    status: 404,
    title: 'There is no such site',
    cause: 'No site has this id, or it was deleted.',
    remedy: 'Look at the sites with GET /api/v1/sites.',
    example: 'There is no site "site-9"',
  },
  site_exists: {
    status: 409,
    title: 'The site exists already',
    cause: 'A site with this id is in use.',
    remedy: 'Change it with PUT /api/v1/sites/{site_id}, or choose another id.',
    example: 'There is a site "site-1" already, at version 2',
  },
  site_changed: {
    status: 409,
    title: 'Somebody else changed the site at the same time',
    cause: 'Two changes were made to one version of the site, and the other one came first.',
    remedy: 'Read the site again, decide again, and send the change again if it is still wanted.',
    example: 'site-1 has got version 3 meanwhile',
  },
  site_unknown: {
    status: 422,
    title: 'The request names a site or partition that draws no numbers',
    cause: 'There is no such site, or no such partition at the site, or the site was taken out of use.',
    remedy: 'Correct site_id and partition_id, or have an administrator add them with /api/v1/sites.',
    example: 'There is no partition "partition-c" at site-1; there are partition-a, partition-b',
  },
  simulation_off: {
    status: 409,
    title: 'The site may not simulate numbers',
    cause: 'Simulation is switched off for this site.',
    remedy: 'Have an administrator switch it on: PUT /api/v1/sites/{site_id} {"simulation": true}.',
    example: 'site-1 may not simulate numbers',
  },
  rules_overlap: {
    status: 409,
    title: 'Two sequences could give the same number',
    cause:
      'Under these rules a number could be the very text of a number of another sequence, on some date with some value.',
    remedy:
      'Give the template a character or the prefix that keeps the two apart; or say `allow_overlap: true`, and address such numbers with `?prefix=`.',
    example: 'A and B could both give the number RE-0001: change the template, or say allow_overlap',
  },
  number_held_by_another: {
    status: 403,
    title: 'Another caller holds the number',
    cause:
      'A number is confirmed, released and made void by the caller that drew it, or by an operator. An anonymous caller may only release what an anonymous caller drew, within the release window of the sequence, and not once it was confirmed.',
    remedy: 'Send the key or token that drew the number, or have an operator do it.',
    example:
      'ORD-2026-000001 cannot be released by this caller: another caller drew it. The caller that drew it, with its key or token, or an operator may do so',
  },
  sequence_sealed: {
    status: 403,
    title: 'The sequence is sealed to one caller',
    cause: 'Its rules name the only caller that may issue, reserve and change its numbers.',
    remedy:
      'Send the key or token of that caller, or draw from another sequence. Administrators change `sealed_to`.',
    example: 'ORD is sealed: one caller alone issues, reserves and changes its numbers',
  },
  number_of_another_site: {
    status: 409,
    title: 'The number was drawn by another site or partition',
    cause: 'By this call, only the site and partition that drew a number may release it.',
    remedy: 'Look the number up at /api/v1/numbers/{number}: its history shows which site drew it.',
    example: '5 was drawn by site-2, partition-a, and not by site-1, partition-a',
  },
  number_not_found: {
    status: 404,
    title: 'There is no such number',
    cause: 'No sequence has issued this number.',
    remedy: 'Check the number as it was answered, in `full_number`; upper and lower case matter.',
    example: 'No sequence has issued "INV2026-9999"',
  },
  number_ambiguous: {
    status: 409,
    title: 'More than one number fits',
    cause:
      'Numbers are unique within their sequence; two sequences that allow it can issue the same number. A sequence_number is issued again in every period.',
    remedy:
      'Say which sequence is meant (`?prefix=GLOBAL`), or which period, by full_number in place of sequence_number.',
    example: '"5" was issued by DEFAULT and GLOBAL',
  },
  number_state_conflict: {
    status: 409,
    title: 'The number is in a state that does not allow this',
    cause:
      'A reserved number can be confirmed or released, an issued one released or made void, and nothing else.',
    remedy: 'Look at the number and its history at /api/v1/numbers/{number}.',
    example: 'SG000005 is void, and so cannot be released',
  },
  rules_conflict: {
    status: 409,
    title: 'The rules do not fit the numbers that were issued',
    cause:
      'Under these rules a number that was issued could be issued again, or the start value would be lowered, or would have no effect, or the end would be below a value that was issued in a period that is not over.',
    remedy:
      'Change the rules as the detail says; a character that no number had so far keeps the new numbers apart, and so does a start above the values that were issued, in periods that have not begun. An end is at least the value that the detail names.',
    example: 'The number 202611-0042 is taken, and could be issued again: give the template another form',
  },
  import_unreadable: {
    status: 400,
    title: 'The file cannot be read',
    cause:
      'The file is empty, is not in UTF-8, has other columns than those that are known, or is no CSV or NDJSON from some line on.',
    remedy:
      'Mend the line that the detail names, and import the file again: what was imported before is found.',
    example: 'Line 1: there is no column "invoice"; the columns are number, client_id',
  },
  import_overtaken: {
    status: 409,
    title: 'Numbers are issued in the period that is imported',
    cause: 'The counter moved away before every attempt to go on from where it was.',
    remedy: 'Import when nobody issues numbers in this period; other periods do not matter.',
    example: 'Numbers are issued in the period "2026" all the time; import when nobody issues there',
  },
  business_date_out_of_window: {
    status: 409,
    title: 'The business date is too old, or too far ahead',
    cause:
      "A sequence accepts business dates within a window that its rules set, by default 366 days back and 31 ahead, in the sequence's time zone.",
    remedy:
      'Give a business date within the window that `detail` names. An administrator can change business_date_past_days and business_date_future_days of the sequence, or import old numbers.',
    example: 'INV accepts business dates from 2025-11-27 to 2026-12-29, and 1900-01-01 is not one of them',
  },
  out_of_order_date: {
    status: 409,
    title: 'The business date is before that of the last number',
    cause:
      'The rules of the sequence say that its numbers have the order of their business dates, and the last number of the period has a later date.',
    remedy:
      'Give the document the date of the last number, which the detail names, or a later one; or draw from a sequence that is not chronological.',
    example:
      'INV issues in the order of business dates: 2026-11-20 is before 2026-11-25, the date of INV2026-0007, which is the last number of its period',
  },
  period_closed: {
    status: 409,
    title: 'The period is closed',
    cause: 'An operator closed the period of this business date: nothing more is issued in it.',
    remedy: 'Give a business date of a period that is open.',
    example: 'the period 2025 of INV is closed',
  },
  period_not_over: {
    status: 409,
    title: 'The period is not over',
    cause:
      "A period can be closed once its last day is past in the sequence's time zone. In a sequence whose values never begin again it never ends.",
    remedy: 'Close it when it is over. To take a sequence out of use, retire it.',
    example: 'the period 2026 of INV is not over',
  },
  sequence_exhausted: {
    status: 409,
    title: 'The sequence has no more values',
    cause:
      'The values of a sequence end where its rules say (`end`), else at 9007199254740991, and fewer are left in the period than were asked for.',
    remedy:
      'GET /api/v1/status/{prefix} says how many are left (values_left). Released ones among them are issued one at a time, to requests for one number; several at once are new values, so where the detail says that too few of these are left, ask for fewer, or for one at a time. Administrators raise `end` when the range is extended: PUT /api/v1/sequences/{prefix}; or they define a sequence for the next range. Trying again does not help before.',
    example:
      'INV has no more values in the period 2026: they end at 500. Raise end, or define a sequence for the next range',
  },
  quota_exceeded: {
    status: 429,
    title: 'The caller has used up its quota of this sequence',
    cause:
      'The numbers, or the reservations, that a caller may have of one sequence in a minute are used up. A caller without key and token is counted by its address.',
    remedy:
      'Wait as long as Retry-After says; a request that was answered before still gets that answer with its Idempotency-Key. Callers with a key or a token have a quota of their own. Operators set SEQUENCER_QUOTA_NUMBERS, SEQUENCER_QUOTA_RESERVATIONS, and the same with SEQUENCER_ANONYMOUS_; 0 is no limit.',
    example: 'More than 300000 numbers of SG in a minute; try again in 42 s',
  },
  ledger_behind: {
    status: 503,
    title: 'The ledger may be older than what is known of it',
    cause:
      'The database was restored, or a standby that had not everything was promoted: numbers that were issued since would be issued again. Or the kept checkpoint cannot be read, so that nobody knows whether it is so. So nothing is issued, and sites, API keys and periods stay as they are; rules may be changed once it is known that the ledger is older.',
    remedy:
      'Operators run ordinal restore-check, and sequencer --raise-counters with its plan (docs/backup.md). If it is the checkpoint: put the last one, or the word none, where SEQUENCER_KEPT_CHECKPOINT says; the log says what is wrong with it. Then send the same request again.',
    example:
      'Nothing is issued: the ledger was restored, or does not have all that is known of it. Operators: ordinal restore-check, then sequencer --raise-counters (docs/backup.md)',
  },
  sequencer_overloaded: {
    status: 503,
    title: 'Too many requests are waiting for this sequence',
    cause: 'The queue of requests that wait for a number is full; nothing was issued for this one.',
    remedy: 'Wait as long as Retry-After says, then send the same request again.',
    example: '4096 requests wait for SG',
  },
  demos_off: {
    status: 403,
    title: 'Demonstrations are switched off',
    cause: 'They write to the ledger, so they are off in production, and where SEQUENCER_DEMOS is false.',
    remedy: 'Run them on another installation, or set SEQUENCER_DEMOS=true.',
    example: 'SEQUENCER_DEMOS is false, or NODE_ENV is production',
  },
  demo_under_way: {
    status: 409,
    title: 'Another demonstration runs',
    cause: 'An instance runs one demonstration at a time.',
    remedy: 'Wait as long as Retry-After says, then send the same request again.',
    example: 'Another demonstration runs',
  },
  search_too_long: {
    status: 422,
    title: 'The search takes too long',
    cause:
      'The rows asked for are few among very many, and nothing leads to them but a look at each: only number, and prefix with period, lead somewhere.',
    remedy: 'Add prefix and period, the number, or from and to; or take an export and search that.',
    example: 'Not enough rows were found within 5 s: say more of what you look for',
  },
  verification_under_way: {
    status: 409,
    title: 'The ledger is being verified already',
    cause: 'An instance runs one verification at a time, so that issuing does not slow down.',
    remedy: 'Wait as long as Retry-After says, or verify an export elsewhere.',
    example: 'This instance is already verifying the ledger; try again when it has finished',
  },
  exports_under_way: {
    status: 409,
    title: 'Too many exports are under way',
    cause: 'An instance makes a few exports at a time, so that issuing does not slow down.',
    remedy: 'Wait as long as Retry-After says, or ask another instance.',
    example: 'This instance makes 4 exports already',
  },
  too_many_open: {
    status: 429,
    title: 'The client has as many streams or exports open as one may have',
    cause:
      'One client, which is the caller, or the address of an anonymous one, may have half of the listeners of the live stream, and half of the exports that an instance makes. Those that it does not read count until the service ends them.',
    remedy:
      'Close one, or wait as long as Retry-After says; let those who look at the same events share one stream. Operators set SEQUENCER_MAX_LISTENERS.',
    example: 'This client has 2 exports open already',
  },
  signing_key_missing: {
    status: 501,
    title: 'There is no key to sign or check checkpoints with',
    cause: 'The service was started without SEQUENCER_SIGNING_KEY.',
    remedy:
      'Operators set SEQUENCER_SIGNING_KEY to an Ed25519 private key: openssl genpkey -algorithm ed25519 | base64 -w0',
    example: 'Nothing can be signed: set SEQUENCER_SIGNING_KEY for the service',
  },
  checkpoint_invalid: {
    status: 422,
    title: 'The checkpoint is not valid',
    cause:
      'It is no compact JWS, was changed, or is signed by another key than the one that the service has.',
    remedy:
      'Send `checkpoint` as it was answered. One of a former key is checked offline: make verify-audit.',
    example: 'The checkpoint is refused: signature verification failed',
  },
})

export type ErrorCode = CodeOf<typeof errorTable>

/** An error that the caller gets; those that libraries throw are no instances of it: `isAppError` knows all. */
export class AppError extends BaseError<ErrorCode> {
  static override readonly table = errorTable
}
