import { z } from 'zod'
import { escapeHtml, htmlPage, route, type Route } from '@ordinal/http'

const entries: [link: string, what: string][] = [
  ['/debug/pprof/profile?seconds=10', 'where the processor time of 10 seconds goes, by function'],
  ['/debug/pprof/heap?seconds=10', 'what is allocated in 10 seconds and still there, by function'],
  [
    '/debug/pprof/trace?seconds=5',
    'what V8 and Node do in 5 seconds: garbage collection, event loop, HTTP, files',
  ],
  ['/debug/pprof/cmdline', 'the command line, its arguments separated by NUL'],
  [
    '/debug/pprof/symbol?main.js:1:1',
    'the source and line of places in the bundle, as stack traces have them; several are separated by +',
  ],
  ['/debug/readiness', 'whether requests should be sent here'],
  ['/debug/liveness', 'whether the process answers'],
]

/** `/debug/pprof/`: all that there is, as links. */
export function debugIndex(name: string): Route {
  const rows = entries.map(
    ([link, what]) =>
      `<tr><td><a href="${escapeHtml(link)}"><code>${escapeHtml(link)}</code></a></td><td>${escapeHtml(what)}</td></tr>`,
  )
  const page = htmlPage(
    `${name}: profiles`,
    `<style>body{font:16px/1.5 system-ui;max-width:60rem;margin:3rem auto;padding:0 1rem}td{padding:.2rem 2rem .2rem 0}</style>
<h1>${escapeHtml(name)}: profiles</h1>
<table>
${rows.join('\n')}
</table>
<p><code>seconds</code> is from 1 to 60; one profile is taken at a time. profile and heap are in the format of pprof:
<code>go tool pprof -http : cpu.pb.gz</code>, or a viewer such as <a href="https://www.speedscope.app">speedscope</a>.
Traces open in <a href="https://ui.perfetto.dev">Perfetto</a>.</p>`,
  )
  return route({
    method: 'get',
    path: '/debug/pprof/',
    summary: 'What there is to see',
    tag: 'debug',
    media: 'text/html',
    answers: { 200: z.string() },
    handle: () => ({ status: 200, body: page }),
  })
}
