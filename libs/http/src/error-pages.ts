import { AppError, type ErrorKind, type ErrorTable } from '@ordinal/errors'
import { z } from 'zod'
import { escapeHtml, htmlPage } from './html'
import { route, type Route } from './route'

/** `/errors/{code}`, where the `type` of every error of a service leads. */
export const errorPages = (errors: ErrorTable): Route =>
  route({
    method: 'get',
    path: '/errors/{code}',
    summary: 'What an error means and what to do about it',
    tag: 'documentation',
    media: 'text/html',
    params: z.strictObject({ code: z.string() }),
    answers: { 200: z.string() },
    errors: ['route_not_found'],
    handle({ params: { code }, context: { basePath } }) {
      // A name that every object has is no code.
      const kind = Object.hasOwn(errors, code) ? errors[code] : undefined
      if (!kind) throw new AppError('route_not_found', `There is no error "${code}"`)
      return { status: 200, body: errorPage(code, kind, basePath) }
    },
  })

function errorPage(
  code: string,
  { status, title, cause, remedy, example }: ErrorKind,
  basePath: string,
): string {
  const type = `${basePath}/errors/${code}`
  const problem = { type, title, status, detail: example, code, request_id: '0197c2a4' }
  return htmlPage(
    `${code}: ${title}`,
    `<style>body{font:16px/1.5 system-ui;max-width:42rem;margin:3rem auto;padding:0 1rem}pre{background:#8882;padding:1rem;overflow:auto}</style>
<h1>${escapeHtml(title)}</h1>
<p><code>${code}</code>, HTTP ${status}</p>
<h2>Why it happens</h2>
<p>${escapeHtml(cause)}</p>
<h2>What to do</h2>
<p>${escapeHtml(remedy)}</p>
<h2>What it looks like</h2>
<pre>${escapeHtml(JSON.stringify(problem, null, 2))}</pre>`,
  )
}
