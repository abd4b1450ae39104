import { route, type Route } from '@ordinal/http'
import { z } from 'zod'
import { feedCursors } from './schemas'
import { clientIn } from './share'
import type { LiveStream } from './stream'
import type { ErrorCode } from '../domain/errors'

/** `/api/v1/stream`: what happens, while it happens. */
export function streamRoutes(live: LiveStream): Route<ErrorCode>[] {
  return [
    route({
      method: 'get',
      path: '/api/v1/stream',
      tag: 'audit',
      summary:
        'Server-sent events: what each batch did (`issue`, `reserve` and so on), and `stats` every second',
      requires: 'viewer',
      query: z.strictObject({
        last_event_id: z.string().max(1000).optional().meta({
          description: 'As the header Last-Event-ID, for clients that cannot set headers',
        }),
      }),
      media: 'text/event-stream',
      live: true,
      workload: 'listen',
      errors: ['overloaded', 'too_many_open'],
      answers: { 200: z.string() },
      handle({ query, headers, context }) {
        const last = headers['last-event-id'] ?? query.last_event_id
        const missedSince = feedCursors.read(last && String(last), {}, 'query.last_event_id')
        return {
          status: 200,
          body: live.open(missedSince, clientIn(context)),
          headers: { 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' },
        }
      },
    }),
  ]
}
