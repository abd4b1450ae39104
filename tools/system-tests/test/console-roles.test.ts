import type { Page, Request } from 'playwright-core'
import { createUser, eventually } from '../src/calls'
import { inBrowser } from './console-browser'
import { shows, startDashboard, type Dashboard } from './console-dashboard'

inBrowser('who sees and does what, in a browser', () => {
  let dashboard: Dashboard

  beforeAll(async () => {
    dashboard = await startDashboard()
  })
  afterAll(() => dashboard.stop())

  test('a viewer is told why it may not, on each page of operations', async () => {
    for (const [place, button] of [
      ['/demos', 'Run: A gap is filled'],
      ['/imports', 'Try it'],
    ] as const) {
      const page = await dashboard.open(place, { token: dashboard.tokens.viewer })
      await page
        .getByRole('note', { name: /^Your role does not allow this: it needs/ })
        .first()
        .waitFor()
      expect(await page.getByRole('button', { name: button }).isDisabled()).toBe(true)
      await shows(page, 'viewer · read only')
      await page.context().close()
    }
  })

  /** Notes the requests of a page that are refused: the statuses 401 and 403. */
  function watch(page: Page) {
    const unanswered = new Set<Request>()
    const refused: string[] = []
    let isLeaving = false
    // What the page before was asking has gone with it.
    page.on('framenavigated', () => {
      if (isLeaving) unanswered.clear()
      isLeaving = false
    })
    page.on('request', (request) => unanswered.add(request))
    page.on('requestfailed', (request) => unanswered.delete(request))
    page.on('response', (response) => {
      unanswered.delete(response.request())
      if (response.status() === 401 || response.status() === 403) refused.push(response.url())
    })
    return {
      refused,
      /** Opens a page, and waits until it has what it asks for. */
      async look(place: string, ...texts: string[]) {
        isLeaving = true
        await page.goto(dashboard.at(place))
        await page.getByRole('heading', { level: 1 }).waitFor()
        for (const text of texts) await shows(page, text)
        await eventually(
          async () => unanswered.size + (await page.locator('.mantine-Skeleton-root').count()),
          (left) => left === 0,
          60_000,
        )
      },
      /** As a control: a request of the page that is refused is seen here. */
      async seesRefusal(url: string, headers: object) {
        await page.evaluate(
          `fetch('${url}', { headers: ${JSON.stringify(headers)} }).then(({ status }) => status)`,
        )
        await eventually(
          () => refused.length,
          (count) => count === 1,
          20_000,
        )
      },
    }
  }

  const forAdmins = ['/events', '/webhooks', '/webhooks/1', '/api-keys', '/api-keys/000000000000']
  const forViewers = [
    '/',
    '/sequences/INV',
    '/sequences/INV/rules',
    '/gaps?prefix=INV',
    '/gaps/explained?prefix=INV',
    '/sites',
    '/audit',
    '/audit?view=live',
    '/orders',
    '/users',
    '/imports',
    '/demos',
  ]

  test('no page asks the services for what the role of a viewer does not get', async () => {
    const { viewer } = dashboard.tokens
    const page = await dashboard.open('/', { token: viewer })
    const { refused, look, seesRefusal } = watch(page)
    const forbidden = `${dashboard.system.orders.url}/api/v1/webhooks`
    await seesRefusal(forbidden, { Authorization: `Bearer ${viewer}` })
    for (const place of forAdmins)
      await look(place, 'You may not see this', 'Your role does not allow this: it needs admin.')
    for (const place of forViewers) await look(place)
    expect(refused).toEqual([forbidden])
    await page.context().close()
  })

  test('before anybody signs in, no page asks for what a closed service answers to known callers only', async () => {
    const page = await dashboard.open('/')
    const { refused, look, seesRefusal } = watch(page)
    const forbidden = `${dashboard.system.users.url}/api/v1/users/1`
    await seesRefusal(forbidden, {})
    const toSee = [...forAdmins, ...forViewers].filter((place) => place !== '/demos')
    for (const place of [...toSee, '/sequences', '/orders/1', '/users/1', '/numbers/INV2026-0001?prefix=INV'])
      await look(place, 'Sign in to see this')
    await look('/demos')
    await look('/orders')
    const isGreyed = async (name: string, role: string) => {
      const note = page.getByRole('note', { name: `Sign in to do this: it needs the role ${role}.` })
      const button = note.getByRole('button', { name })
      await button.waitFor()
      return button.isDisabled()
    }
    expect(await isGreyed('New order', 'operator')).toBe(true)
    await page.goto(dashboard.at('/audit'))
    for (const name of [
      'Verify in this browser',
      'Have the service verify',
      'NDJSON, to verify',
      'CSV, to look at',
    ])
      expect(await isGreyed(name, 'viewer')).toBe(true)
    expect(refused).toEqual([forbidden])
    // The services have seen no other: that of the control is logged.
    const refusals = ({ log }: { log: () => string }) =>
      log()
        .split('\n')
        .filter((line) => line.includes('"status":401'))
    const { users, orders, sequencer } = dashboard.system
    await eventually(
      () => refusals(users).length,
      (count) => count === 1,
      20_000,
    )
    expect([...refusals(orders), ...refusals(sequencer)]).toEqual([])
    await page.context().close()
  })

  /** Whether a service asks who calls, for all calls, or only for those that always need a role. */
  async function restartAs(name: 'users' | 'orders' | 'sequencer', required: boolean) {
    const service = dashboard.system[name]
    const prefix = { users: 'USER_SERVICE', orders: 'ORDER_SERVICE', sequencer: 'SEQUENCER' }[name]
    service.configure({ [`${prefix}_REQUIRE_AUTHENTICATION`]: String(required) })
    await service.end()
    await service.start()
  }

  test('each service says for itself whether it is closed: what an open one has is shown to strangers', async () => {
    await restartAs('sequencer', false)
    const page = await dashboard.open('/gaps?prefix=SG')
    const { refused, look } = watch(page)
    await look('/gaps?prefix=SG', 'No number was issued in this period.')
    await look('/users', 'Sign in to see this')
    await look('/orders', 'Sign in to see this')
    expect(refused).toEqual([])
    await page.context().close()
    await restartAs('sequencer', true)
  })

  test('where anyone may call, strangers are told to sign in for what always needs a role, and it is not asked for', async () => {
    const { users, orders, sequencer } = dashboard.system
    for (const name of ['users', 'orders', 'sequencer'] as const) await restartAs(name, false)
    const { body: number } = await dashboard.issue('INV')
    const since = [users, orders, sequencer].map(({ log }) => log().length)
    const page = await dashboard.open('/')
    const { refused, look } = watch(page)
    await look('/', 'Sign in to see this', 'There is no order yet.')
    await look('/orders', 'There is no order yet')
    await look('/users', 'There is no user yet')
    await look('/demos')
    for (const place of [
      ...forAdmins,
      '/sequences',
      '/sequences/INV/rules',
      '/gaps',
      '/gaps/explained',
      '/imports',
    ])
      await look(place, 'Sign in to see this')
    for (const place of ['/audit', '/audit?view=live', '/gaps/explained?prefix=INV'])
      await look(place, 'Sign in to see this')
    // What else a page has is there.
    await look('/sites', 'Sign in to see this', 'In the last minute')
    await look('/gaps?prefix=INV', 'All values')
    await look(`/numbers/${number.full_number}?prefix=INV`, 'Sign in to see this', 'What happened to it')
    await look('/sequences/INV', 'Sign in to see this', 'Draw a number')
    await page.goto(dashboard.at('/audit'))
    for (const name of ['Verify in this browser', 'Have the service verify', 'Take one now']) {
      await page.getByRole('button', { name }).click()
      await page.getByRole('region', { name: 'Proof' }).getByText('Sign in to see this').first().waitFor()
    }
    // What anybody may do is offered; what always needs a role says so.
    const needsRole = page.getByRole('note', { name: 'Sign in to do this: it needs the role operator.' })
    await page.goto(dashboard.at('/sequences/INV'))
    await page.getByRole('button', { name: 'Issue', exact: true }).click()
    await page.getByRole('list', { name: 'Drawn here' }).getByRole('link').click()
    await needsRole.getByRole('button', { name: 'Make void' }).waitFor()
    await page.getByRole('button', { name: 'Release' }).click()
    await page.getByRole('dialog').getByLabel('Reason').fill('nobody wants it')
    await page.getByRole('dialog').getByRole('button', { name: 'Release' }).click()
    await shows(page, '“nobody wants it”')
    // A known caller drew the number before it: strangers may not release that one.
    await page.getByRole('link', { name: /^Previous/ }).click()
    await page.getByRole('heading', { name: String(number.full_number) }).waitFor()
    await needsRole.getByRole('button', { name: 'Release' }).waitFor()
    await page.goto(dashboard.at(`/orders?user=${await createUser(dashboard.system)}`))
    await page.getByRole('button', { name: 'New order' }).click()
    await page.getByRole('dialog').getByLabel('Product').fill('PROD-7')
    await page.getByRole('dialog').getByRole('button', { name: 'New order' }).click()
    await page.getByRole('row', { name: 'PROD-7' }).waitFor()
    await page.goto(dashboard.at('/users'))
    await page.getByRole('button', { name: 'New user' }).click()
    await page.getByRole('dialog').getByLabel('Name').waitFor()
    expect(refused).toEqual([])
    for (const [nth, { log }] of [users, orders, sequencer].entries())
      expect(log().slice(since[nth])).not.toContain('"status":401')
    await page.context().close()
    for (const name of ['users', 'orders', 'sequencer'] as const) await restartAs(name, true)
  })

  test('in all of this no script failed, and nothing broke the content policy', () => {
    expect(dashboard.browser.complaints()).toEqual([])
  })
})
