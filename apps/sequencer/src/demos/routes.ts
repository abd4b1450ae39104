import { integerText, route, type Route } from '@ordinal/http'
import { z } from 'zod'
import type { DemoCaller, DemoReport, Demos } from './scenarios'
import { issuingErrors } from '../api/schemas'
import type { ErrorCode } from '../domain/errors'

const report = z
  .object({
    demo: z.string(),
    prefix: z.string(),
    period: z.string(),
    steps: z.array(
      z.object({
        step: z.string(),
        numbers: z.array(z.string()).meta({ description: 'Empty where there are too many' }),
      }),
    ),
    numbers: z.int().meta({ description: 'How many were drawn' }),
    seconds: z.number().nullable(),
    numbers_per_second: z.number().nullable(),
    promises: z.array(
      z.object({
        promise: z.string(),
        held: z.boolean(),
        found: z.string().meta({ description: 'In the ledger' }),
      }),
    ),
    held: z.boolean().meta({ description: 'Whether all promises were' }),
  })
  .meta({ id: 'DemoReport' })

const countText = (max: number, usual: number) =>
  integerText(1, max)
    .default(usual)
    .meta({ override: { default: usual } })

/** `/api/v1/demo`: demonstrations. */
export function demoRoutes(demos: Demos): Route<ErrorCode>[] {
  const demo = <Query extends z.ZodObject>(
    name: string,
    summary: string,
    query: Query,
    play: (by: DemoCaller, query: z.output<Query>) => Promise<DemoReport>,
  ) =>
    route({
      method: 'post',
      path: `/api/v1/demo/${name}`,
      tag: 'demonstrations',
      summary,
      query,
      answers: { 200: report },
      issues: true,
      errors: [...issuingErrors, 'demos_off', 'demo_under_way'],
      handle: async ({ query, context }) => ({
        status: 200,
        body: toJson(await play({ caller: context.caller, requestId: context.requestId }, query)),
      }),
    })

  return [
    demo('basic', 'All sites, partitions and types draw on one sequence', z.strictObject({}), demos.basic),
    demo(
      'concurrent',
      'Clients draw at the same time: nothing twice, no hole',
      z.strictObject({ threads: countText(64, 4), requests_per_thread: countText(250, 25) }),
      (by, { threads, requests_per_thread }) => demos.concurrent(by, threads, requests_per_thread),
    ),
    demo('gaps', 'Released and suppressed numbers are drawn again', z.strictObject({}), demos.gaps),
    demo(
      'load-test',
      'How many numbers a second, without HTTP',
      z.strictObject({ total_requests: countText(20_000, 1_000), concurrent_threads: countText(256, 10) }),
      (by, { total_requests, concurrent_threads }) => demos.loadTest(by, total_requests, concurrent_threads),
    ),
  ]
}

function toJson({ seconds, numbers, promises, ...rest }: DemoReport): z.input<typeof report> {
  const timed = seconds > 0
  return {
    ...rest,
    numbers,
    seconds: timed ? Math.round(seconds * 1e4) / 1e4 : null,
    numbers_per_second: timed ? Math.round(numbers / seconds) : null,
    promises,
    held: promises.every(({ held }) => held),
  }
}
