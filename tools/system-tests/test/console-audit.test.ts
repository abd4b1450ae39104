import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Page } from 'playwright-core'
import { ask, eventually } from '../src/calls'
import { startSystem, type System } from '../src/system'
import {
  consoleSecret,
  copied,
  inBrowser,
  openBrowser,
  picture,
  signedTokens,
  violationsOn,
  type ConsoleBrowser,
} from './console-browser'

const year = new Date().getUTCFullYear()

let system: System
let browser: ConsoleBrowser
let token: string

inBrowser('the audit page', () => {
  beforeAll(async () => {
    const { privateKey } = generateKeyPairSync('ed25519')
    system = await startSystem({
      REQUIRE_AUTHENTICATION: 'true',
      JWT_SECRET: consoleSecret,
      SEQUENCER_SIGNING_KEY: privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'),
    })
    browser = await openBrowser()
    token = (await signedTokens()).admin
    await issue('INV', { count: 3, client_id: 'till-7' })
    await issue('SG', { count: 2 })
  })
  afterAll(async () => {
    await browser?.close()
    await system?.stop()
  })

  const at = (place: string) => `${system.sequencer.url}/dashboard${place}`
  const issue = (prefix: string, more: object = {}) =>
    ask(system.sequencer, 'POST', `/api/v1/next/${prefix}`, more)
  const open = (place: string, how = {}) => browser.open(at(place), { token, ...how })
  /** The keys of the rows that are in the document. */
  const keysOn = (page: Page) =>
    page.locator('[data-row]').evaluateAll((rows) => rows.map((row) => row.getAttribute('data-row')!))

  /** What is searched for, once it is there, in the order of its names. */
  const hasAddress = (page: Page, wanted: string) =>
    eventually(
      () => {
        const { searchParams } = new URL(page.url())
        searchParams.sort()
        return `?${searchParams.toString()}`
      },
      (search) => search === wanted,
    )

  test('what is searched for is in the address, and a link to it shows the same', async () => {
    const page = await open('/audit')
    await page.getByText('5 in view, all there is').waitFor()
    expect(await page.locator('time').first().getAttribute('title')).toMatch(/:\d\d · .*:\d\d UTC$/)
    await page.getByLabel('Client').fill('till-7')
    await page.getByText('3 in view, all there is').waitFor()
    expect(new URL(page.url()).search).toBe('?client=till-7')
    const again = await open('/audit?client=till-7&event=void')
    await again.getByText('Nothing for this filter').waitFor()
    await again.getByRole('button', { name: 'Clear the filter' }).click()
    await again.getByText('5 in view').waitFor()
    await again.context().close()
    await page.context().close()
  })

  test('this browser and the service verify the ledger, and say what that does not prove', async () => {
    const page = await open('/audit')
    const fits = page.locator('[data-verified="fits"]').getByText('It fits')
    await page.getByRole('button', { name: 'Verify in this browser' }).click()
    await fits.waitFor()
    // Until it is asked, the verdict is that of the browser.
    await Promise.all([
      page.waitForResponse(/\/api\/v1\/audit\/verify/),
      page.getByRole('button', { name: 'Have the service verify' }).click(),
    ])
    await fits.waitFor()
    await page.getByText('only a checkpoint that somebody else has kept shows that').waitFor()
    const kept = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Take one now' }).click()
    expect(readFileSync(await (await kept).path(), 'utf8')).toMatch(/^eyJ[\w.-]+\n$/)
    await page.locator('[data-checkpoint]').waitFor()
    await page.context().close()
  })

  test('what a request wrote is found by its id, also by the search of all pages, and rows by their type', async () => {
    const id = 'till-7/2026-11-30/request-0815'
    const { status } = await ask(
      system.sequencer,
      'POST',
      '/api/v1/next/GLOBAL',
      { invoice_type: 'off-cycle' },
      { 'X-Request-Id': id },
    )
    expect(status).toBeLessThan(300)
    const page = await open('/')
    await page.getByRole('button', { name: 'Search' }).click()
    await page.getByPlaceholder('Go to a page, a number, an order…').fill(id)
    await page.getByText(`What request ${id} wrote`).click()
    await page.getByText('1 in view, all there is').waitFor()
    await page.getByRole('row', { name: id }).waitFor()
    expect(new URL(page.url()).searchParams.get('request')).toBe(id)
    await page.getByLabel('Request id').fill('nobody-has-sent-this')
    await page.getByText('Nothing for this filter').waitFor()
    await page.getByRole('button', { name: 'Clear the filter' }).click()
    await page.getByText('6 in view').waitFor()
    await eventually(
      () => page.getByLabel('Request id').inputValue(),
      (value) => value === '',
    )
    await page.getByRole('combobox', { name: 'Type' }).click()
    await page.getByRole('option', { name: 'off-cycle' }).click()
    await page.getByText('1 in view, all there is').waitFor()
    expect(new URL(page.url()).search).toBe('?type=off-cycle')
    await page.context().close()
  })

  test('rows are searched by number, site, event and time as well', async () => {
    const page = await open('/audit')
    const search = page.getByRole('search')
    const inView = (count: string) => page.getByText(count).waitFor()
    await search.getByLabel('Number').fill(`INV${year}-0002`)
    await inView('1 in view, all there is')
    await search.getByLabel('Number').fill('')
    await search.getByLabel('Site').fill('site-1')
    await inView('Nothing for this filter')
    await search.getByLabel('Site').fill('')
    await search.getByRole('combobox', { name: 'Event' }).click()
    await page.getByRole('option', { name: 'issued' }).click()
    await inView('6 in view, all there is')
    await search.getByLabel('Before').fill('2020-01-01T00:00')
    await inView('Nothing for this filter')
    await search.getByLabel('Before').fill('')
    await inView('6 in view, all there is')
    await search.getByLabel('From').fill('2020-01-01T00:00')
    await hasAddress(page, '?event=issue&from=2020-01-01T00%3A00')
    await inView('6 in view, all there is')
    await page.context().close()
  })

  test('two fields that change at once are both searched by', async () => {
    const page = await open('/audit')
    await page.getByText('6 in view, all there is').waitFor()
    await page.evaluate(`for (const { innerText, control } of document.querySelectorAll('[role="search"] label'))
      if (['Client', 'Site'].includes(innerText)) {
        control.setRangeText('till-7')
        control.dispatchEvent(new Event('input', { bubbles: true }))
      }`)
    await hasAddress(page, '?client=till-7&site=till-7')
    await page.getByText('Nothing for this filter').waitFor()
    await page.context().close()
  })

  test('going back takes back what is typed and not searched by yet', async () => {
    const page = await open('/audit')
    await page.getByText('6 in view, all there is').waitFor()
    await page.getByLabel('Client').fill('till-7')
    await hasAddress(page, '?client=till-7')
    // The address changes before what is typed is sent, also where the machine pauses in between.
    await page.evaluate(`const { setTimeout: later } = window
      window.setTimeout = (call, ms) => later(call, ms === 300 ? 3_000 : ms)
      for (const { innerText, control } of document.querySelectorAll('[role="search"] label'))
      if (innerText === 'Client') {
        control.setRangeText('x')
        control.dispatchEvent(new Event('input', { bubbles: true }))
        history.back()
      }`)
    await page.getByText('6 in view, all there is').waitFor()
    await delay(3_500)
    await hasAddress(page, '?')
    expect(await page.getByLabel('Client').inputValue()).toBe('')
    await page.context().close()
  })

  test('with filters the export has the rows that are in view, and no others', async () => {
    const page = await open('/audit?prefix=INV&client=till-7')
    await page.getByText('Rows without the others of their chains cannot be verified').waitFor()
    await page.evaluate('delete window.showSaveFilePicker')
    for (const [name, pattern] of [
      ['These rows as NDJSON', /^(\{"prefix":"INV"[^\n]*"client_id":"till-7"[^\n]*\}\n){3}$/],
      ['These rows as CSV', /^prefix,period[^\r]*\r\n(INV,[^\r]*,till-7,[^\r]*\r\n){3}$/],
    ] as const) {
      const saved = page.waitForEvent('download')
      await page.getByRole('button', { name }).click()
      expect(readFileSync(await (await saved).path(), 'utf8')).toMatch(pattern)
    }
    await page.context().close()
  })

  test('where the browser can, a file is written as it arrives, to where the person has chosen', async () => {
    const page = await open('/audit?prefix=INV')
    // Nobody can answer the dialog of a system here: the file is one of the browser's own, written by the same means.
    await page.evaluate(`window.showSaveFilePicker = async ({ suggestedName }) =>
      (await navigator.storage.getDirectory()).getFileHandle(suggestedName, { create: true })`)
    await page.getByRole('button', { name: 'CSV, to look at' }).click()
    await page.getByText(/^Saved, /).waitFor()
    const written = await page.evaluate<string>(`navigator.storage.getDirectory()
      .then((folder) => folder.getFileHandle('ordinal-audit-INV.csv'))
      .then((handle) => handle.getFile()).then((file) => file.text())`)
    expect(written).toMatch(/^prefix,period(.*\r\n){4}$/)
    // Whoever closes the dialog gets nothing, and no error.
    await page.evaluate(
      `window.showSaveFilePicker = () => Promise.reject(new DOMException('closed', 'AbortError'))`,
    )
    await page.getByRole('button', { name: 'NDJSON, to verify' }).click()
    await page.getByText(/^Saved, /).waitFor({ state: 'detached' })
    expect(await page.getByText('That did not work').count()).toBe(0)
    await page.context().close()
  })

  test('the range in view is saved, as NDJSON and as CSV', async () => {
    const page = await open('/audit?prefix=INV')
    await page.evaluate('delete window.showSaveFilePicker')
    for (const [name, pattern] of [
      ['NDJSON, to verify', /^\{"type":"export"[\s\S]*"prefix":"INV"[\s\S]*"entries":3\}\n$/],
      ['CSV, to look at', /^prefix,period(.*\r\n){4}$/],
    ] as const) {
      const saved = page.waitForEvent('download')
      await page.getByRole('button', { name }).click()
      expect(readFileSync(await (await saved).path(), 'utf8')).toMatch(pattern)
    }
    await page.context().close()
  })

  test('a live tail through a restart of the sequencer has every line once', async () => {
    const page = await open('/audit?view=live&prefix=PO')
    await page.locator('[data-connection="live"]').waitFor()
    const issued: number[] = []
    const draw = async () => issued.push((await issue('PO')).body.counter as number)
    for (let n = 0; n < 5; n += 1) await draw()
    await page.locator('[data-row]').nth(4).waitFor()
    await system.sequencer.end('SIGKILL')
    await system.sequencer.start()
    // Before the browser is back, and after.
    for (let n = 0; n < 5; n += 1) await draw()
    await page.locator('[data-row]').nth(9).waitFor()
    for (let n = 0; n < 3; n += 1) await draw()
    await page.locator('[data-row]').nth(12).waitFor()
    const keys = await keysOn(page)
    expect(keys.map((key) => Number(key.split(' ')[2]))).toEqual(issued.map((_, n) => issued.length - n))
    await page.context().close()
  })

  test('a tail that is paused holds what comes, says how far it is behind, and goes on', async () => {
    const page = await open('/audit?view=live&prefix=PO')
    await page.locator('[data-connection="live"]').waitFor()
    await issue('PO')
    await page.locator('[data-row]').first().waitFor()
    await page.getByRole('button', { name: 'Pause' }).click()
    for (let n = 0; n < 3; n += 1) await issue('PO')
    const resume = page.getByRole('button', { name: 'Go on, behind by 3' })
    await resume.waitFor()
    expect(await keysOn(page)).toHaveLength(1)
    await resume.press('Enter')
    await page.locator('[data-row]').nth(3).waitFor()
    expect(await keysOn(page)).toHaveLength(4)
    // Reading further below pauses it as well.
    for (let n = 0; n < 40; n += 1) await issue('PO')
    await page.locator('[data-row]').nth(43).waitFor()
    await page.locator('.virtual-box').evaluate((box) => box.scrollTo({ top: 200 }))
    await page.locator('[data-tail="by scrolling"]').waitFor()
    await issue('PO')
    await page.locator('[data-behind="1"]').waitFor()
    await page.locator('.virtual-box').evaluate((box) => box.scrollTo({ top: 0 }))
    await page.locator('[data-tail="running"]').waitFor()
    await page.context().close()
  })

  test('the first number leads to the next, and nothing is asked of one before it', async () => {
    const page = await open(`/numbers/INV${year}-0001?prefix=INV`)
    const asked: string[] = []
    page.on('response', (response) => asked.push(`${response.status()} ${new URL(response.url()).pathname}`))
    const start = page.waitForResponse(/\/sequences\/INV$/)
    await page.reload()
    await start
    await page.getByRole('link', { name: `Next: INV${year}-0002` }).waitFor()
    expect(asked.filter((each) => each.startsWith('404'))).toEqual([])
    expect(await page.getByRole('link', { name: /^Previous/ }).count()).toBe(0)
    await page.context().close()
  })

  test('a number has its links in the chain, its neighbours, and a curl that does what it says', async () => {
    const page = await open(`/numbers/INV${year}-0002?prefix=INV`)
    await page.locator('[data-link="fits"]').waitFor()
    await page.getByRole('link', { name: `Next: INV${year}-0003` }).click()
    await page.getByRole('link', { name: `Previous: INV${year}-0002` }).waitFor()
    expect(await page.getByRole('link', { name: /^Next/ }).count()).toBe(0)
    const curl = await copied(page, 'Copy as curl')
    expect(curl).not.toContain(token)
    const { stdout } = await promisify(execFile)('sh', ['-c', curl], {
      env: { ...process.env, TOKEN: token },
    })
    expect(JSON.parse(stdout)).toMatchObject({ full_number: `INV${year}-0003`, counter: 3 })
    await page.context().close()
  })

  test.each([
    ['audit', '/audit', 'in view, all there is'],
    ['audit-live', '/audit?view=live', 'Nothing has happened since this was opened.'],
    ['audit-nothing', '/audit?number=NO-SUCH-1', 'Nothing for this filter'],
    ['number-links', `/numbers/INV${year}-0002?prefix=INV`, 'verifies'],
  ])('%s has nothing against WCAG 2.2 AA, light and dark, and on a phone', async (name, place, text) => {
    for (const how of [{}, { dark: true }, { phone: true }]) {
      const page = await open(place, how)
      await page.getByText(text).first().waitFor()
      await page.locator('.mantine-Skeleton-root').first().waitFor({ state: 'detached' })
      expect([how, await violationsOn(page)]).toEqual([how, []])
      await picture(page, name, how)
      await page.context().close()
    }
  })

  test('a tail that is paused for long keeps the newest 2,000 lines, and says how many are not kept', async () => {
    const page = await open('/audit?view=live')
    await page.locator('[data-connection="live"]').waitFor()
    await issue('DEFAULT')
    await page.locator('[data-row]').first().waitFor()
    await page.getByRole('button', { name: 'Pause' }).click()
    // Of each sequence one after another: each is a line of its own.
    const drawMany = async (prefix: string) => {
      for (let n = 0; n < 670; n += 1) await issue(prefix)
    }
    await Promise.all(['DEFAULT', 'SG', 'PO'].map(drawMany))
    await page.getByRole('button', { name: 'Go on, behind by 2,010' }).click()
    await page.getByText('10 lines came while it was paused, too many to keep.').waitFor()
    await page.getByText('2,000 in view').waitFor()
    // Of them only those in view are in the document.
    expect((await keysOn(page)).length).toBeLessThan(100)
    await page.context().close()
  }, 300_000)

  test('the verifier is served, and in all of this no script failed', async () => {
    const page = await browser.open(at('/verifier.html'))
    await page.getByRole('heading', { name: 'Verify an export of the ledger' }).waitFor()
    await page.context().close()
    expect(browser.complaints()).toEqual([])
  })
})
