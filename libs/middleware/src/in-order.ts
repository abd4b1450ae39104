import type { RequestHandler } from 'express'

/**
 * Several handlers as one, so that Express's router, which matches every handler against the path, has one to match.
 * None of them may answer the request and call `next` as well. What they throw, or reject with, goes to the error handlers.
 */
export function inOrder(...handlers: RequestHandler[]): RequestHandler {
  return (req, res, next) => {
    const fail = (fault: unknown) => next(fault ?? new Error('Rejected without a reason'))
    let called = 0
    const callNext = (error?: unknown): void => {
      if (error) return next(error)
      const handler = handlers[called]
      called += 1
      if (!handler) return next()
      try {
        const working: unknown = handler(req, res, callNext)
        if (working instanceof Promise) working.catch(fail)
      } catch (fault) {
        fail(fault)
      }
    }
    callNext()
  }
}
