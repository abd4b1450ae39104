import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { grpcLoad } from '../grpc-load'
import { duration, ratio, type Competitor, type MeasuredComparison, type Suite } from '../instrument/suite'
import { load, post, requireSuccess, type Load } from '../load'
import { auditNotes, measureAudit } from '../sequencer-audit'
import { root, type Contestant, type Stage } from '../stage'
import { measureInProcess } from './in-process'

const connections = 64
const settleMs = 3_000
const thousandSequences = Array.from({ length: 1000 }, (_, index) => `BENCH-${index}`)
const hundredSequences = thousandSequences.slice(0, 100)
const one = post('/api/v1/next/SG')

/** Issuing, beside what does less and what does it otherwise. */
export const numbers: Suite = {
  name: 'numbers',
  title: `Issuing numbers, ${connections} connections`,
  counts: 'numbers',
  services: ['sequencer'],
  programs: [{ program: 'redis-server', without: 'comparison with Redis INCR' }],

  async open(stage, settings, tell) {
    const grouped = await stage.startSequencer('grouped')
    tell(`Filling a ledger with ${settings.past.toLocaleString('en')} numbers.`)
    await stage.fill('grown', settings.past)
    const issued = new Map([['grown', settings.past]])
    const competitors = await enterAll(stage, grouped, issued)
    // What the start has left is not what idling takes.
    await delay(settings.rounds > 1 ? settleMs : 0)
    const idleMb = grouped.residentMb()
    let loadedMb = 0

    return {
      competitors,
      comparisons: [
        ratio('one number a request, against bare node:http', 'sequencer', 'node', { must: 0.35, aim: 0.5 }),
        ratio('against plain Express', 'sequencer', 'express', { must: 1 }),
        ratio('against Redis INCR behind the same HTTP', 'sequencer', 'redis', { must: 0.9, aim: 1 }),
        ratio('against one transaction per number', 'sequencer', 'single', { must: 8, aim: 9 }),
        ratio('over gRPC, against REST', 'grpc', 'sequencer', { must: 0.8, aim: 1 }),
        ratio('100 sequences in turn, against one', 'manySequences', 'sequencer', { must: 0.7, aim: 0.9 }),
        ratio('1,000 sequences in turn, against one', 'thousandSequences', 'sequencer', {
          must: 0.5,
          aim: 0.8,
        }),
        ratio('two instances, against one', 'twoInstances', 'sequencer'),
        ratio('a ledger with a past, against an empty one', 'grown', 'sequencer', { must: 0.85, aim: 0.95 }),
        duration('one number a request, p99', 'sequencer', 'p99Ms', { must: 8, aim: 5 }),
      ],
      ended(competitor) {
        if (competitor === 'sequencer') loadedMb = Math.max(loadedMb, grouped.residentMb() ?? 0)
      },
      async finish() {
        await requireDense(stage, issued)
        const memory: MeasuredComparison[] = [
          { title: 'memory, idle', unit: 'MB', must: 120, values: idleMb === undefined ? [] : [idleMb] },
          { title: 'memory, under load', unit: 'MB', must: 250, values: loadedMb > 0 ? [loadedMb] : [] },
        ]
        tell('The ledger with a past, verified and exported.')
        const notes = auditNotes(await measureAudit(stage, 'grown'))
        const inProcess = await measureInProcess(stage, settings, { must: 30, aim: 40 }, tell)
        return { ...inProcess, comparisons: [...inProcess.comparisons, ...memory], notes }
      },
    }
  },
}

async function requireDense(stage: Stage, issued: ReadonlyMap<string, number>): Promise<void> {
  for (const [database, count] of issued) {
    if (!(await stage.isDense(database, count)))
      throw new Error(
        `the numbers in ${database} are not exactly the ${count} that were answered, without a hole`,
      )
  }
}

/** Starts all who are to be measured beside the service. */
async function enterAll(
  stage: Stage,
  grouped: Contestant,
  issued: Map<string, number>,
): Promise<Competitor[]> {
  const enter = (
    name: string,
    title: string,
    contestants: Contestant[],
    {
      request = () => one,
      numbers = 1,
      database,
      call = (seconds) =>
        load(
          contestants.map(({ port }) => port),
          request,
          connections,
          seconds,
        ),
    }: {
      request?: () => string
      /** How many an answer has. */
      numbers?: number
      database?: string
      /** How a turn is made, if not by these requests over HTTP. */
      call?: (seconds: number) => Promise<Load>
    } = {},
  ): Competitor => ({
    name,
    title,
    async turn(seconds) {
      const turn = await call(seconds)
      requireSuccess(title, turn)
      if (database) issued.set(database, (issued.get(database) ?? 0) + turn.requests * numbers)
      return { perSecond: turn.perSecond * numbers, p50Ms: turn.p50Ms, p99Ms: turn.p99Ms }
    },
  })
  const own = { database: 'grouped' }

  await stage.define('grouped', thousandSequences)
  let next = 0
  const inTurn = (prefixes: readonly string[]) => () =>
    post(`/api/v1/next/${prefixes[(next += 1) % prefixes.length]}`)
  const withKey = () => post('/api/v1/next/SG', [`Idempotency-Key: ${randomUUID()}`])
  const hundred = post('/api/v1/next/SG', ['Content-Type: application/json'], '{"count":100}')
  const single = { SEQUENCER_GROUP_COMMIT: 'false' }
  const redis = await stage.startRedis()
  const second = await stage.startSequencer('grouped')

  return [
    enter('node', 'bare node:http, a constant', [await stage.startConstant('node')]),
    enter('express', 'plain Express, a constant', [await stage.startConstant('express')]),
    ...(redis ? [enter('redis', 'Redis INCR, the same HTTP', [redis])] : []),
    enter('sequencer', 'a number per request, all middleware', [grouped], own),
    enter('withKeys', 'the same, with an Idempotency-Key each', [grouped], { ...own, request: withKey }),
    enter('grpc', 'over gRPC, on 8 connections', [grouped], {
      ...own,
      call: (seconds) =>
        grpcLoad({ root, port: grouped.grpcPort! }, 'GetNext', { prefix: 'SG' }, connections, seconds),
    }),
    enter('manySequences', 'over 100 sequences', [grouped], { ...own, request: inTurn(hundredSequences) }),
    enter('thousandSequences', 'over 1,000 sequences', [grouped], {
      ...own,
      request: inTurn(thousandSequences),
    }),
    enter('twoInstances', 'on two instances', [grouped, second], own),
    enter('grown', 'in a ledger with a past', [await stage.startSequencer('grown')], { database: 'grown' }),
    enter('hundred', '100 numbers per request', [grouped], { ...own, request: () => hundred, numbers: 100 }),
    enter('single', 'one transaction per number', [await stage.startSequencer('single', single)], {
      database: 'single',
    }),
  ]
}
