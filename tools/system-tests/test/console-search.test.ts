import type { Page } from 'playwright-core'
import { createUser, eventually, placeOrder } from '../src/calls'
import { inBrowser, reloadWithLate, violationsOn } from './console-browser'
import { shows, startDashboard, type Dashboard } from './console-dashboard'

let dashboard: Dashboard

inBrowser('the search, in a browser', () => {
  beforeAll(async () => {
    dashboard = await startDashboard()
  })
  afterAll(() => dashboard.stop())

  const open = (place: string) => dashboard.open(place, { token: dashboard.tokens.admin })
  const field = (page: Page) => page.getByPlaceholder('Go to a page, a number, an order…')

  /** The field has this text, and hears what is typed from now on. */
  const has = (page: Page, text: string) =>
    eventually(
      () => field(page).inputValue(),
      (value) => value === text,
      20_000,
    )

  /** What hears keys before the application is there. */
  const hearsKeys = (page: Page) =>
    eventually(() => page.evaluate<boolean>('globalThis.takeEarlyKeys !== undefined'), Boolean, 20_000)

  /** The application hears keys, soon after its first drawing: then `?` lists them. */
  const opensHelp = (page: Page) =>
    eventually(async () => {
      await page.keyboard.press('?')
      return page.getByRole('dialog', { name: 'Keyboard' }).isVisible()
    }, Boolean)

  /** Opens a page whose search is not loaded before `load` is called. */
  async function openWithLateSearch() {
    const page = await open('/')
    const load = await reloadWithLate(page, /assets\/search-[\w-]{8}\.js$/)
    await page.getByRole('heading', { name: 'Overview' }).waitFor()
    return { page, load }
  }

  test('the keys of the search open it, though they are pressed before its code is loaded', async () => {
    for (const keys of ['Control+K', '/']) {
      const { page, load } = await openWithLateSearch()
      await page.keyboard.press(keys)
      expect(await field(page).count()).toBe(0)
      load()
      await field(page).waitFor()
      await page.context().close()
    }
  })

  test('what is typed before its code is loaded is in its field, and is heard by nothing else', async () => {
    const { page, load } = await openWithLateSearch()
    // Nothing has happened yet: a person presses again.
    for (let nth = 0; nth < 2; nth += 1) await page.keyboard.press('Control+K')
    // Else `j` leads to the rows of a table, `?` opens the help, and Enter presses what has the focus.
    await page.keyboard.type('j?')
    for (const key of ['Backspace', 'Backspace', 'Enter']) await page.keyboard.press(key)
    await page.keyboard.type('imports')
    load()
    await has(page, 'imports')
    expect(await page.getByRole('dialog', { name: 'Keyboard' }).count()).toBe(0)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Imports', level: 1 }).waitFor()
    await page.context().close()
  })

  test('its keys are heard before there is any application, with what is typed after them, until Esc', async () => {
    for (const [keys, typed] of [
      ['Control+K', 'imports'],
      ['/', 'a/b'],
    ] as const) {
      const page = await open('/')
      const load = await reloadWithLate(page, /assets\/index-[\w-]{8}\.js$/)
      await hearsKeys(page)
      expect(await page.locator('.shell-top').count()).toBe(0)
      // Nothing has happened yet: a person presses again.
      for (const key of [keys, 'Control+K', 'x', 'Backspace']) await page.keyboard.press(key)
      await page.keyboard.type(typed)
      load()
      await has(page, typed)
      await page.context().close()
    }
    const page = await open('/')
    const load = await reloadWithLate(page, /assets\/index-[\w-]{8}\.js$/)
    await hearsKeys(page)
    for (const key of ['a', '/', 'a', 'Escape', 'b']) await page.keyboard.press(key)
    load()
    await page.getByRole('heading', { name: 'Overview' }).waitFor()
    await opensHelp(page)
    expect(await field(page).count()).toBe(0)
    await page.context().close()
  })

  test('the help opens, though its key was pressed before there is any application; the search takes its place', async () => {
    for (const isSearched of [false, true]) {
      const page = await open('/')
      const load = await reloadWithLate(page, /assets\/index-[\w-]{8}\.js$/)
      await hearsKeys(page)
      for (const key of ['?', '?', 'a']) await page.keyboard.press(key)
      if (isSearched) for (const key of ['/', '?', 'b']) await page.keyboard.press(key)
      load()
      if (isSearched) await has(page, '?b')
      else await page.getByRole('dialog', { name: 'Keyboard' }).waitFor()
      expect(await page.getByRole('dialog').count()).toBe(1)
      await page.context().close()
    }
  })

  test('what hears early keys leaves them alone when it comes after the application', async () => {
    const page = await open('/')
    const load = await reloadWithLate(page, /early-keys\.js$/)
    await page.getByRole('heading', { name: 'Overview' }).waitFor()
    await opensHelp(page)
    await page.keyboard.press('Escape')
    const loaded = page.waitForResponse(/early-keys\.js$/)
    load()
    await loaded
    await page.waitForFunction('document.readyState === "complete"')
    expect(await page.evaluate('globalThis.takeEarlyKeys === undefined')).toBe(true)
    await page.keyboard.press('/')
    await has(page, '')
    await page.context().close()
  })

  test('Esc before its code is loaded leaves it closed, and keys are those of the page again', async () => {
    const { page, load } = await openWithLateSearch()
    await page.keyboard.press('Control+K')
    await page.keyboard.type('au')
    await page.keyboard.press('Escape')
    const loaded = page.waitForResponse(/assets\/search-/)
    load()
    await loaded
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keyboard' }).waitFor()
    expect(await field(page).count()).toBe(0)
    await page.context().close()
  })

  test('what is typed at once after its key is in its field', async () => {
    const page = await open('/')
    await page.getByRole('heading', { name: 'Overview' }).waitFor()
    for (const keys of ['Control+K', '/']) {
      await page.keyboard.press(keys)
      await page.keyboard.type('INV-2026')
      await has(page, 'INV-2026')
      await page.keyboard.press('Escape')
      await field(page).waitFor({ state: 'detached' })
    }
    await page.context().close()
  })

  test('it finds pages, sequences, numbers, orders by number and reference, users and API keys', async () => {
    const user = await createUser(dashboard.system)
    const { body: order } = await placeOrder(dashboard.system, user)
    const made = await dashboard.asAdmin(dashboard.system.sequencer, 'POST', '/api/v1/api-keys', {
      name: 'warehouse',
      scopes: ['numbers:read'],
    })
    const key = made.body.api_key as { id: string }
    const { body: number } = await dashboard.issue('SG')
    const searches: [typed: string, offered: string | RegExp, place: string][] = [
      ['Webhooks', 'Webhooks', '/webhooks'],
      ['INV', 'Sequence INV', '/sequences/INV'],
      [number.full_number, `Number ${number.full_number}`, `/numbers/${number.full_number}`],
      [order.order_number, `Order ${order.order_number}`, `/orders/${order.id}`],
      [order.reference, `Order ${order.order_number}`, `/orders/${order.id}`],
      ['ada-', /^User Ada · ada-.*@example\.com$/, `/users/${user}`],
      ['wareh', `API key warehouse · ${key.id}`, `/api-keys/${key.id}`],
      [key.id, `API key warehouse · ${key.id}`, `/api-keys/${key.id}`],
    ]
    const page = await open('/orders')
    for (const [typed, offered, place] of searches) {
      await page.getByRole('button', { name: 'Search' }).click()
      await field(page).fill(typed)
      const dialog = page.getByRole('dialog')
      await dialog.getByRole('button', { name: offered }).first().click()
      await page.waitForURL(dashboard.at(place))
      await dialog.waitFor({ state: 'detached' })
    }
    await page.getByRole('button', { name: 'Search' }).click()
    await field(page).fill('no such thing at all')
    await shows(page, 'Nothing found')
    expect(await violationsOn(page)).toEqual([])
    await field(page).fill('a')
    await page.keyboard.press('ArrowDown')
    await shows(page, 'Sequence a')
    expect(await violationsOn(page)).toEqual([])
    await page.context().close()
  })

  test('in all of this no script failed, and nothing broke the content policy', () => {
    expect(dashboard.browser.complaints()).toEqual([])
  })
})
