import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from 'playwright-core'
import { eventually } from '../src/calls'
import { apiKey } from '../src/system'
import { inBrowser, reloadWithLate, violationsOn } from './console-browser'
import { shows, startDashboard, type Dashboard } from './console-dashboard'

let dashboard: Dashboard

inBrowser('what is around every page, in a browser', () => {
  beforeAll(async () => {
    dashboard = await startDashboard()
  })
  afterAll(() => dashboard.stop())

  const openAsViewer = (place: string) => dashboard.open(place, { token: dashboard.tokens.viewer })
  const colours = (page: Page) =>
    page.evaluate<string>(`document.documentElement.getAttribute('data-mantine-color-scheme')`)

  test('a stranger sees what is public, and why the rest is not shown; signing in stays on the page', async () => {
    const page = await dashboard.open('/')
    await shows(page, 'Sign in to see this')
    await page.getByRole('button', { name: 'Sign in' }).first().click()
    await page.getByLabel('Token or API key').fill(dashboard.tokens.viewer)
    await page.getByRole('dialog').getByRole('button', { name: 'Sign in' }).click()
    await shows(page, 'Latest numbers')
    expect(new URL(page.url()).pathname).toBe('/dashboard/')
    await page.context().close()
  })

  test('what is typed and pasted before the dialog is loaded is in its field; Esc leaves it closed', async () => {
    const page = await dashboard.open('/')
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    const load = await reloadWithLate(page, /assets\/sign-in-dialog-[\w-]{8}\.js$/)
    const asks = page.getByRole('button', { name: 'Sign in' }).first()
    await asks.click()
    for (const key of ['x', 'Escape']) await page.keyboard.press(key)
    await page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(dashboard.tokens.viewer)})`)
    await asks.click()
    for (const key of ['?', 'Enter', 'Backspace', 'Control+V']) await page.keyboard.press(key)
    load()
    await eventually(
      () => page.getByLabel('Token or API key').inputValue(),
      (value) => value === dashboard.tokens.viewer,
    )
    await page.keyboard.press('Enter')
    await shows(page, 'Latest numbers')
    await page.context().close()
  })

  test('an API key is offered what an operator may do; signing out forgets it', async () => {
    const page = await dashboard.open('/sequences/SG')
    await page.getByRole('button', { name: 'Sign in' }).first().click()
    await page.getByRole('dialog').getByRole('button', { name: 'Sign in' }).click()
    await shows(page, 'Paste a token or a key.')
    await page.getByLabel('Token or API key').fill('a-key-that-nobody-knows')
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').getByText('invalid_api_key').waitFor()
    expect(await page.evaluate<string>('JSON.stringify(sessionStorage)')).not.toContain('nobody-knows')
    await page.getByLabel('Token or API key').fill(apiKey)
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Issue', exact: true }).click()
    await page.getByRole('list', { name: 'Drawn here' }).getByRole('link').waitFor()
    await page.getByRole('note', { name: 'Your role does not allow this: it needs admin.' }).waitFor()
    await page.reload()
    await openMenu(page, 'key')
    await shows(page, 'Signed in with an API key')
    await page.getByRole('menuitem', { name: 'Sign out' }).click()
    await shows(page, 'Sign in to see this')
    expect(await page.evaluate<string>('JSON.stringify(sessionStorage)')).not.toContain(apiKey)
    await page.context().close()
  })

  test.each(['/orders/new', '/users/0', '/webhooks/1.5'])('%s is no page', async (place) => {
    const page = await dashboard.open(place, { token: dashboard.tokens.admin })
    await shows(page, 'There is no such page')
    await shows(page, 'Back to the overview')
    await page.context().close()
  })

  test('below the path of a proxy, every link and file is found, also when a page is opened anew', async () => {
    const { sequencer } = dashboard.system
    const proxy = await proxyBelow('/numbers', sequencer.port, sequencer.url)
    sequencer.configure({ BASE_PATH: '/numbers' })
    await sequencer.end()
    await sequencer.start()
    const page = await dashboard.browser.open(`${proxy.origin}/numbers/dashboard/no-such-page`, {
      token: dashboard.tokens.viewer,
      elsewhere: true,
    })
    await shows(page, 'There is no such page')
    await page.getByRole('link', { name: 'Back to the overview' }).click()
    await page.locator('[data-service="sequencer"][data-condition="ok"]').waitFor()
    expect(new URL(page.url()).pathname).toBe('/numbers/dashboard/')
    await page.context().close()
    proxy.server.closeAllConnections()
    proxy.server.close()
    sequencer.configure({ BASE_PATH: '' })
    await sequencer.end()
    await sequencer.start()
  })

  test('times, language and colours are chosen, and remembered', async () => {
    await dashboard.issue('SG')
    const page = await openAsViewer('/audit')
    const time = page.getByRole('row').nth(1).locator('time')
    expect(await time.innerText()).toMatch(/ago|now/)
    expect(await colours(page)).toBe('light')
    await page.getByRole('button', { name: 'Light or dark' }).click()
    await openMenu(page, 'Settings')
    await page.getByText('UTC', { exact: true }).click()
    await shows(page, /^\d{1,2} \w+ \d{4}, \d\d:\d\d:\d\d UTC$/)
    await page.getByText('Deutsch', { exact: true }).click()
    for (const again of [false, true]) {
      if (again) await page.reload()
      await page.getByRole('heading', { name: 'Prüfung', level: 1 }).waitFor()
      await shows(page, /^\d\d\.\d\d\.\d{4}, \d\d:\d\d:\d\d UTC$/)
      expect(await colours(page)).toBe('dark')
      expect(await page.evaluate<string>('document.documentElement.lang')).toBe('de')
    }
    await page.context().close()
  })

  test('a menu at the top opens, though it was clicked before its code was loaded', async () => {
    for (const [button, isThere] of [
      ['Settings', 'Relative'],
      ['admin', 'Signed in as ada-admin'],
    ] as const) {
      const page = await dashboard.open('/sequences', { token: dashboard.tokens.admin })
      const load = await reloadWithLate(page, /assets\/menus-[\w-]{8}\.js$/)
      await page.getByRole('heading', { name: 'Sequences', level: 1 }).waitFor()
      await page.getByRole('button', { name: button, exact: true }).click()
      expect(await page.getByText(isThere).count()).toBe(0)
      load()
      await shows(page, isThere)
      // Esc is heard in the menu, into which the focus goes a moment after it has appeared.
      await eventually(
        () =>
          page.evaluate<boolean>(
            `document.activeElement.closest('.mantine-Popover-dropdown, [role="menu"]') !== null`,
          ),
        Boolean,
      )
      await page.keyboard.press('Escape')
      await page.getByText(isThere).waitFor({ state: 'detached' })
      await hasFocus(page, button)
      await page.context().close()
    }
  })

  test('a button at the top keeps the focus when its menu is loaded', async () => {
    const page = await dashboard.open('/sequences', { token: dashboard.tokens.admin })
    const load = await reloadWithLate(page, /assets\/menus-[\w-]{8}\.js$/)
    await page.getByRole('button', { name: 'Settings' }).focus()
    load()
    await page.getByRole('button', { name: 'Settings', expanded: false }).waitFor()
    await hasFocus(page, 'Settings')
    await page.keyboard.press('Enter')
    await shows(page, 'Relative')
    await page.context().close()
  })

  test('by keyboard alone: past the menu, to a row and out of it, into one, and what the keys are', async () => {
    const page = await openAsViewer('/sequences')
    await page.getByRole('link', { name: 'INV' }).waitFor()
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    expect(await page.evaluate<string>('document.activeElement.id')).toBe('content')
    const focused = () => page.evaluate<string>('document.activeElement.innerText')
    await page.keyboard.press('j')
    expect(await focused()).toMatch(/^DEFAULT/)
    await page.keyboard.press('j')
    await page.keyboard.press('j')
    await page.keyboard.press('k')
    expect(await focused()).toMatch(/^DEMO/)
    await page.keyboard.press('Escape')
    expect(await page.evaluate<string>('document.activeElement.tagName')).toBe('BODY')
    await page.keyboard.press('k')
    expect(await focused()).toMatch(/^SG/)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'SG', level: 1 }).waitFor()
    await page.keyboard.press('?')
    const help = page.getByRole('dialog', { name: 'Keyboard' })
    await help.getByText('To the next and the previous row of a table').waitFor()
    expect(await violationsOn(page)).toEqual([])
    await page.keyboard.press('Escape')
    await help.waitFor({ state: 'detached' })
    await page.context().close()
  })

  test.each([
    ['/sequences/NO-SUCH', 'sequence_not_found', 'Sequences'],
    ['/sequences/NO-SUCH/rules', 'sequence_not_found', 'Sequences'],
    ['/numbers/INV-0?prefix=INV', 'number_not_found', 'Sequences'],
    ['/orders/999', 'order_not_found', 'Orders'],
    ['/users/999', 'user_not_found', 'Users'],
    ['/webhooks/999', 'webhook_not_found', 'Webhooks'],
    ['/api-keys/000000000000', 'api_key_not_found', 'API keys'],
    ['/imports?prefix=NO-SUCH', 'There is no sequence NO-SUCH', 'Choose a sequence'],
  ])(
    '%s is not there: that is said once, with where to go, and nothing else is offered',
    async (place, why, others) => {
      const page = await dashboard.open(place, { token: dashboard.tokens.admin })
      const content = page.locator('#content')
      await content.getByText(why).waitFor()
      await page.locator('.mantine-Skeleton-root').first().waitFor({ state: 'detached' })
      expect(await content.getByRole('heading', { level: 2 }).count()).toBe(1)
      expect(await content.getByRole('button').count()).toBe(0)
      expect(await violationsOn(page)).toEqual([])
      await content.getByRole('link', { name: others, exact: true }).click()
      await page.getByText('There is nothing of this name').waitFor({ state: 'detached' })
      expect(new URL(page.url()).pathname.split('/')).toHaveLength(3)
      await page.context().close()
    },
  )

  test('an error has its code, and a link to what it means and what to do about it', async () => {
    const page = await openAsViewer('/numbers/INV-0?prefix=INV')
    const problem = page.getByRole('alert')
    await problem.getByText('number_not_found').waitFor()
    const [help] = await Promise.all([
      page.context().waitForEvent('page'),
      problem.getByRole('link', { name: 'What to do' }).click(),
    ])
    await help.waitForURL('**/errors/number_not_found')
    await page.context().close()
  })

  test.each<{ place: string; isThere: string; caller?: 'operator' | 'admin'; menu?: string }>([
    { place: '/no-such-page', isThere: 'There is no such page', caller: 'admin' },
    { place: '/sequences/NO-SUCH', isThere: 'What to do', caller: 'admin' },
    { place: '/sequences', isThere: 'Sign in to see this' },
    { place: '/webhooks', isThere: 'You may not see this', caller: 'operator' },
    { place: '/orders', isThere: 'There is no order yet', caller: 'admin' },
    { place: '/sequences', isThere: 'Relative', caller: 'admin', menu: 'Settings' },
    { place: '/sequences', isThere: 'Signed in as ada-admin', caller: 'admin', menu: 'admin' },
  ])('$place, "$isThere", has nothing against WCAG 2.2 AA, light and dark', async (state) => {
    const { place, isThere, caller, menu } = state
    for (const dark of [false, true]) {
      const page = await dashboard.open(place, { dark, ...(caller && { token: dashboard.tokens[caller] }) })
      if (menu) await openMenu(page, menu)
      await shows(page, isThere)
      expect([dark, await violationsOn(page)]).toEqual([dark, []])
      await page.context().close()
    }
  })

  test.each([{}, { dark: true }, { phone: true }])(
    'before any script is there, %j, the page is painted with its top where it stays',
    async (look) => {
      const page = await dashboard.open('/', { token: dashboard.tokens.viewer, ...look })
      const heading = page.getByRole('heading', { name: 'Overview' })
      await heading.waitFor()
      const drawn = await frameOf(page, 'shell')
      let release = () => {}
      const held = new Promise<void>((resolve) => (release = resolve))
      await page.route(/\/assets\/[\w-]+\.js$/, async (route) => {
        await held
        await route.continue()
      })
      await page.goto(page.url(), { waitUntil: 'commit' })
      await eventually(
        () => page.evaluate<number>(`performance.getEntriesByName('first-contentful-paint').length`),
        Boolean,
      )
      expect(await frameOf(page, 'first')).toEqual(drawn)
      expect(await violationsOn(page)).toEqual([])
      release()
      await heading.waitFor()
      expect(await page.locator('.first-top').count()).toBe(0)
      await page.context().close()
    },
  )

  test('code that does not come at first is asked for again, and the page stays meanwhile', async () => {
    const page = await dashboard.open('/', { token: dashboard.tokens.viewer })
    let refused = 0
    await page.route(/\/assets\/menus-[\w-]+\.js$/, (route) => {
      if (refused === 2) return route.continue()
      refused += 1
      return route.abort()
    })
    await page.reload()
    await eventually(() => refused, Boolean)
    await page.getByRole('heading', { name: 'Overview' }).waitFor()
    await openMenu(page, 'Settings')
    await shows(page, 'Relative')
    expect(refused).toBe(2)
    await page.context().close()
  })

  test('on a phone the menu is opened, and closed by what is chosen', async () => {
    const page = await dashboard.open('/', { token: dashboard.tokens.viewer, phone: true })
    await page.getByRole('heading', { name: 'Overview' }).waitFor()
    const link = page.getByRole('navigation').getByRole('link', { name: 'Sequences' })
    expect(await link.isVisible()).toBe(false)
    await page.getByRole('button', { name: 'Menu' }).click()
    await link.waitFor()
    expect(await violationsOn(page)).toEqual([])
    await link.click()
    await page.getByRole('heading', { name: 'Sequences' }).waitFor()
    await link.waitFor({ state: 'hidden' })
    await page.context().close()
  })

  test('in all of this no script failed, and nothing broke the content policy', () => {
    expect(dashboard.browser.complaints()).toEqual([])
  })
})

/** Before its menu is loaded the button says nothing of one, and another takes its place, also between press and release. */
const openMenu = (page: Page, name: string) =>
  page.getByRole('button', { name, exact: true, expanded: false }).click()

const hasFocus = (page: Page, name: string) =>
  eventually(
    () => page.evaluate<string>('document.activeElement.ariaLabel ?? document.activeElement.innerText'),
    (focused) => focused === name,
  )

/** Where the top and the menu of a page are, and their colours; null for one that is not to be seen. */
const frameOf = (page: Page, name: 'first' | 'shell') =>
  page.evaluate<object[]>(`['top', 'nav'].map((part) => {
    const element = document.querySelector('.${name}-' + part)
    const { display, visibility, backgroundColor, borderBottomColor, borderRightColor } = getComputedStyle(element)
    if (display === 'none' || visibility === 'hidden') return null
    const { x, y, width, height } = element.getBoundingClientRect()
    return { x, y, width, height, backgroundColor, line: part === 'top' ? borderBottomColor : borderRightColor }
  })`)

/** A reverse proxy that strips nothing. */
async function proxyBelow(
  prefix: string,
  port: number,
  target: string,
): Promise<{ server: Server; origin: string }> {
  const { hostname } = new URL(target)
  const server = createServer((req, res) => {
    if (!req.url!.startsWith(`${prefix}/`)) return void res.writeHead(404).end()
    const onward = request(
      { host: hostname, port, method: req.method, path: req.url, headers: req.headers },
      (answer) => {
        res.writeHead(answer.statusCode!, answer.rawHeaders)
        answer.pipe(res)
      },
    )
    onward.on('error', () => res.destroy())
    req.pipe(onward)
  })
  await new Promise<void>((resolve) => server.listen(0, hostname, resolve))
  return { server, origin: `http://${hostname}:${(server.address() as AddressInfo).port}` }
}
