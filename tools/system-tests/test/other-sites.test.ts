import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import { testNeeding } from '@ordinal/testing'
import { ask, eventually } from '../src/calls'
import { startSystem, type System } from '../src/system'
import { chromium, render } from './chromium'

const inBrowser = testNeeding('chromium', chromium !== undefined, 'pages of other sites in a browser')

let system: System
beforeAll(async () => {
  system = await startSystem({ SEQUENCER_HOST: '::' })
})
afterAll(() => system.stop())

const lan = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ internal, family }) => !internal && family === 'IPv4')?.address

/** A page that tries every way in which a page can have a browser send something to another site. */
const pageAgainst = (target: string) => `<!doctype html>
<link rel="prefetch" href="${target}/api/v1/next/SG?client_id=prefetch">
<img src="${target}/api/v1/next/SG?client_id=image">
<img referrerpolicy="no-referrer" src="${target}/api/v1/next/SG?client_id=image-without-referrer">
<script src="${target}/v1/sequence"></script>
<link rel="stylesheet" href="${target}/api/v1/next/SG?client_id=style">
<iframe referrerpolicy="no-referrer" src="${target}/api/v1/next/SG?client_id=frame"></iframe>
<iframe name="hidden"></iframe>
<form id="plain" target="hidden" method="post" enctype="text/plain" action="${target}/api/v1/next/SG">
  <input name='{"client_id":"form","generated_by":"' value='"}'></form>
<form id="empty" target="hidden" method="post" action="${target}/api/v1/next/SG"></form>
<script>
  const send = (more) => fetch('${target}/api/v1/next/SG', { method: 'POST', mode: 'no-cors', ...more }).catch(() => {})
  send({}); send({ body: '{}' }); send({ body: '{}', referrerPolicy: 'no-referrer' })
  fetch('${target}/api/v1/next/SG?client_id=fetch', { mode: 'no-cors', referrerPolicy: 'no-referrer' }).catch(() => {})
  navigator.sendBeacon('${target}/api/v1/next/SG', new Blob(['{}'], { type: 'text/plain' }))
  try { navigator.sendBeacon('${target}/api/v1/next/SG', new Blob(['{}'], { type: 'application/json' })) } catch {}
  plain.submit(); setTimeout(() => empty.submit(), 500)
</script><p>shown</p>`

inBrowser.each([
  ['127.0.0.1', 'vouched for by the browser'],
  [lan ?? '127.0.0.1', 'over http in a network, where it is not'],
])('a page of another site draws no number from %s: %s', async (address) => {
  const target = `http://${address}:${system.sequencer.port}`
  const site = createServer((_req, res) => {
    res.setHeader('Content-Type', 'text/html')
    res.end(pageAgainst(target))
  }).listen(0, '127.0.0.2')
  await once(site, 'listening')
  const before = system.sequencer.log().length
  const page = await render(`http://127.0.0.2:${(site.address() as AddressInfo).port}/`)
  site.close()
  expect(page.dom).toContain('<p>shown</p>')

  const answersSoFar = () =>
    system.sequencer
      .log()
      .slice(before)
      .split('\n')
      .filter((line) => line.includes('"message":"request"') && /next|v1.sequence/.test(line))
      .map((line) => (JSON.parse(line) as { status: number }).status)
  // Else the page has not got through to it. Lines of requests are written a moment later.
  const answers = await eventually(answersSoFar, ({ length }) => length >= 6)
  expect(answers.filter((status) => status < 400)).toEqual([])
  for (const prefix of ['SG', 'DEFAULT'])
    expect((await ask(system.sequencer, 'GET', `/api/v1/status/${prefix}`)).body.current_counter).toBe(0)
})

inBrowser('what is typed into the address bar of this machine draws one', async () => {
  const page = await render(`http://127.0.0.1:${system.sequencer.port}/api/v1/next/SG`)
  expect(page.dom).toContain('SG000001')
})
