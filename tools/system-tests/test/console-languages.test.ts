import type { Page } from 'playwright-core'
import { ask, createUser, eventually, placeOrder } from '../src/calls'
import { inBrowser } from './console-browser'
import { startDashboard, type Dashboard } from './console-dashboard'

const wordsOfBoth = [
  ...['Export', 'Filter', 'Live', 'live', 'Name', 'Status', 'Version'],
  ...['Ordinal', 'Sequencer', 'Webhook 1', 'Webhooks'],
]
// What is in a table or a title as it is: names of callers, sites and events, and what a service says itself.
const identifiers =
  /^(admin|ada-\S+|invoices|ordinal|order-service|order\.created|system-tests|site-\d|(site-\d )?partition-\w|There is no order 999)$/

inBrowser('the languages of the console, in a browser', () => {
  let dashboard: Dashboard

  beforeAll(async () => {
    dashboard = await startDashboard({ ORDER_SERVICE_WEBHOOK_ALLOWED_NETWORKS: '127.0.0.0/8' })
  })
  afterAll(() => dashboard.stop())

  /** What a page says, once it has what it asks for: its texts, and the names of what has none. Identifiers are left out. */
  async function saidOn(page: Page): Promise<string[]> {
    await page.locator('#content').getByRole('heading').first().waitFor()
    await eventually(
      () => page.locator('.mantine-Skeleton-root').count(),
      (left) => left === 0,
      60_000,
    )
    return page.evaluate<string[]>(`(() => {
      const identifiers = '.mono, .hero-number, code, pre, time, script, style'
      const said = new Set()
      for (const element of document.body.querySelectorAll('*')) {
        if (!element.checkVisibility() || element.closest(identifiers)) continue
        for (const name of ['aria-label', 'placeholder', 'title', 'alt'])
          if (element.getAttribute(name)) said.add(element.getAttribute(name))
        for (const node of element.childNodes)
          if (node.nodeType === Node.TEXT_NODE && node.data.trim()) said.add(node.data.trim())
      }
      return [...said]
    })()`)
  }

  test('on no page is a sentence left that is the same in English and in German', async () => {
    const user = await createUser(dashboard.system)
    const { body: order } = await placeOrder(dashboard.system, user)
    const { body: number } = await dashboard.issue('INV')
    await dashboard.issue('SG', { hold_seconds: 600 })
    await ask(dashboard.system.sequencer, 'POST', '/api/v1/sequence/next', {
      site_id: 'site-1',
      partition_id: 'partition-a',
      invoice_type: 'on-cycle',
    })
    const { body: hook } = await dashboard.asAdmin(dashboard.system.orders, 'POST', '/api/v1/webhooks', {
      url: 'http://127.0.0.1:9/',
      event_types: ['order.created'],
      description: '',
      enabled: true,
    })
    const { body: made } = await dashboard.asAdmin(dashboard.system.sequencer, 'POST', '/api/v1/api-keys', {
      name: 'TILL',
    })
    const places = [
      '/',
      '/sequences',
      '/sequences/INV',
      '/sequences/INV/rules',
      '/sequences/new',
      `/numbers/${number.full_number}?prefix=INV`,
      '/gaps?prefix=SG',
      '/gaps/explained?prefix=SG',
      '/sites',
      '/audit',
      '/audit?view=live',
      '/orders',
      `/orders/${order.id}`,
      '/users',
      `/users/${user}`,
      '/events',
      '/webhooks',
      `/webhooks/${hook.id}`,
      '/api-keys',
      `/api-keys/${made.api_key.id}`,
      '/imports',
      '/demos',
      '/no-such-page',
      '/orders/999',
    ]
    const open = (language: string) => dashboard.open('/', { token: dashboard.tokens.admin, language })
    const [english, german] = [await open('en-GB'), await open('de-DE')]
    const left: Record<string, string[]> = {}
    for (const place of places) {
      const [inEnglish, inGerman] = await Promise.all(
        [english, german].map(async (page) => {
          await page.goto(dashboard.at(place))
          return saidOn(page)
        }),
      )
      const both = inGerman!.filter((text) => inEnglish!.includes(text))
      const sentences = both.filter(
        (text) => /[a-z]{3}/.test(text) && !wordsOfBoth.includes(text) && !identifiers.test(text),
      )
      if (sentences.length > 0) left[place] = sentences
    }
    expect(left).toEqual({})
    for (const page of [english, german]) await page.context().close()
  }, 600_000)
})
