import { execFile } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { ask, eventually } from '../src/calls'
import { copied, inBrowser } from './console-browser'
import { shows, startDashboard, type Dashboard } from './console-dashboard'

let dashboard: Dashboard

inBrowser('orders and users, in a browser', () => {
  beforeAll(async () => {
    dashboard = await startDashboard()
  })
  afterAll(() => dashboard.stop())

  const openAs = (role: 'viewer' | 'operator' | 'admin', place: string) =>
    dashboard.open(place, { token: dashboard.tokens[role] })
  const askUsers = (method: string, place: string, body?: object) =>
    ask(dashboard.system.users, method, `/api/v1/users${place}`, body)
  const askOrders = (method: string, place: string, body?: object) =>
    ask(dashboard.system.orders, method, `/api/v1/orders${place}`, body)

  async function makeUser(name: string): Promise<number> {
    const email = `${name.toLowerCase().replace(' ', '.')}@example.com`
    const { status, body } = await askUsers('POST', '', { name, email, age: 36 })
    expect(status).toBe(201)
    return body.id as number
  }

  /** An order, once it has been confirmed, which happens by itself. */
  async function makeOrder(userId: number, product: string) {
    const asked = { user_id: userId, product_id: product, quantity: 2, total_price: 99.99 }
    const { body } = await askOrders('POST', '', asked)
    while ((await askOrders('GET', `/${body.id}`)).body.status === 'pending') await delay(50)
    return body as { id: number; order_number: string }
  }

  test("someone else's change of an order is shown, and not overwritten", async () => {
    const order = await makeOrder(await makeUser('Ada'), 'PROD-123')
    const page = await openAs('operator', '/orders?status=confirmed')
    await page.getByRole('link', { name: order.order_number }).click()
    await page.getByRole('button', { name: 'Ship' }).waitFor()
    await askOrders('PATCH', `/${order.id}`, { status: 'cancelled' })
    await page.getByRole('button', { name: 'Ship' }).click()
    await shows(page, 'Somebody else has changed this meanwhile')
    await page.getByRole('button', { name: 'Read it again' }).click()
    await shows(page, 'this is its last status')
    expect((await askOrders('GET', `/${order.id}`)).body.status).toBe('cancelled')
    await page.context().close()
  })

  test("someone else's change of a user is shown, and not overwritten; read again, it is changed", async () => {
    const id = await makeUser('Katherine Johnson')
    const page = await openAs('operator', `/users/${id}`)
    const name = page.getByLabel('Name')
    await name.fill('Katherine')
    await askUsers('PATCH', `/${id}`, { name: 'Katherine G. Johnson' })
    await page.getByRole('button', { name: 'Save' }).click()
    await shows(page, 'Somebody else has changed this meanwhile')
    await page.getByRole('button', { name: 'Read it again' }).click()
    await page.getByRole('heading', { name: 'Katherine G. Johnson' }).waitFor()
    expect((await askUsers('GET', `/${id}`)).body.name).toBe('Katherine G. Johnson')
    await page.getByLabel('Age').fill('101')
    await page.getByRole('button', { name: 'Save' }).click()
    await shows(page, 'Katherine G. Johnson is saved')
    expect((await askUsers('GET', `/${id}`)).body.age).toBe(101)
    await page.context().close()
  })

  test('a person makes a user and places an order; a viewer is told why it may not', async () => {
    const page = await openAs('operator', '/users')
    await page.getByRole('button', { name: 'New user' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Name').fill('Grace Hopper')
    await dialog.getByLabel('E-mail address').fill('grace@example.com')
    await dialog.getByRole('button', { name: 'New user' }).click()
    await page.getByRole('link', { name: 'Grace Hopper' }).click()
    await shows(page, 'This user has no order yet.')
    const id = new URL(page.url()).pathname.split('/').at(-1)!
    await page.getByRole('link', { name: 'All in a list' }).click()
    await shows(page, 'Nothing for this filter')
    await page.getByRole('button', { name: 'New order' }).click()
    await dialog.getByLabel('Product').fill('PROD-7')
    await dialog.getByLabel('Total').fill('12.50')
    await dialog.getByRole('button', { name: 'New order' }).click()
    await page.getByRole('row', { name: 'PROD-7' }).waitFor()
    expect((await askOrders('GET', `?user_id=${id}`)).body.data).toHaveLength(1)
    await page.context().close()

    const viewing = await openAs('viewer', '/users')
    await viewing.getByRole('note', { name: 'Your role does not allow this: it needs operator.' }).waitFor()
    const greyed = viewing.getByRole('button', { name: 'New user' })
    expect(await greyed.isDisabled()).toBe(true)
    // Whoever hears the page is told with the button, and whoever has no mouse goes to the reason.
    const reason = viewing.locator(`[id="${await greyed.getAttribute('aria-describedby')}"]`)
    expect(await reason.getAttribute('aria-label')).toBe('Your role does not allow this: it needs operator.')
    await viewing.getByRole('button', { name: 'Copy', exact: true }).focus()
    await viewing.keyboard.press('Tab')
    await viewing.getByRole('tooltip', { name: 'it needs operator' }).waitFor()
    await viewing.context().close()
  })

  test('an order is shipped and delivered; links lead from its user to it, to its number, and back', async () => {
    const user = await makeUser('Edsger Dijkstra')
    const { order_number: number } = await makeOrder(user, 'PROD-8')
    const page = await openAs('operator', `/users/${user}`)
    await page.getByRole('list', { name: 'Orders of this user' }).getByRole('link', { name: number }).click()
    for (const step of ['Ship', 'Deliver']) await page.getByRole('button', { name: step }).click()
    await shows(page, 'this is its last status')
    await page.getByRole('link', { name: number }).click()
    const holder = page.getByRole('region', { name: 'The order that holds it' })
    await holder.getByText('PROD-8').waitFor()
    await holder.getByRole('link').click()
    await page.getByRole('heading', { name: `Order ${number}` }).waitFor()
    await page.getByRole('link', { name: 'Edsger Dijkstra' }).click()
    await page.getByRole('heading', { name: 'Edsger Dijkstra' }).waitFor()
    await page.context().close()
  })

  test('what is shown is copied as curl, code or JSON, with what is filtered by; no token is in it', async () => {
    await dashboard.issue('SG')
    await dashboard.issue('INV')
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
      const page = await openAs('admin', place)
      await shows(page, text)
      expect(await copied(page, 'Copy as code')).toContain(code)
      const curl = await copied(page, 'Copy as curl')
      expect(curl).not.toContain(dashboard.tokens.admin)
      const { stdout } = await promisify(execFile)('sh', ['-c', curl], {
        env: { ...process.env, TOKEN: dashboard.tokens.admin },
      })
      expect([place, Object.keys(JSON.parse(stdout) as object).length]).not.toEqual([place, 0])
      await page.context().close()
    }
  })

  test('what cannot be taken back says what it is about and what follows: an order, a user', async () => {
    const user = await makeUser('Alan Turing')
    const { body: order } = await askOrders('POST', '', {
      user_id: user,
      product_id: 'PROD-9',
      quantity: 1,
      total_price: 1,
    })
    const statusOf = async () => (await askOrders('GET', `/${order.id}`)).body.status as string
    // It is confirmed by itself.
    await eventually(statusOf, (status) => status === 'confirmed')
    const page = await openAs('operator', `/orders/${order.id}`)
    const dialog = page.getByRole('dialog')
    await page.getByRole('button', { name: 'Cancel the order' }).click()
    await dialog.getByText(`Cancel order ${order.order_number}?`).waitFor()
    await dialog.getByText('It keeps its number').waitFor()
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    expect(await statusOf()).toBe('confirmed')
    await page.getByRole('button', { name: 'Cancel the order' }).click()
    await dialog.getByRole('button', { name: 'Cancel the order' }).click()
    await shows(page, 'this is its last status')
    expect(await statusOf()).toBe('cancelled')

    await page.goto(dashboard.at(`/users/${user}`))
    await page.getByLabel('May order').uncheck()
    await page.getByRole('button', { name: 'Save' }).click()
    await dialog.getByText('Deactivate Alan Turing?').waitFor()
    expect((await askUsers('GET', `/${user}`)).body.active).toBe(true)
    await dialog.getByRole('button', { name: 'Deactivate' }).click()
    await shows(page, 'not active')
    await page.context().close()
  })

  test('a filter that is cleared, or left by going back, is gone from its field too', async () => {
    const page = await openAs('viewer', '/orders')
    await page.getByLabel('Product').fill('no-such-product')
    await shows(page, 'Nothing for this filter')
    await page.getByRole('button', { name: 'Clear the filter' }).click()
    await shows(page, 'PROD-9')
    const product = () => page.getByLabel('Product').inputValue()
    await eventually(product, (value) => value === '')
    await page.goBack()
    await shows(page, 'Nothing for this filter')
    await eventually(product, (value) => value === 'no-such-product')
    await page.goto(dashboard.at('/users?q=nobody-at-all'))
    await page.getByRole('button', { name: 'Clear the filter' }).click()
    await shows(page, 'Alan Turing')
    await eventually(
      () => page.getByLabel('Find by name or e-mail address').inputValue(),
      (value) => value === '',
    )
    await page.context().close()
  })

  const pages: [name: string, place: string, isThere: string][] = [
    ['orders', '/orders', 'PROD-7'],
    ['order', '/orders/1', 'What comes next'],
    ['users', '/users', 'Grace Hopper'],
    ['user', '/users/1', 'Orders of this user'],
  ]

  test.each(pages)('%s has nothing against WCAG 2.2 AA, light and dark, and on a phone', async (...page) =>
    expect(await dashboard.violationsOf(...page)).toEqual([]),
  )

  test('orders beyond the first page follow by a cursor, which is in the address', async () => {
    const user = await makeUser('Barbara Liskov')
    for (let nth = 0; nth < 52; nth += 1)
      await askOrders('POST', '', { user_id: user, product_id: 'MANY', quantity: 1, total_price: 1 })
    const page = await openAs('viewer', '/orders?product=MANY')
    await shows(page, '50 of 52 in view')
    await page.getByRole('button', { name: 'Next', exact: true }).click()
    await shows(page, '2 of 52 in view')
    expect(new URL(page.url()).searchParams.get('cursor')).not.toBeNull()
    await page.reload()
    await shows(page, '2 of 52 in view')
    await page.getByRole('button', { name: 'First page' }).click()
    await shows(page, '50 of 52 in view')
    expect(new URL(page.url()).search).toBe('?product=MANY')
    await page.context().close()
  })

  test('in all of this no script failed, and nothing broke the content policy', () => {
    expect(dashboard.browser.complaints()).toEqual([])
  })
})
