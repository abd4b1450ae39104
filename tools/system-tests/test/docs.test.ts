import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { testNeeding } from '@ordinal/testing'
import { ask } from '../src/calls'
import { chromium, render } from './chromium'
import { listedServices } from '../src/service'
import { startSystem, type System } from '../src/system'

const inBrowser = testNeeding('chromium', chromium !== undefined, '/docs in a browser')

let system: System
let judges: ChildProcessByStdio<Writable, Readable, null>
let verdicts: Interface
beforeAll(async () => {
  system = await startSystem()
  judges = spawn(process.execPath, [path.join(__dirname, 'lint-openapi.mjs')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  verdicts = createInterface({ input: judges.stdout })
})
afterAll(async () => {
  judges?.stdin.end()
  await system.stop()
})

const all = listedServices.map(({ name }) => name)
const serviceOf = (name: string) => system.services.find((service) => service.name === name)!
type Document = Record<string, Record<string, { operationId?: string; summary?: string }>>

test.each(all)('/openapi.json of %s describes its API', async (name) => {
  const { status, body } = await ask(serviceOf(name), 'GET', '/openapi.json')
  expect([status, body.openapi]).toEqual([200, expect.stringMatching(/^3\.1\./)])
  expect(Object.keys(body.paths as Document)).toContain('/health/ready')
})

test.each(all)('every code in the document of %s has its page there', async (name) => {
  const { body } = await ask(serviceOf(name), 'GET', '/openapi.json')
  const codes = new Set(answersIn(body).flatMap(({ description }) => codesOf(description)))
  expect(codes.size).toBeGreaterThan(25)
  const pages = await Promise.all(
    Array.from(codes, async (code) => {
      const { status } = await fetch(`${serviceOf(name).url}/errors/${code}`)
      return `${code} ${status}`
    }),
  )
  expect(pages).toEqual(Array.from(codes, (code) => `${code} 200`))
})

interface Answer {
  description: string
}

/** The answers of all operations, and those that they refer to. */
function answersIn(body: object): Answer[] {
  const { paths, components } = body as {
    paths: Record<string, Record<string, { responses: Record<string, Answer | { $ref: string }> }>>
    components: { responses: Record<string, Answer> }
  }
  const operations = Object.values(paths).flatMap((path) => Object.values(path))
  const own = operations.flatMap(({ responses }) => Object.values(responses))
  return [...Object.values(components.responses), ...own.filter((answer) => 'description' in answer)]
}

/** A line for each: `user_not_found`: There is no such user; or 500 `internal_error`. */
const codesOf = (description: string) =>
  Array.from(description.matchAll(/^(?:\d{3} )?`(\w+)`/gm), ([, code]) => code!)

test.each(all)('/openapi.json of %s is under 100 kB', async (name) => {
  const bytes = await (await fetch(`${serviceOf(name).url}/openapi.json`)).arrayBuffer()
  expect(bytes.byteLength).toBeLessThan(100_000)
})

test.each(all)('/openapi.json of %s has no fault by the tools of others', async (name) => {
  const source = await (await fetch(`${serviceOf(name).url}/openapi.json`)).text()
  const { lint, compile } = await judge(source)
  expect([lint, compile.lines]).toEqual([[], []])
  expect(compile.operations).toBeGreaterThan(8)
})

test('control: the tools of others see what is wrong', async () => {
  const source = await (await fetch(`${system.users.url}/openapi.json`)).text()
  const { lint, compile } = await judge(
    source.replace('"operationId":', '"x-operation":').replace('"security":[],', ''),
  )
  expect(lint).toEqual([
    expect.stringContaining('operation-operationId'),
    expect.stringContaining('security-defined'),
  ])
  expect(compile.lines).toEqual([])
  const dangling = source.replaceAll('"#/components/schemas/Problem"', '"#/components/schemas/Trouble"')
  await expect(judge(dangling)).rejects.toThrow("Can't resolve $ref")
})

/** What Redocly's recommended rules say of a document, and the compiler of the types that are generated from it. */
async function judge(
  source: string,
): Promise<{ lint: string[]; compile: { lines: string[]; operations: number } }> {
  const ended = once(judges, 'close').then(() => {
    throw new Error('the tools of others have ended')
  })
  const judged = once(verdicts, 'line') as Promise<[string]>
  judges.stdin.write(`${JSON.stringify(source)}\n`)
  const [line] = await Promise.race([judged, ended])
  const verdict = JSON.parse(line) as Awaited<ReturnType<typeof judge>> | { fault: string }
  if ('fault' in verdict) throw new Error(verdict.fault)
  return verdict
}

inBrowser.each(all)('/docs of %s shows every operation, and the console stays empty', async (name) => {
  const { body } = await ask(serviceOf(name), 'GET', '/openapi.json')
  const operations = Object.values(body.paths as Document).flatMap((path) => Object.values(path))
  const summaries = operations.map(({ summary }) => summary!)
  expect(summaries.length).toBeGreaterThan(8)

  const page = await render(`${serviceOf(name).url}/docs`)
  expect(page.console).toEqual([])
  expect(summaries.filter((summary) => !page.dom.includes(`>${escapeHtml(summary)}<`))).toEqual([])
})

inBrowser('control: what a page does wrong is seen', async () => {
  const server = createServer((req, res) => {
    res.setHeader('Content-Security-Policy', "script-src 'self'")
    const isScript = req.url === '/broken.js'
    res.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html')
    res.end(
      isScript ? 'nothing.is.here()' : '<script>1</script><script src="/broken.js"></script><p>shown</p>',
    )
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const page = await render(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  server.close()
  expect(page.dom).toContain('<p>shown</p>')
  expect(page.console.join('\n')).toContain('Content Security Policy')
  expect(page.console.join('\n')).toContain('nothing is not defined')
})

const escapeHtml = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
