import {
  booleanText,
  etagOf,
  nameText,
  pageOf,
  pageQuery,
  route,
  skipOf,
  text,
  toPage,
  versionsIn,
  type Route,
} from '@ordinal/http'
import { gapPolicies } from '@ordinal/audit'
import { isCallerName } from '@ordinal/middleware'
import { z } from 'zod'
import { prefix, prefixParams } from '../api/schemas'
import { authorOf, given, reason, versioned, versionToJson, withVersions } from '../api/versions'
import { fiscalYearStartOf, parseFiscalYearStart } from '../domain/fiscal-year'
import { resets } from '../domain/period'
import { defaultRules, type RuleSet } from '../domain/rules'
import type { RulesRecord } from './repository'
import type { SequenceService } from './service'
import type { ErrorCode } from '../domain/errors'

const template = text(1, 100).meta({
  description: 'With braces, or in printf notation, which is kept as braces',
  example: '{prefix}{YYYY}-{seq:4}',
})
const reset = z.enum(resets).meta({ description: 'When values begin again at the start value' })
const timeZone = text(1, 64).meta({
  description: 'The IANA time zone in which a moment has its business date',
  example: 'Europe/Berlin',
})
const firstOfFiscalYear = 'When the fiscal year begins: a month, or a day, as in "04-06" for 6 April'
const monthOrDay = 'must be a month, 1 to 12, or a day, as in "04-06" for 6 April'
const fiscalYearStart = z
  .union(
    [
      z.int().min(1, monthOrDay).max(12, monthOrDay),
      z.string().superRefine((text, context) => {
        try {
          parseFiscalYearStart(text)
        } catch (error) {
          if (!(error instanceof RangeError)) throw error
          context.addIssue({ code: 'custom', message: error.message })
        }
      }),
    ],
    { error: monthOrDay },
  )
  .transform((start) => (typeof start === 'number' ? start : parseFiscalYearStart(start)))
  .meta({ description: firstOfFiscalYear })
const start = z
  .int()
  .min(1)
  .meta({ description: 'The first value of a period that has not begun; may only be raised' })
const gapPolicy = z.enum(gapPolicies).meta({
  description: 'recycle: a released value is issued again, lowest first. strict: it becomes void',
})
const releaseWindow = z.int().min(0).max(31_622_400).meta({
  description: 'For how many seconds anonymous callers may release what anonymous callers drew; 0: never',
})
const sealedTo = nameText(1, 200)
  .refine(
    isCallerName,
    'must be the name of a caller with a key or a token; anonymous, reserved names and names that look like them are none',
  )
  .nullable()
  .meta({ description: 'The only caller that may issue, reserve and change its numbers; null: any' })
const allowOverlap = z.boolean().meta({
  description:
    'Whether another sequence may have the same numbers, which are then addressed with their prefix',
})
const days = z.int().min(0).max(3_652_058).nullable()
const pastDays = days.meta({
  description: 'How many days a business date may lie before the current one; null: any',
})
const futureDays = days.meta({
  description: 'How many days a business date may lie after the current one; null: any',
})

const end = z
  .int()
  .min(1)
  .nullable()
  .meta({ description: 'The last value that may be issued in a period; null: there is none', example: 500 })
const valuesOrPercentage =
  'must be a number of values, at least 1, or a percentage from 1% to 99%, as in "10%"'
const warnAt = z
  .union(
    [
      z.int(valuesOrPercentage).min(1, valuesOrPercentage),
      z.string().regex(/^[1-9]\d?%$/, valuesOrPercentage),
    ],
    { error: valuesOrPercentage },
  )
  .nullable()
  .meta({
    description:
      'With how many values left the service warns: a number, or a percentage (1% to 99%) of those from start to end; null: when none is left',
    example: '10%',
  })

const chronological = z.boolean().meta({
  description:
    'Whether a number is refused whose business date is before that of the last of its period; only with gap_policy strict',
})

const newSequence = z.strictObject({
  prefix,
  template,
  reset: reset.default('never'),
  time_zone: timeZone.default('UTC'),
  fiscal_year_start: fiscalYearStart.default(1),
  start: start.default(1),
  gap_policy: gapPolicy.default('recycle'),
  release_window_seconds: releaseWindow.default(defaultRules.releaseWindowSeconds),
  sealed_to: sealedTo.default(defaultRules.sealedTo),
  allow_overlap: allowOverlap.default(defaultRules.allowOverlap),
  business_date_past_days: pastDays.default(defaultRules.businessDatePastDays),
  business_date_future_days: futureDays.default(defaultRules.businessDateFutureDays),
  end: end.default(defaultRules.end),
  warn_at: warnAt.default(defaultRules.warnAt),
  chronological: chronological.default(defaultRules.chronological),
  reason: reason.optional(),
})
const changes = z.strictObject({
  template: template.optional(),
  reset: reset.optional(),
  time_zone: timeZone.optional(),
  fiscal_year_start: fiscalYearStart.optional(),
  start: start.optional(),
  gap_policy: gapPolicy.optional(),
  release_window_seconds: releaseWindow.optional(),
  sealed_to: sealedTo.optional(),
  allow_overlap: allowOverlap.optional(),
  business_date_past_days: pastDays.optional(),
  business_date_future_days: futureDays.optional(),
  end: end.optional(),
  warn_at: warnAt.optional(),
  chronological: chronological.optional(),
  reason: reason.optional(),
})

const sequence = z
  .object({
    prefix: z.string(),
    template: z.string(),
    reset,
    time_zone: z.string(),
    fiscal_year_start: z.union([z.int(), z.string()]).meta({ description: firstOfFiscalYear }),
    start: z.int(),
    gap_policy: gapPolicy,
    release_window_seconds: releaseWindow,
    sealed_to: sealedTo,
    allow_overlap: allowOverlap,
    business_date_past_days: pastDays,
    business_date_future_days: futureDays,
    end,
    warn_at: warnAt,
    chronological,
    ...versioned,
  })
  .meta({ id: 'Sequence' })
const sequenceWithVersions = withVersions(sequence).meta({ id: 'SequenceWithVersions' })

const listQuery = z.strictObject({ ...pageQuery, active: booleanText().optional() })
const changeErrors = [
  'sequence_not_found',
  'version_mismatch',
  'rules_changed',
  'rules_conflict',
  'rules_overlap',
  'ledger_behind',
  'outcome_unknown',
] as const

/** `/api/v1/sequences`: the rules. */
export function sequenceRoutes(sequences: SequenceService): Route<ErrorCode>[] {
  const one = { path: '/api/v1/sequences/{prefix}', tag: 'sequences', params: prefixParams }
  return [
    route({
      method: 'get',
      path: '/api/v1/sequences',
      tag: 'sequences',
      summary: 'List sequences with the rules in force',
      requires: 'viewer',
      query: listQuery,
      answers: { 200: pageOf(sequence) },
      async handle({ query }) {
        const asked = { skip: skipOf(query), take: query.page_size, active: query.active }
        const { rules, total } = await sequences.list(asked)
        return { status: 200, body: toPage(rules.map(toJson), total, query) }
      },
    }),
    route({
      ...one,
      method: 'get',
      summary: 'Read a sequence, with all versions of its rules',
      requires: 'viewer',
      answers: { 200: sequenceWithVersions },
      headers: ['ETag'],
      errors: ['sequence_not_found'],
      async handle({ params, context }) {
        const versions = await sequences.versionsOf(params.prefix, context.span)
        return {
          status: 200,
          body: { ...toJson(versions[0]), versions: versions.map(toJson) },
          headers: { ETag: etagOf(versions[0].version) },
        }
      },
    }),
    route({
      method: 'post',
      path: '/api/v1/sequences',
      tag: 'sequences',
      summary: 'Define a sequence; one that was deleted goes on where it was',
      requires: 'admin',
      body: newSequence,
      answers: { 201: sequence },
      headers: ['ETag', 'Location'],
      errors: [
        'sequence_exists',
        'rules_changed',
        'rules_conflict',
        'rules_overlap',
        'ledger_behind',
        'outcome_unknown',
      ],
      async handle({ body: { reason, ...body }, context }) {
        const defined = await sequences.define(body.prefix, rulesIn(body), authorOf(context, reason))
        return {
          status: 201,
          body: toJson(defined),
          headers: { ETag: etagOf(defined.version), Location: `/api/v1/sequences/${body.prefix}` },
        }
      },
    }),
    route({
      ...one,
      method: 'put',
      summary: 'Change some rules, which makes a version',
      requires: 'admin',
      body: changes,
      conditional: true,
      answers: { 200: sequence },
      headers: ['ETag'],
      errors: changeErrors,
      async handle({ params, body: { reason, ...body }, headers, context }) {
        const expected = versionsIn(headers['if-match'])
        const author = authorOf(context, reason)
        const changed = await sequences.change(params.prefix, given<RuleSet>(rulesIn(body)), expected, author)
        return { status: 200, body: toJson(changed), headers: { ETag: etagOf(changed.version) } }
      },
    }),
    route({
      ...one,
      method: 'delete',
      summary: 'Take a sequence out of use; its numbers and its rules stay on record',
      requires: 'admin',
      query: z.strictObject({ reason: reason.optional() }),
      conditional: true,
      answers: { 204: null },
      errors: changeErrors,
      async handle({ params, query, headers, context }) {
        const expected = versionsIn(headers['if-match'])
        await sequences.retire(params.prefix, expected, authorOf(context, query.reason))
        return { status: 204, body: null }
      },
    }),
  ]
}

type Named = z.output<typeof changes>

/** The rules of a body, by their names in the code. */
const rulesIn = <Body extends Named>(body: Body) => ({
  template: body.template as Body['template'],
  reset: body.reset as Body['reset'],
  timeZone: body.time_zone as Body['time_zone'],
  fiscalYearStart: body.fiscal_year_start as Body['fiscal_year_start'],
  start: body.start as Body['start'],
  gapPolicy: body.gap_policy as Body['gap_policy'],
  releaseWindowSeconds: body.release_window_seconds as Body['release_window_seconds'],
  sealedTo: body.sealed_to as Body['sealed_to'],
  allowOverlap: body.allow_overlap as Body['allow_overlap'],
  businessDatePastDays: body.business_date_past_days as Body['business_date_past_days'],
  businessDateFutureDays: body.business_date_future_days as Body['business_date_future_days'],
  end: body.end as Body['end'],
  warnAt: body.warn_at as Body['warn_at'],
  chronological: body.chronological as Body['chronological'],
})

const toJson = (rules: RulesRecord): z.input<typeof sequence> => ({
  prefix: rules.prefix,
  template: rules.template,
  reset: rules.reset,
  time_zone: rules.timeZone,
  fiscal_year_start: fiscalYearStartOf(rules.fiscalYearStart),
  start: rules.start,
  gap_policy: rules.gapPolicy,
  release_window_seconds: rules.releaseWindowSeconds,
  sealed_to: rules.sealedTo,
  allow_overlap: rules.allowOverlap,
  business_date_past_days: rules.businessDatePastDays,
  business_date_future_days: rules.businessDateFutureDays,
  end: rules.end,
  warn_at: rules.warnAt,
  chronological: rules.chronological,
  ...versionToJson(rules),
})
