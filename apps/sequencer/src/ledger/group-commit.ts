import { withTimeout, type Deadline } from '@ordinal/deadline'
import { AppError } from '../domain/errors'
import { createOutageLog } from './outage-log'
import { createQueues, type QueueOptions } from './queues'
import type { Issued } from './request'
import { createSettle, type SettleOptions } from './settle'
import { unconfirmed, type Lane, type Waiting } from './waiting'

export interface GroupCommitOptions
  extends Pick<SettleOptions, 'reloadRules'>, Pick<QueueOptions, 'carryOutTogether' | 'log'> {
  /** Off: every request is a transaction of its own, as a service without this would have it. */
  groupCommit: boolean
  /** How many requests may wait at once, over all lanes. */
  maxWaiting: number
  /** How long a request may wait while the database is away. */
  requestTimeoutMs: number
}

/**
 * Group commit: requests of a lane that arrive while a statement is under way wait, and go together in the next, with
 * those of other lanes. There is no timer, so alone a request waits for nothing, and under load batches grow by
 * themselves.
 *
 * Every request has a key, which makes a retry exact: after a lost connection the same keys are sent again, and
 * the database finds what was committed.
 */
export function createGroupCommit(options: GroupCommitOptions) {
  const { groupCommit, maxWaiting, requestTimeoutMs, reloadRules, carryOutTogether, log } = options
  const outage = createOutageLog(log)
  const settle = createSettle({ reloadRules, outage })
  const queues = createQueues({ settle, carryOutTogether, outage, log })
  let waitingCount = 0
  let alone = 0

  /**
   * Queues a request for its lane.
   *
   * @throws AppError `sequencer_overloaded`, `database_unavailable`, `deadline_exceeded`, `outcome_unknown`, or what
   *   `carryOut` throws
   */
  function submit(
    lane: Lane,
    { request, keyIsCallers, deadline }: Pick<Waiting, 'request' | 'keyIsCallers'> & { deadline: Deadline },
  ): Promise<Issued> {
    requireRoom()
    const remainingMs = deadline.remainingMs()
    const expiresAtMs = performance.now() + Math.min(requestTimeoutMs, remainingMs)
    const issued = new Promise<Issued>((resolve, reject) => {
      queues.add(groupCommit ? lane : laneOfItsOwn(lane), {
        request,
        keyIsCallers,
        lookUp: keyIsCallers,
        sent: false,
        outcomeUnknown: false,
        expiresAtMs,
        hasShortDeadline: remainingMs < requestTimeoutMs,
        resolve,
        reject,
      })
    })
    return counted(issued)
  }

  const laneOfItsOwn = (lane: Lane): Lane => ({
    ...lane,
    name: `${(alone += 1)}`,
    goesTogether: () => false,
  })

  /**
   * Waits for the answer of a request that is under way.
   *
   * @throws AppError `sequencer_overloaded`; `outcome_unknown` at the deadline
   */
  function waitWith(issued: Promise<Issued>, key: string, deadline: Deadline): Promise<Issued> {
    requireRoom()
    const timeoutMs = Math.min(requestTimeoutMs, deadline.remainingMs())
    return counted(withTimeout(issued, timeoutMs, () => unconfirmed(key)))
  }

  function requireRoom(): void {
    if (waitingCount < maxWaiting) return
    const detail = `${waitingCount} requests wait for numbers`
    throw new AppError('sequencer_overloaded', detail, { retryAfterSeconds: 1 })
  }

  function counted(issued: Promise<Issued>): Promise<Issued> {
    waitingCount += 1
    return issued.finally(() => (waitingCount -= 1))
  }

  return { submit, waitWith, waiting: () => waitingCount }
}
