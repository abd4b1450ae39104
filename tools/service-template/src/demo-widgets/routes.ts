import {
  etagOf,
  id,
  idParams,
  isPageOrCursor,
  listOf,
  listQuery,
  pageOrCursor,
  route,
  text,
  timestamp,
  versionsIn,
  type Route,
} from '@ordinal/http'
import { fingerprintOf, idempotencyKeyOf } from '@ordinal/idempotency'
import { z } from 'zod'
import type { ErrorCode } from '../domain/errors'
import { demoWidgetCursors, toJson, type DemoWidgets } from './service'

const name = text(1, 200).meta({ example: 'The first' })

const demoWidget = z
  .object({
    id: id(),
    name,
    version: z.int().min(1).meta({ description: 'Counts the changes; the ETag' }),
    created_at: timestamp(),
    updated_at: timestamp(),
  })
  .meta({ id: 'DemoWidget' })

const newDemoWidget = z.strictObject({ name })
const changes = newDemoWidget
  .partial()
  .refine((fields) => Object.keys(fields).length > 0, 'must have at least one field')
const query = z.strictObject(listQuery).refine(isPageOrCursor, pageOrCursor)

const path = '/api/v1/demo-widgets'
const tag = 'demo widgets'

/** `/api/v1/demo-widgets`. */
export function demoWidgetRoutes(demoWidgets: DemoWidgets): Route<ErrorCode>[] {
  return [
    route({
      method: 'post',
      path,
      tag,
      summary: 'Create a demo widget',
      body: newDemoWidget,
      idempotent: true,
      answers: { 201: demoWidget },
      headers: ['ETag', 'Location'],
      errors: ['idempotency_key_reused', 'idempotency_key_erased', 'outcome_unknown'],
      async handle({ body, headers, context }) {
        const key = idempotencyKeyOf(headers)
        const { answer, replayed } = await demoWidgets.create(
          body,
          key === undefined ? undefined : { caller: context.caller, key, fingerprint: fingerprintOf(body) },
          context.span,
        )
        return {
          status: 201,
          body: answer,
          headers: {
            ETag: etagOf(answer.version),
            Location: `${path}/${answer.id}`,
            ...(replayed && { 'Idempotency-Replayed': 'true' }),
          },
        }
      },
    }),
    route({
      method: 'get',
      workload: 'heavy',
      path,
      tag,
      summary: 'List the demo widgets, oldest first, by page or by cursor',
      query,
      answers: { 200: listOf(demoWidget) },
      async handle({ query: { page, cursor, page_size }, context }) {
        const part = { page, after: demoWidgetCursors.read(cursor), page_size }
        return { status: 200, body: await demoWidgets.list(part, context.span) }
      },
    }),
    route({
      method: 'get',
      path: `${path}/{id}`,
      tag,
      summary: 'Read a demo widget',
      params: idParams,
      answers: { 200: demoWidget },
      headers: ['ETag'],
      errors: ['demo_widget_not_found'],
      async handle({ params, context }) {
        const found = toJson(await demoWidgets.require(params.id, context.span))
        return { status: 200, body: found, headers: { ETag: etagOf(found.version) } }
      },
    }),
    route({
      method: 'patch',
      path: `${path}/{id}`,
      tag,
      summary: 'Change the fields that are given; with If-Match only if nobody else has changed it meanwhile',
      params: idParams,
      body: changes,
      conditional: true,
      answers: { 200: demoWidget },
      headers: ['ETag'],
      errors: ['demo_widget_not_found', 'version_mismatch'],
      async handle({ params, body, headers, context }) {
        const edited = { id: params.id, versions: versionsIn(headers['if-match']) }
        const changed = toJson(await demoWidgets.update(edited, body, context.span))
        return { status: 200, body: changed, headers: { ETag: etagOf(changed.version) } }
      },
    }),
    route({
      method: 'delete',
      path: `${path}/{id}`,
      tag,
      summary: 'Delete a demo widget; with If-Match only if nobody has changed it meanwhile',
      params: idParams,
      conditional: true,
      answers: { 204: null },
      errors: ['demo_widget_not_found', 'version_mismatch'],
      async handle({ params, headers, context }) {
        const edited = { id: params.id, versions: versionsIn(headers['if-match']) }
        await demoWidgets.remove(edited, context.span)
        return { status: 204, body: null }
      },
    }),
  ]
}
