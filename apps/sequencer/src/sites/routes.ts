import {
  booleanText,
  etagOf,
  pageOf,
  pageQuery,
  route,
  skipOf,
  toPage,
  versionsIn,
  type Route,
} from '@ordinal/http'
import { z } from 'zod'
import { partitionId, siteId } from '../api/schemas'
import { authorOf, given, reason, versioned, versionToJson, withVersions } from '../api/versions'
import type { SiteConfig, SiteRecord } from './repository'
import type { SiteService } from './service'
import type { ErrorCode } from '../domain/errors'

const partitions = z
  .array(partitionId)
  .min(1)
  .max(100)
  .refine((names) => new Set(names).size === names.length, 'must not name a partition twice')
const simulation = z.boolean().meta({
  description: 'Whether the site may preview numbers (invoice type simulated)',
})

const newSite = z.strictObject({
  site_id: siteId,
  partitions,
  simulation: simulation.default(true),
  reason: reason.optional(),
})
const changes = z.strictObject({
  partitions: partitions.optional(),
  simulation: simulation.optional(),
  reason: reason.optional(),
})

const site = z
  .object({ site_id: z.string(), partitions: z.array(z.string()), simulation, ...versioned })
  .meta({ id: 'Site' })
const siteWithVersions = withVersions(site).meta({ id: 'SiteWithVersions' })

const changeErrors = [
  'site_not_found',
  'version_mismatch',
  'site_changed',
  'ledger_behind',
  'outcome_unknown',
] as const

/** `/api/v1/sites`: the sites that draw numbers. */
export function siteRoutes(sites: SiteService): Route<ErrorCode>[] {
  const one = { path: '/api/v1/sites/{site_id}', tag: 'sites', params: z.strictObject({ site_id: siteId }) }
  return [
    route({
      method: 'get',
      path: '/api/v1/sites',
      tag: 'sites',
      summary: 'List the sites',
      requires: 'viewer',
      query: z.strictObject({ ...pageQuery, active: booleanText().optional() }),
      answers: { 200: pageOf(site) },
      async handle({ query }) {
        const all = await sites.list(query.active)
        const shown = all.slice(skipOf(query), skipOf(query) + query.page_size)
        return { status: 200, body: toPage(shown.map(toJson), all.length, query) }
      },
    }),
    route({
      ...one,
      method: 'get',
      summary: 'Read a site, with all its versions',
      requires: 'viewer',
      answers: { 200: siteWithVersions },
      headers: ['ETag'],
      errors: ['site_not_found'],
      async handle({ params, context }) {
        const versions = await sites.versionsOf(params.site_id, context.span)
        return {
          status: 200,
          body: { ...toJson(versions[0]), versions: versions.map(toJson) },
          headers: { ETag: etagOf(versions[0].version) },
        }
      },
    }),
    route({
      method: 'post',
      path: '/api/v1/sites',
      tag: 'sites',
      summary: 'Add a site; one that was deleted is taken into use again',
      requires: 'admin',
      body: newSite,
      answers: { 201: site },
      headers: ['ETag', 'Location'],
      errors: ['site_exists', 'site_changed', 'ledger_behind', 'outcome_unknown'],
      async handle({ body: { site_id, reason, ...config }, context }) {
        const added = await sites.define(site_id, config, authorOf(context, reason))
        return {
          status: 201,
          body: toJson(added),
          headers: { ETag: etagOf(added.version), Location: `/api/v1/sites/${site_id}` },
        }
      },
    }),
    route({
      ...one,
      method: 'put',
      summary: 'Change partitions or settings, which makes a version',
      requires: 'admin',
      body: changes,
      conditional: true,
      answers: { 200: site },
      headers: ['ETag'],
      errors: changeErrors,
      async handle({ params, body: { reason, ...changed }, headers, context }) {
        const expected = versionsIn(headers['if-match'])
        const author = authorOf(context, reason)
        const site = await sites.change(params.site_id, given<SiteConfig>(changed), expected, author)
        return { status: 200, body: toJson(site), headers: { ETag: etagOf(site.version) } }
      },
    }),
    route({
      ...one,
      method: 'delete',
      summary: 'Take a site out of use; what it drew stays',
      requires: 'admin',
      query: z.strictObject({ reason: reason.optional() }),
      conditional: true,
      answers: { 204: null },
      errors: changeErrors,
      async handle({ params, query, headers, context }) {
        const expected = versionsIn(headers['if-match'])
        await sites.retire(params.site_id, expected, authorOf(context, query.reason))
        return { status: 204, body: null }
      },
    }),
  ]
}

const toJson = (record: SiteRecord): z.input<typeof site> => ({
  site_id: record.siteId,
  partitions: record.partitions,
  simulation: record.simulation,
  ...versionToJson(record),
})
