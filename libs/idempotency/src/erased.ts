// Of a request whose answer was erased only the key is left: neither the answer nor the digest of what was asked for, by
// which a guess could be confirmed.

/** Tells whether a record's answer was erased, by its fingerprint: that of a request is never empty. */
export const isErased = (fingerprint: Buffer): boolean => fingerprint.length === 0

/**
 * The SQL that erases the answers about resources, for statements that also erase these; they are written as CTEs. A key or
 * a caller that contains the address or the name which its answer has is deleted with it: then its request is a new one.
 *
 * @param erased a relation with the column `id`
 */
export const eraseAnswersFrom = (erased: string) =>
  `answers_named AS (
     DELETE FROM idempotency_records AS record USING ${erased}
     WHERE record.answer ->> 'id' = ${erased}.id::text AND ${namesThePerson}
   ), answers_erased AS (
     UPDATE idempotency_records AS record SET fingerprint = '', answer = '{"erased":true}'
     FROM ${erased} WHERE record.answer ->> 'id' = ${erased}.id::text AND NOT ${namesThePerson}
   )`

const letters = (text: string) => `regexp_replace(lower(${text}), '[^[:alnum:]]', '', 'g')`
const said = letters(`record.caller || '/' || record.key`)
// A shorter name is part of many a random key.
const shortestName = 4

const namesThePerson = `coalesce(
  strpos(${said}, ${letters(`record.answer ->> 'email'`)}) > 0
  OR length(${letters(`record.answer ->> 'name'`)}) >= ${shortestName}
    AND strpos(${said}, ${letters(`record.answer ->> 'name'`)}) > 0, false)`
