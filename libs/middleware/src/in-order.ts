import type { RequestHandler } from 'express'

/**
 * Several handlers as one, so that Express's router, which matches every handler against the path, has one to match.
 * None of them may answer the request and call `next` as well.
 */
export function inOrder(...handlers: RequestHandler[]): RequestHandler {
  return (req, res, next) => {
    let called = 0
    const callNext = (error?: unknown): void => {
      if (error) return next(error)
      const handler = handlers[called]
      called += 1
      if (!handler) return next()
      try {
        void handler(req, res, callNext)
      } catch (fault) {
        next(fault)
      }
    }
    callNext()
  }
}
