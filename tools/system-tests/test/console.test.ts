import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Page } from 'playwright-core'
import { ask } from '../src/calls'
import { root } from '../src/service'
import { startSystem, type System } from '../src/system'
import {
  consoleSecret,
  inBrowser,
  openBrowser,
  picture,
  signedTokens,
  violationsOn,
  type ConsoleBrowser,
} from './console-browser'

let system: System
let browser: ConsoleBrowser
let tokens: Awaited<ReturnType<typeof signedTokens>>

inBrowser('the console in a browser', () => {
  beforeAll(async () => {
    // Closed to strangers, as in production.
    system = await startSystem({ REQUIRE_AUTHENTICATION: 'true', JWT_SECRET: consoleSecret })
    browser = await openBrowser()
    tokens = await signedTokens()
  })
  afterAll(async () => {
    await browser.close()
    await system.stop()
  })

  const at = (place: string) => `${system.sequencer.url}/dashboard${place}`
  const issue = (prefix: string, more: object = {}) =>
    ask(system.sequencer, 'POST', `/api/v1/next/${prefix}`, more)

  /** Asks the sequencer as an administrator, who has a token and no key. */
  async function asAdmin(method: string, place: string, body?: object) {
    const answer = await fetch(system.sequencer.url + place, {
      method,
      headers: { Authorization: `Bearer ${tokens.admin}`, 'Content-Type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    })
    // eslint-disable-next-line @typescript-eslint/no-explicit-any
    return { status: answer.status, body: (await answer.json()) as any }
  }

  /** Shows itself, within so many milliseconds if given, or the test fails. */
  const shows = (page: Page, text: string | RegExp, withinMs?: number) =>
    page.getByText(text).first().waitFor({ timeout: withinMs })

  /**
   * Seconds until an expression holds in the page; a minute at most. The page counts them by timers, which a busy machine
   * delays as it delays what they measure.
   */
  const secondsUntil = (page: Page, expression: string) =>
    page.evaluate<number>(`
      new Promise((resolve) => {
        let ticks = 0
        const look = () => {
          if ((${expression}) || ticks === 600) return resolve(ticks / 10)
          ticks += 1
          setTimeout(look, 100)
        }
        look()
      })`)
  const usersAre = (condition: string) =>
    `document.querySelector('[data-service="users"][data-condition="${condition}"]')`

  test('a number that another program draws shows within a second', async () => {
    const page = await browser.open(at('/'), { token: tokens.viewer })
    await page.locator('[data-live="live"]').waitFor()
    const { body } = await issue('SG')
    expect(
      await secondsUntil(page, `document.body.innerText.includes('${body.full_number}')`),
    ).toBeLessThanOrEqual(1)
    await page.context().close()
  })

  test('a service that stops shows within five seconds, and so does its return', async () => {
    const page = await browser.open(at('/'), { token: tokens.viewer })
    await page.locator('[data-service="users"][data-condition="ok"]').waitFor()
    await system.users.end('SIGKILL')
    expect(await secondsUntil(page, usersAre('down'))).toBeLessThanOrEqual(5)
    await shows(page, 'User service does not answer.')
    await system.users.start()
    expect(await secondsUntil(page, usersAre('ok'))).toBeLessThanOrEqual(5)
    await page.context().close()
  })

  test('a service that is frozen shows within five seconds, and so does its return; its pages say so', async () => {
    const page = await browser.open(at('/'), { token: tokens.viewer })
    await page.locator('[data-service="users"][data-condition="ok"]').waitFor()
    process.kill(system.users.pid(), 'SIGSTOP')
    try {
      expect(await secondsUntil(page, usersAre('down'))).toBeLessThanOrEqual(5)
      const waiting = await browser.open(at('/users'), { token: tokens.viewer })
      await waiting.getByRole('status', { name: 'Loading' }).first().waitFor()
      await shows(waiting, 'The service has not answered yet.')
      await shows(waiting, 'The service does not answer')
      await shows(waiting, 'It may be stopped or frozen')
      process.kill(system.users.pid(), 'SIGCONT')
      expect(await secondsUntil(page, usersAre('ok'))).toBeLessThanOrEqual(5)
      await shows(waiting, 'There is no user yet')
      await waiting.context().close()
    } finally {
      process.kill(system.users.pid(), 'SIGCONT')
    }
    await page.context().close()
  })

  test('a page whose code does not come, since the sequencer is frozen, is shown to be loading, and then appears', async () => {
    const page = await browser.open(at('/users'), { token: tokens.viewer })
    const loading = page.getByRole('status', { name: 'Loading' })
    await page.getByRole('heading', { name: 'Users' }).waitFor()
    await loading.waitFor({ state: 'detached' })
    process.kill(system.sequencer.pid(), 'SIGSTOP')
    try {
      await page.getByRole('navigation').getByRole('link', { name: 'Webhooks' }).click()
      await loading.waitFor()
      await shows(page, 'The service has not answered yet.')
    } finally {
      process.kill(system.sequencer.pid(), 'SIGCONT')
    }
    await page.getByRole('heading', { name: 'Webhooks' }).waitFor()
    await page.context().close()
  })

  test('the keys of the search open it, though they are pressed before its code is loaded', async () => {
    for (const keys of ['Control+K', '/']) {
      const page = await browser.open(at('/'), { token: tokens.viewer })
      let load = () => {}
      const pressed = new Promise<void>((resolve) => (load = resolve))
      await page.route(/assets\/search-[\w-]{8}\.js$/, async (route) => {
        await pressed
        await route.continue()
      })
      await page.reload()
      await page.getByRole('heading', { name: 'Overview' }).waitFor()
      await page.keyboard.press(keys)
      expect(await page.getByPlaceholder('Go to a page, a number, an order…').count()).toBe(0)
      load()
      await page.getByPlaceholder('Go to a page, a number, an order…').waitFor()
      await page.context().close()
    }
  })

  test('a stranger sees what is public, and why the rest is not shown; signing in stays on the page', async () => {
    const page = await browser.open(at('/'))
    await shows(page, 'Sign in to see this', 10_000)
    await page.getByRole('button', { name: 'Sign in' }).first().click()
    await page.getByLabel('Token or API key').fill(tokens.viewer)
    await page.getByRole('dialog').getByRole('button', { name: 'Sign in' }).click()
    await shows(page, 'Latest numbers', 10_000)
    expect(new URL(page.url()).pathname).toBe('/dashboard/')
    await page.context().close()
  })

  test.each(['/orders/new', '/users/0', '/webhooks/1.5'])('%s is no page', async (place) => {
    const page = await browser.open(at(place), { token: tokens.admin })
    await shows(page, 'There is no such page', 10_000)
    await shows(page, 'Back to the overview', 10_000)
    await page.context().close()
  })

  test('below the path of a proxy, every link and file is found, also when a page is opened anew', async () => {
    const proxy = await proxyBelow('/numbers', system.sequencer.port, system.sequencer.url)
    system.sequencer.configure({ BASE_PATH: '/numbers' })
    await system.sequencer.end()
    await system.sequencer.start()
    const page = await browser.open(`${proxy.origin}/numbers/dashboard/no-such-page`, {
      token: tokens.viewer,
      elsewhere: true,
    })
    await shows(page, 'There is no such page', 10_000)
    await page.getByRole('link', { name: 'Back to the overview' }).click()
    await page.locator('[data-service="sequencer"][data-condition="ok"]').waitFor()
    expect(new URL(page.url()).pathname).toBe('/numbers/dashboard/')
    await page.context().close()
    proxy.server.closeAllConnections()
    proxy.server.close()
    system.sequencer.configure({ BASE_PATH: '' })
    await system.sequencer.end()
    await system.sequencer.start()
  })

  test('a number that is released becomes a gap with its reason, and the next one fills it', async () => {
    const { body } = await issue('INV', { count: 3 })
    const released = (body.numbers as { full_number: string }[])[1]!.full_number
    const page = await browser.open(at(`/numbers/${released}?prefix=INV`), { token: tokens.operator })
    await page.getByRole('button', { name: 'Release' }).click()
    const dialog = page.getByRole('dialog', { name: `Release ${released}?` })
    await dialog.getByLabel('Reason').fill('cancelled by the customer')
    await dialog.getByRole('button', { name: 'Release' }).click()
    await shows(page, '“cancelled by the customer”', 10_000)
    await page.goto(at('/gaps?prefix=INV'))
    const gap = page.getByRole('row', { name: released })
    await gap.getByText('cancelled by the customer').waitFor()
    await issue('INV')
    await shows(page, 'No gap', 10_000)
    await page.context().close()
  })

  test('a template that would repeat numbers is refused with the reason of the service', async () => {
    const page = await browser.open(at('/sequences/PO/rules'), { token: tokens.admin })
    await page.getByLabel('Template').fill('{prefix}-{seq:4}')
    await shows(page, 'PO-0001', 5_000)
    await page.getByRole('button', { name: 'Save' }).click()
    const answer = await asAdmin('PUT', '/api/v1/sequences/PO', { template: '{prefix}-{seq:4}' })
    expect(answer.status).toBeGreaterThanOrEqual(400)
    const reason =
      (answer.body.errors as { message: string }[] | undefined)?.[0]?.message ?? answer.body.detail
    await page
      .getByRole('alert')
      .getByText(reason as string)
      .first()
      .waitFor()
    await page.getByText(answer.body.code as string).waitFor()
    await page.context().close()
  })

  test('rules that somebody else has changed meanwhile are shown, and not overwritten', async () => {
    const page = await browser.open(at('/sequences/SG/rules'), { token: tokens.admin })
    await page.getByLabel('Last value').fill('500')
    const theirs = await asAdmin('PUT', '/api/v1/sequences/SG', { end: 700 })
    expect(theirs.status).toBe(200)
    await page.getByRole('button', { name: 'Save' }).click()
    await shows(page, 'Somebody else has changed this meanwhile', 10_000)
    await page.getByRole('button', { name: 'Take over what is there now' }).click()
    await page.locator('input[value="700"]').waitFor()
    const { body } = await asAdmin('GET', '/api/v1/sequences/SG')
    expect(body.end).toBe(700)
    await page.context().close()
  })

  test("someone else's change of an order is shown, and not overwritten", async () => {
    const user = await ask(system.users, 'POST', '/api/v1/users', {
      name: 'Ada',
      email: 'ada@example.com',
      age: 36,
    })
    const placed = await ask(system.orders, 'POST', '/api/v1/orders', {
      user_id: user.body.id as number,
      product_id: 'PROD-123',
      quantity: 2,
      total_price: 99.99,
    })
    const place = `/api/v1/orders/${placed.body.id}`
    // It is confirmed by itself.
    while ((await ask(system.orders, 'GET', place)).body.status === 'pending') await delay(50)
    const page = await browser.open(at('/orders?status=confirmed'), { token: tokens.operator })
    await page.getByRole('link', { name: placed.body.order_number as string }).click()
    await page.getByRole('button', { name: 'Ship' }).waitFor()
    await ask(system.orders, 'PATCH', place, { status: 'cancelled' })
    await page.getByRole('button', { name: 'Ship' }).click()
    await shows(page, 'Somebody else has changed this meanwhile', 10_000)
    await page.getByRole('button', { name: 'Read it again' }).click()
    await shows(page, 'this is its last status', 10_000)
    expect((await ask(system.orders, 'GET', place)).body.status).toBe('cancelled')
    await page.context().close()
  })

  test('a person makes a user and places an order; a viewer is told why it may not', async () => {
    const page = await browser.open(at('/users'), { token: tokens.operator })
    await page.getByRole('button', { name: 'New user' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Name').fill('Grace Hopper')
    await dialog.getByLabel('E-mail address').fill('grace@example.com')
    await dialog.getByRole('button', { name: 'New user' }).click()
    await page.getByRole('link', { name: 'Grace Hopper' }).click()
    await shows(page, 'This user has no order yet.', 10_000)
    const id = new URL(page.url()).pathname.split('/').at(-1)!
    await page.getByRole('link', { name: 'All in a list' }).click()
    await shows(page, 'Nothing for this filter', 10_000)
    await page.getByRole('button', { name: 'New order' }).click()
    await dialog.getByLabel('Product').fill('PROD-7')
    await dialog.getByLabel('Total').fill('12.50')
    await dialog.getByRole('button', { name: 'New order' }).click()
    await page.getByRole('row', { name: 'PROD-7' }).waitFor()
    expect((await ask(system.orders, 'GET', `/api/v1/orders?user_id=${id}`)).body.data).toHaveLength(1)
    await page.context().close()

    const viewing = await browser.open(at('/users'), { token: tokens.viewer })
    await viewing.getByRole('note', { name: 'Your role does not allow this: it needs operator.' }).waitFor()
    expect(await viewing.getByRole('button', { name: 'New user' }).isDisabled()).toBe(true)
    await viewing.context().close()
  })

  test('what is shown is copied as curl, code or JSON, with what is filtered by; no token is in it', async () => {
    const of = [
      ['/sequences', 'Sequences', 'ordinal.sequences.list()'],
      ['/sequences/SG', 'History of the rules', 'ordinal.sequences.get("SG")'],
      ['/orders?product=PROD-7', 'PROD-7', 'ordinal.orders.list({"product_id":"PROD-7"})'],
      ['/orders/1', 'What comes next', 'ordinal.orders.get(1)'],
      ['/users?q=grace', 'Grace Hopper', 'ordinal.users.list({"search":"grace"})'],
      ['/users/1', 'Orders of this user', 'ordinal.users.get(1)'],
      ['/gaps?prefix=INV&state=free', 'All values', 'ordinal.numbers.gapsPage("INV", {"state":"free"})'],
      ['/audit?event=issue', 'all there is', 'ordinal.audit.list({"event":"issue"})'],
    ] as const
    for (const [place, text, code] of of) {
      const page = await browser.open(at(place), { token: tokens.admin })
      await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
      await shows(page, text, 10_000)
      const copied = async (item: string) => {
        await page.getByRole('button', { name: 'Copy', exact: true }).click()
        await page.getByRole('menuitem', { name: item }).click()
        return page.evaluate<string>('navigator.clipboard.readText()')
      }
      expect(await copied('Copy as code')).toContain(code)
      const curl = await copied('Copy as curl')
      expect(curl).not.toContain(tokens.admin)
      const { stdout } = await promisify(execFile)('sh', ['-c', curl], {
        env: { ...process.env, TOKEN: tokens.admin },
      })
      expect([place, Object.keys(JSON.parse(stdout) as object).length]).not.toEqual([place, 0])
      await page.context().close()
    }
  })

  test('what cannot be taken back says what it is about and what follows: an order, a user', async () => {
    const made = await ask(system.users, 'POST', '/api/v1/users', {
      name: 'Alan Turing',
      email: 'alan@example.com',
      age: 41,
    })
    const { body: order } = await ask(system.orders, 'POST', '/api/v1/orders', {
      user_id: made.body.id as number,
      product_id: 'PROD-9',
      quantity: 1,
      total_price: 1,
    })
    const page = await browser.open(at(`/orders/${order.id}`), { token: tokens.operator })
    const dialog = page.getByRole('dialog')
    await page.getByRole('button', { name: 'Cancel the order' }).click()
    await dialog.getByText(`Cancel order ${order.order_number}?`).waitFor()
    await dialog.getByText('It keeps its number').waitFor()
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    const statusOf = async () =>
      (await ask(system.orders, 'GET', `/api/v1/orders/${order.id}`)).body.status as string
    expect(await statusOf()).not.toBe('cancelled')
    await page.getByRole('button', { name: 'Cancel the order' }).click()
    await dialog.getByRole('button', { name: 'Cancel the order' }).click()
    await shows(page, 'this is its last status', 10_000)
    expect(await statusOf()).toBe('cancelled')

    await page.goto(at(`/users/${made.body.id}`))
    await page.getByLabel('May order').uncheck()
    await page.getByRole('button', { name: 'Save' }).click()
    await dialog.getByText('Deactivate Alan Turing?').waitFor()
    expect((await ask(system.users, 'GET', `/api/v1/users/${made.body.id}`)).body.active).toBe(true)
    await dialog.getByRole('button', { name: 'Deactivate' }).click()
    await shows(page, 'not active', 10_000)
    await page.context().close()
  })

  test('a filter that is cleared, or left by going back, is gone from its field too', async () => {
    const page = await browser.open(at('/orders'), { token: tokens.viewer })
    await page.getByLabel('Product').fill('no-such-product')
    await shows(page, 'Nothing for this filter', 10_000)
    await page.getByRole('button', { name: 'Clear the filter' }).click()
    await shows(page, 'PROD-9', 10_000)
    expect(await page.getByLabel('Product').inputValue()).toBe('')
    await page.goBack()
    await shows(page, 'Nothing for this filter', 10_000)
    expect(await page.getByLabel('Product').inputValue()).toBe('no-such-product')
    await page.goto(at('/users?q=nobody-at-all'))
    await page.getByRole('button', { name: 'Clear the filter' }).click()
    await shows(page, 'Alan Turing', 10_000)
    expect(await page.getByLabel('Find by name or e-mail address').inputValue()).toBe('')
    await page.context().close()
  })

  const pages: [name: string, place: string, isThere: string][] = [
    ['overview-at-first', '/', 'Latest numbers'],
    ['sequences', '/sequences', 'Template'],
    ['sequence', '/sequences/INV', 'History of the rules'],
    ['rules', '/sequences/INV/rules', 'What numbers will look like'],
    ['number', `/numbers/INV${new Date().getUTCFullYear()}-0001?prefix=INV`, 'What happened to it'],
    ['gaps-filled', '/gaps?prefix=INV', 'No gap'],
    ['orders', '/orders', 'PROD-7'],
    ['order', '/orders/1', 'What comes next'],
    ['users', '/users', 'Grace Hopper'],
    ['user', '/users/1', 'Orders of this user'],
  ]

  test.each(pages)(
    '%s has nothing against WCAG 2.2 AA, light and dark, and on a phone',
    async (name, place, text) => {
      for (const how of [{}, { dark: true }, { phone: true }]) {
        const page = await browser.open(at(place), { token: tokens.admin, ...how })
        await shows(page, text, 10_000)
        await page.locator('.mantine-Skeleton-root').first().waitFor({ state: 'detached' })
        expect([how, await violationsOn(page)]).toEqual([how, []])
        await picture(page, name, how)
        await page.context().close()
      }
    },
  )

  test('sequences beyond the first hundred are listed, and found', async () => {
    for (let n = 0; n < 100; n += 1)
      await asAdmin('POST', '/api/v1/sequences', {
        prefix: `ZZ${String(n).padStart(3, '0')}`,
        template: '{prefix}-{seq}',
        reset: 'never',
      })
    const page = await browser.open(at('/sequences?q=ZZ099'), { token: tokens.viewer })
    await page.getByRole('link', { name: 'ZZ099' }).waitFor()
    await shows(page, /^1 of 10\d in view/)
    await page.context().close()
  })

  test('in all of this no script failed, and nothing broke the content policy', () => {
    expect(browser.complaints()).toEqual([])
  })
})

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

describe('what is sent', () => {
  const folder = path.join(root, 'dist/apps/console')
  const sizeOf = (names: Iterable<string>) =>
    [...names].reduce((sum, name) => sum + statSync(path.join(folder, `${name}.br`)).size, 0) / 1024

  /** The files of a kind that those named import before they run, themselves included. */
  function neededBy(entries: string[]): Set<string> {
    const found = new Set<string>()
    for (const queue = [...entries]; queue.length > 0;) {
      const name = queue.pop()!
      if (found.has(name)) continue
      found.add(name)
      const source = readFileSync(path.join(folder, name), 'utf8')
      for (const [, other] of source.matchAll(/(?:\bfrom|\bimport)"\.\/([\w.-]+\.js)"/g))
        queue.push(`assets/${other}`)
    }
    return found
  }

  test('the first load is at most 180 KB of script, 230 with the first page, and 35 KB of styles', () => {
    const html = readFileSync(path.join(folder, 'index.html'), 'utf8')
    const named = [...html.matchAll(/(?:src|href)="\.\/(assets\/[^"]+)"/g)].map(([, name]) => name!)
    const scripts = neededBy(named.filter((name) => name.endsWith('.js')))
    const overview = readdirSync(path.join(folder, 'assets')).filter((name) =>
      /^overview-page-.*\.js$/.test(name),
    )
    expect(overview).toHaveLength(1)
    const withPage = new Set([...scripts, ...neededBy([`assets/${overview[0]}`])])
    expect(scripts.size).toBeGreaterThan(0)
    expect(sizeOf(scripts)).toBeLessThanOrEqual(180)
    expect(sizeOf(withPage)).toBeLessThanOrEqual(230)
    expect(sizeOf(named.filter((name) => name.endsWith('.css')))).toBeLessThanOrEqual(35)
  })

  test('the licences of what is in it come with the sequencer', () => {
    const file = path.join(root, 'dist/apps/sequencer/THIRD-PARTY-LICENSES.txt')
    expect(existsSync(file)).toBe(true)
    expect(readFileSync(file, 'utf8')).toContain('@mantine/core 9.7.3 (MIT)')
  })
})
