import {
  AuthenticationError,
  CallTimeoutError,
  ChangedMeanwhileError,
  ConflictError,
  ConnectionError,
  InvalidRequestError,
  NotFoundError,
  PermissionError,
  RateLimitedError,
  ServiceError,
  UnexpectedAnswerError,
} from '@ordinal/client'

/** What a script can decide by. */
export const exitCodes = {
  /** A check has found something. */
  found: 1,
  /** The command, or what it asks for, is not valid. */
  usage: 2,
  notFound: 3,
  notAllowed: 4,
  /** The state of what it is about does not allow it, or it has changed meanwhile. */
  conflict: 5,
  /** No answer, or not now: the same may succeed later. */
  unavailable: 6,
  /** `doctor` has found what puts numbers or data at risk now. */
  serious: 7,
} as const

/** A long work has not reached its end, and may if it is tried again. */
export class BrokenOffError extends Error {}

const ofErrors = [
  [BrokenOffError, exitCodes.unavailable],
  [NotFoundError, exitCodes.notFound],
  [AuthenticationError, exitCodes.notAllowed],
  [PermissionError, exitCodes.notAllowed],
  [ConflictError, exitCodes.conflict],
  [ChangedMeanwhileError, exitCodes.conflict],
  [InvalidRequestError, exitCodes.usage],
  [ConnectionError, exitCodes.unavailable],
  [CallTimeoutError, exitCodes.unavailable],
  [RateLimitedError, exitCodes.unavailable],
  [ServiceError, exitCodes.unavailable],
  [UnexpectedAnswerError, exitCodes.unavailable],
] as const

/** Which of them an error ends the program with. */
export const exitCodeOf = (error: unknown): number =>
  ofErrors.find(([Class]) => error instanceof Class)?.[1] ?? exitCodes.usage
