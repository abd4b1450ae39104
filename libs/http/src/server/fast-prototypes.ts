import http from 'node:http'
import type { CommonHeaders } from '@ordinal/middleware'
import type { Express } from 'express'

type Headers = http.OutgoingHttpHeaders | http.OutgoingHttpHeader[]

/**
 * Express sets the prototype of every request and response, which makes both slow objects for V8. A server that
 * creates them with that very prototype makes it a change to what is already so: three to four times the requests
 * a second (docs/decisions/0006).
 */
export function fastPrototypes(app: Express) {
  class Request extends http.IncomingMessage {}
  class Response<R extends http.IncomingMessage> extends http.ServerResponse<R> implements CommonHeaders {
    commonHeaders: string[] = []

    /** Node takes a list as it is, where no header was set before; one by one, headers cost 5 µs more. */
    override writeHead(status: number, message?: string | Headers, headers?: Headers): this {
      const list = typeof message === 'string' ? headers : message
      if (Array.isArray(list) && this.getHeaderNames().length === 0)
        return super.writeHead(status, [...this.commonHeaders, ...list])
      for (let index = 0; index < this.commonHeaders.length; index += 2) {
        const name = this.commonHeaders[index]!
        if (!this.hasHeader(name)) this.setHeader(name, this.commonHeaders[index + 1]!)
      }
      if (typeof message === 'string') this.statusMessage = message
      return super.writeHead(status, list)
    }
  }
  Object.setPrototypeOf(Request.prototype, app.request)
  Object.setPrototypeOf(Response.prototype, app.response)
  app.request = Request.prototype as Express['request']
  app.response = Response.prototype as unknown as Express['response']
  return { IncomingMessage: Request, ServerResponse: Response }
}
