import { setTimeout as delay } from 'node:timers/promises'
import { checksOf, codeOf, type Fault } from './check'
import { createCoverage, type Coverage } from './coverage'
import { diceOf, type Dice } from './dice'
import { operationAt, operationsOf, type Document, type Operation } from './document'
import type { GrpcTarget } from './grpc'
import { createKnown, type Known } from './known'
import { mutated } from './mutations'
import type { Caller, Finding, Player, Shared } from './player'
import { curlOf, reduced } from './reduce'
import { validRequest, type HttpRequest } from './requests'
import { createSender, type Outcome } from './send'

/** A service that is fuzzed. */
export interface Target {
  name: string
  url: string
  document: Document
  /** Its gRPC, if it has some. */
  grpc?: GrpcTarget
}

export interface FuzzOptions {
  targets: readonly Target[]
  requests: number
  seed: number
  /** Of those who may do what they ask for, an administrator is first. */
  callers: { trusted: readonly Caller[]; others: readonly Caller[] }
  /** After so many milliseconds a request hangs. */
  timeoutMs?: number
  concurrency?: number
  /** Where the lines for a shell say that a service is; where it is, if not given. */
  shownUrl?: (service: string) => string
  /** Called with each request that is done. */
  onDone?: (done: number, findings: readonly Finding[]) => void
  /** What a service logged of a request. */
  logged?: (service: string, requestId: string) => string
  coverage?: Coverage
  /** What was learned before. */
  known?: Known
}

/** Operations that read or write much for one request: of their turns so many of a hundred are taken. */
const seldom: readonly [RegExp, number][] = [
  // Most others need what is there.
  [/^DELETE /, 30],
  [/^POST .*\/demo\//, 4],
  [/\/audit\/(export|verify|checkpoints)$/, 25],
  [/\/stream$/, 30],
  [/^GET \/(docs|openapi\.json|metrics|metrics\/db|health.*)$/, 20],
]

/** Makes requests of all operations, good and bad ones, and checks every answer; gives what it found. */
export async function fuzz(options: FuzzOptions): Promise<Finding[]> {
  const { targets, requests, seed, concurrency = 12, onDone = () => {} } = options
  const coverage = options.coverage ?? createCoverage()
  const known = options.known ?? createKnown()
  const findings = new Map<string, Finding>()
  const players = targets.flatMap((target) => {
    const http = httpPlayer(target, { ...options, known, coverage, findings })
    // A turn for each ten operations.
    const turns = Array.from({ length: Math.ceil(operationsOf(target.document).length / 10) }, () => http)
    const grpc = target.grpc?.player({ known, coverage, findings, callers: options.callers.trusted })
    return grpc ? [...turns, grpc] : turns
  })

  let begun = 0
  let done = 0
  async function work(): Promise<void> {
    while (begun < requests) {
      const index = begun++
      const dice = diceOf(seed, index)
      await dice.pick(players).play(dice)
      done += 1
      onDone(done, [...findings.values()])
    }
  }
  try {
    await Promise.all(Array.from({ length: concurrency }, work))
  } finally {
    for (const player of new Set(players)) player.close()
  }
  return [...findings.values()]
}

function httpPlayer(target: Target, options: FuzzOptions & Shared): Player {
  const { name: service, url, document } = target
  const { known, coverage, findings, callers, timeoutMs = 15_000, concurrency = 12 } = options
  const operations = operationsOf(document)
  for (const operation of operations) coverage.expect(service, operation.name)
  const check = checksOf({ document, operations })
  const sender = createSender(url, timeoutMs, concurrency)
  const shown = options.shownUrl?.(service) ?? url

  async function report(
    fault: Fault,
    operation: string,
    request: HttpRequest,
    inPlaceOf: Map<string, string>,
  ) {
    const key = `${service} ${operation} ${fault.kind}`
    const before = findings.get(key)
    if (before) {
      before.times += 1
      return
    }
    const finding: Finding = {
      ...fault,
      service,
      operation,
      times: 1,
      line: curlOf(request, shown, inPlaceOf),
    }
    findings.set(key, finding)
    const stillFails = async (candidate: HttpRequest) =>
      check(candidate, await sender.send(candidate))?.kind === fault.kind
    // Each try of a request that hangs takes the whole timeout.
    const least = await reduced(request, stillFails, fault.kind === 'hang' ? 3 : undefined)
    finding.line = curlOf(least, shown, inPlaceOf)
  }

  /** A fault of the server says more in its log than in its answer. */
  async function withLog(fault: Fault | undefined, outcome: Outcome): Promise<Fault | undefined> {
    if (!fault || !options.logged || !('status' in outcome) || outcome.status < 500) return fault
    // The line may not have been written yet.
    await delay(500)
    const logged = options.logged(service, outcome.headers.get('x-request-id') ?? '')
    return { ...fault, detail: `${fault.detail}\n  ${logged}` }
  }

  function callerFor({ role }: Operation, isTrusted: boolean, dice: Dice): Caller {
    if (!isTrusted) return dice.pick(callers.others)
    // Most of those who may do something may not administrate.
    return role === 'admin' && dice.percent(80) ? callers.trusted[0]! : dice.pick(callers.trusted)
  }

  return {
    async play(dice) {
      const operation = dice.pick(operations)
      const [, taken = 100] = seldom.find(([pattern]) => pattern.test(operation.name)) ?? []
      const chosen = dice.percent(taken) ? operation : dice.pick(operations)
      const isGood = dice.percent(55)
      const valid = validRequest(chosen, { service, document, known, dice })
      const caller = callerFor(chosen, dice.percent(isGood ? 85 : 60), dice)
      const good = { ...valid, headers: [...valid.headers, ...Object.entries(caller.headers)] }
      const request = isGood ? good : mutated(good, dice)
      const inPlaceOf = new Map(
        caller.inShell === undefined
          ? []
          : Object.values(caller.headers).map((value) => [value, caller.inShell!]),
      )

      const outcome = await sender.send(request)
      const path = request.url.replace(/^https?:\/\/[^/]*/, '')
      const met = operationAt(operations, request.method, path)?.name ?? 'elsewhere'
      if ('status' in outcome) {
        const code = outcome.status >= 500 ? codeOf(outcome.body) : undefined
        coverage.count(service, met, `${outcome.status}${code ? ` ${code}` : ''}`)
        if (outcome.status < 300) known.learn(service, request.url, outcome.headers.get('etag'), outcome.body)
      }
      const fault = await withLog(check(request, outcome), outcome)
      if (fault) await report(fault, met, request, inPlaceOf)
    },
    close: () => sender.close(),
  }
}
