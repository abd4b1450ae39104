import { setTimeout as delay } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { ask } from '../src/calls'
import { startSystem, type System } from '../src/system'
import {
  consoleSecret,
  inBrowser,
  openBrowser,
  picture,
  reloadWithLate,
  signedTokens,
  violationsOn,
  type ConsoleBrowser,
} from './console-browser'

let system: System
let browser: ConsoleBrowser
let tokens: Awaited<ReturnType<typeof signedTokens>>

inBrowser('gaps, sites and tables in a browser', () => {
  beforeAll(async () => {
    system = await startSystem({ REQUIRE_AUTHENTICATION: 'true', JWT_SECRET: consoleSecret })
    browser = await openBrowser()
    tokens = await signedTokens()
    await makeGaps()
  })
  afterAll(async () => {
    await browser.close()
    await system.stop()
  })

  const at = (place: string) => `${system.sequencer.url}/dashboard${place}`
  const open = (place: string, how: Parameters<ConsoleBrowser['open']>[1] = {}) =>
    browser.open(at(place), { token: tokens.operator, ...how })
  const shows = (page: Page, text: string | RegExp) => page.getByText(text).first().waitFor()

  type Issued = { full_number: string; counter: number }
  const draw = async (count: number, more: object = {}) =>
    (await ask(system.sequencer, 'POST', '/api/v1/next/SG', { count, ...more })).body.numbers as Issued[]
  const step = (number: string, name: string, reason: string) =>
    fetch(`${system.sequencer.url}/api/v1/numbers/${number}/${name}`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${tokens.operator}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ reason }),
    }).then(({ status }) => expect(status).toBe(200))

  /** 2,400 values of SG: some released, some void, three reserved. */
  async function makeGaps(): Promise<void> {
    const first = await draw(1000)
    await draw(1000)
    const last = await draw(397)
    await draw(3, { hold_seconds: 86_400, client_id: 'shop' })
    await step(first[41]!.full_number, 'release', 'cancelled by the customer')
    for (const { full_number } of first.slice(300, 312)) await step(full_number, 'void', 'misprinted forms')
    for (const { full_number } of last.slice(100, 104)) await step(full_number, 'release', 'wrong address')
  }

  /** Numbers of several sequences and sites, now more and now fewer, and an order. */
  async function drawForAWhile(): Promise<void> {
    const user = await ask(system.users, 'POST', '/api/v1/users', {
      name: 'Grace Hopper',
      email: `grace-${Date.now()}@example.com`,
      age: 36,
    })
    for (let second = 0; second < 25; second += 1) {
      await ask(system.orders, 'POST', '/api/v1/orders', {
        user_id: user.body.id as number,
        product_id: `PROD-${second}`,
        quantity: 1,
        total_price: 9.99,
      })
      for (let nth = 0; nth < 8 + 6 * Math.sin(second / 3); nth += 1) {
        await draw(1 + (nth % 4))
        await ask(system.sequencer, 'POST', '/api/v1/next/INV', {})
        await ask(system.sequencer, 'POST', '/api/v1/sequence/next', {
          site_id: `site-${1 + (nth % 2)}`,
          partition_id: nth % 3 ? 'partition-a' : 'partition-b',
          invoice_type: nth % 5 ? 'on-cycle' : 'off-cycle',
        })
      }
      await delay(900)
    }
  }

  test('from the whole range, two clicks lead to a gap, and one more to all that happened to it', async () => {
    const page = await open('/gaps?prefix=SG')
    await shows(page, 'cancelled by the customer')
    const picture = page.getByRole('slider', { name: 'Values, by what they are' })
    expect(await picture.getAttribute('aria-valuemax')).toBe('2400')
    // Each cell is five values: value 42 is in the ninth.
    await clickCell(page, 8)
    await page.locator('[role="slider"][aria-valuemin="41"][aria-valuemax="45"]').waitFor()
    expect(new URL(page.url()).search).toContain('from=41&to=45')
    await clickCell(page, 1)
    await page.waitForURL('**/numbers/SG000042?prefix=SG')
    await shows(page, '“cancelled by the customer”')
    await page.goBack()
    await picture.waitFor()
    await page.getByRole('button', { name: 'Zoom out' }).click()
    await page.locator('[role="slider"][aria-valuemax="2400"]').waitFor()
    await page.context().close()
  })

  test('the picture by keyboard alone, and as a table', async () => {
    const page = await open('/gaps?prefix=SG')
    const picture = page.getByRole('slider', { name: 'Values, by what they are' })
    await picture.focus()
    for (const key of ['Home', 'ArrowDown', 'ArrowRight', ...Array<string>(9).fill('ArrowRight')])
      await page.keyboard.press(key)
    // The second row begins with value 251: ten cells on are the values 301 to 305, all void.
    await page.locator('[role="slider"][aria-valuetext="Values 301 to 305: 5 void"]').waitFor()
    await page.keyboard.press('Enter')
    await page.locator('[role="slider"][aria-valuemin="301"][aria-valuemax="305"]').waitFor()
    await page.locator('[role="slider"][aria-valuetext="Value 301: void"]').waitFor()
    await page.getByRole('button', { name: 'Zoom out' }).click()
    await page.getByRole('button', { name: 'Show as a table' }).click()
    const cells = page.getByRole('region', { name: 'Values, by what they are' })
    await cells.getByRole('button', { name: '41 – 45' }).waitFor()
    await cells.getByRole('button', { name: '2,396 – 2,400' }).click()
    await page.waitForURL('**/gaps?prefix=SG&from=2396&to=2400')
    await page.getByRole('region', { name: 'Reserved in view' }).getByRole('link').nth(2).waitFor()
    await page.context().close()
  })

  test('a value that is released elsewhere is drawn at once', async () => {
    const page = await open('/gaps?prefix=SG&from=1&to=10')
    const picture = page.getByRole('slider', { name: 'Values, by what they are' })
    await picture.focus()
    await page.keyboard.press('End')
    await page.locator('[role="slider"][aria-valuetext="Value 10: in use"]').waitFor()
    await step('SG000010', 'void', 'seen at once')
    await page.locator('[role="slider"][aria-valuetext="Value 10: void"]').waitFor()
    await shows(page, 'seen at once')
    await page.context().close()
  })

  test('what changes elsewhere before the stream has begun is shown when it has', async () => {
    const { body } = await ask(system.sequencer, 'POST', '/api/v1/next/INV', {})
    const page = await open('/gaps?prefix=INV')
    const follow = await reloadWithLate(page, /\/api\/v1\/stream$/)
    await page.locator('[role="slider"][aria-valuetext="Value 1: in use"]').waitFor()
    await step(body.full_number as string, 'void', 'before it was heard')
    follow()
    await page.locator('[role="slider"][aria-valuetext="Value 1: void"]').waitFor()
    await page.context().close()
  })

  test('the explanation for an auditor: the sum, each hole with its reason, and what a verification finds', async () => {
    const page = await open('/gaps/explained?prefix=SG')
    const sheet = page.locator('[data-sheet="SG"]')
    await sheet.getByText(/2,379 in use \+ 3 reserved \+ 5 free \+ 13 void = 2,400/).waitFor()
    await sheet.getByText('All 18, each with the step that made it so.').waitFor()
    const row = sheet.getByRole('row', { name: 'SG000042' })
    expect(await row.innerText()).toMatch(/free \(released\).*UTC.*ada-operator.*cancelled by the customer/s)
    await sheet.getByRole('button', { name: 'Verify it now' }).click()
    await sheet.locator('[data-fits="true"]').waitFor()
    await page.emulateMedia({ media: 'print' })
    expect(await page.getByRole('navigation').isVisible()).toBe(false)
    expect(await page.getByRole('button', { name: 'Print' }).isVisible()).toBe(false)
    const pdf = await page.pdf({ format: 'A4' })
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-')
    await page.context().close()
  })

  test('without a sequence all are explained, each on a page of its own', async () => {
    const page = await open('/gaps/explained')
    for (const prefix of ['DEFAULT', 'GLOBAL', 'INV', 'ORD', 'PO', 'SG'])
      await page.locator(`[data-sheet="${prefix}"] h2`).waitFor()
    await page.emulateMedia({ media: 'print' })
    const breaks = await page.evaluate<string[]>(
      `[...document.querySelectorAll('.sheet')].map((sheet) => getComputedStyle(sheet).breakAfter)`,
    )
    expect(new Set(breaks)).toEqual(new Set(['page']))
    await page.context().close()
  })

  test('columns are chosen by keyboard, and stay chosen when the page is loaded again', async () => {
    const page = await open('/sequences')
    await page.getByRole('columnheader', { name: 'Template' }).waitFor()
    await page.getByRole('button', { name: 'Columns' }).press('Enter')
    const template = page.getByRole('menuitemcheckbox', { name: 'Template' })
    expect(await template.getAttribute('aria-checked')).toBe('true')
    await template.press('Enter')
    await page.getByRole('columnheader', { name: 'Template' }).waitFor({ state: 'detached' })
    await page.reload()
    await page.getByRole('columnheader', { name: 'Version' }).waitFor()
    expect(await page.getByRole('columnheader', { name: 'Template' }).count()).toBe(0)
    await shows(page, '7 of 7 in view')
    await page.context().close()
  })

  test('a button for each site, partition and type draws a number, which all see at once', async () => {
    const page = await open('/sites')
    const other = await open('/sites')
    await shows(other, 'Drawn, by type')
    const first = page.getByRole('group', { name: 'site-1 partition-a' })
    for (const type of ['On-cycle', 'Off-cycle', 'Simulated', 'Suppressed'])
      await first.getByRole('button', { name: type }).waitFor()
    expect(await page.getByRole('button', { name: 'On-cycle' }).count()).toBe(4)
    await first.getByRole('button', { name: 'On-cycle' }).click()
    const drawn = page.getByRole('list', { name: 'Drawn here' })
    await drawn.getByText('site-1 · partition-a · On-cycle').waitFor()
    const second = page.getByRole('group', { name: 'site-2 partition-b' })
    await second.getByRole('button', { name: 'Suppressed' }).press('Enter')
    await drawn.getByText('site-2 · partition-b · Suppressed').waitFor()
    await drawn.getByRole('listitem').filter({ hasText: 'Suppressed' }).getByText('free').waitFor()
    await second.getByRole('button', { name: 'Simulated' }).click()
    await drawn.getByText('not drawn').waitFor()
    const stats = (await ask(system.sequencer, 'GET', '/api/v1/sequence/stats')).body
    expect(stats).toMatchObject({ issued: 2, released: 1, current_counter: 2 })
    // The one that was open all the time has read it, and its chart is a table, too.
    const chart = other.getByRole('figure', { name: 'Drawn, by site and partition' })
    await chart.getByRole('button', { name: 'Show as a table' }).click()
    await chart.getByRole('row', { name: 'site-2 partition-b 1' }).waitFor()
    const timeline = other.getByRole('figure', { name: 'Drawn by each site, from one look to the next' })
    await timeline.getByRole('button', { name: 'Show as a table' }).click()
    await timeline.getByRole('columnheader', { name: 'site-2' }).waitFor()
    await timeline.getByRole('row', { name: / 1$/ }).first().waitFor()
    await page.context().close()
    await other.context().close()
  })

  test('who may not draw is told why', async () => {
    const page = await open('/sites', { token: tokens.viewer })
    await page
      .getByRole('note', { name: 'Your role does not allow this: it needs operator.' })
      .first()
      .waitFor()
    expect(await page.getByRole('button', { name: 'On-cycle' }).first().isDisabled()).toBe(true)
    await page.context().close()
  })

  const pages: [name: string, place: string, isThere: string | RegExp][] = [
    ['gaps', '/gaps?prefix=SG', 'cancelled by the customer'],
    ['gaps-zoomed', '/gaps?prefix=SG&from=2390&to=2400', 'Reserved in view'],
    ['gaps-none', '/gaps?prefix=PO', 'No number was issued in this period.'],
    ['gaps-explained', '/gaps/explained?prefix=SG', 'misprinted forms'],
    ['sites', '/sites', 'Drawn, by type'],
    ['overview', '/', 'Latest numbers'],
  ]

  test.each(pages)(
    '%s has nothing against WCAG 2.2 AA, light and dark, and on a phone',
    async (name, place, text) => {
      for (const how of [{}, { dark: true }, { phone: true }]) {
        const page = await open(place, how)
        await shows(page, text)
        await page.locator('.mantine-Skeleton-root').first().waitFor({ state: 'detached' })
        // A picture shows a busy day.
        if (process.env.ORDINAL_WRITE_SCREENSHOTS && ['sites', 'overview'].includes(name))
          await drawForAWhile()
        expect([how, await violationsOn(page)]).toEqual([how, []])
        await picture(page, name, how)
        await page.context().close()
      }
    },
  )

  test('in all of this no script failed, and nothing broke the content policy', () => {
    expect(browser.complaints()).toEqual([])
  })
})

/**
 * Clicks into a cell of the picture, which has fifty in a row, or as many as there are. The place is one in the picture, which
 * moves as long as something above it loads.
 */
async function clickCell(page: Page, index: number): Promise<void> {
  const picture = page.getByRole('slider')
  const unit = (await picture.boundingBox())!.width / 50
  await picture.click({
    position: { x: (index % 50) * unit + unit / 3, y: Math.floor(index / 50) * unit + unit / 3 },
  })
}
