import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { eventually } from '../src/calls'
import { inBrowser, violationsOn } from './console-browser'
import { secretIn, shows, startDashboard, type Dashboard } from './console-dashboard'

inBrowser('webhooks in a browser', () => {
  let dashboard: Dashboard
  let receiver: Server
  let received: { path: string; id: string }[]

  beforeAll(async () => {
    dashboard = await startDashboard({
      ORDER_SERVICE_WEBHOOK_ALLOWED_NETWORKS: '127.0.0.0/8',
      ORDER_SERVICE_EVENT_ATTEMPTS: '1',
    })
    received = []
    receiver = createServer((request, response) => {
      received.push({ path: request.url!, id: request.headers['webhook-id'] as string })
      request.resume().on('end', () => response.writeHead(request.url === '/broken' ? 500 : 204).end())
    })
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  })
  afterAll(async () => {
    await dashboard.stop()
    receiver.closeAllConnections()
    await new Promise((resolve) => receiver.close(resolve))
  })

  const receiverAt = (place: string) => `http://127.0.0.1:${(receiver.address() as AddressInfo).port}${place}`
  /** Waits for one more delivery than were received before. A delivery may come twice. */
  const getsMoreThan = (count: number) =>
    eventually(
      () => received.length,
      (length) => length > count,
    )

  test.each(['reduce', 'no-preference'] as const)(
    'a dialog appears where it stays, so that no click falls beside its button: motion %s',
    async (reducedMotion) => {
      const page = await dashboard.open('/webhooks', { token: dashboard.tokens.admin })
      await page.emulateMedia({ reducedMotion })
      // Where its button is in sixty frames, which take longer than any transition.
      const places = page.evaluate<number[]>(`
        new Promise((resolve) => {
          const tops = []
          const look = () => {
            const button = document.querySelector('[role="dialog"] [type="submit"]')
            if (button) tops.push(Math.round(button.getBoundingClientRect().top))
            if (tops.length < 60) requestAnimationFrame(look)
            else resolve(tops)
          }
          look()
        })`)
      await page.getByRole('button', { name: 'New webhook' }).click()
      expect(new Set(await places).size).toBe(1)
      await page.context().close()
    },
  )

  test('a webhook is made, tested, replayed, rotated, switched off and on, and deleted', async () => {
    const page = await dashboard.open('/webhooks', { token: dashboard.tokens.admin })
    await shows(page, 'There is no webhook yet')
    await page.getByRole('button', { name: 'New webhook' }).click()
    await page.getByLabel('Address').fill(receiverAt('/hook'))
    await page.getByLabel('order.deleted').uncheck()
    await page.getByRole('dialog').getByRole('button', { name: 'New webhook' }).click()
    const first = await secretIn(page)
    expect(first).toMatch(/^whsec_/)
    await page.getByRole('link', { name: receiverAt('/hook') }).click()

    await page.getByRole('button', { name: 'Send a test event' }).click()
    await page.getByRole('row', { name: /webhook\.test.*delivered/ }).waitFor()
    const tested = received.length
    expect(tested).toBeGreaterThan(0)
    await page.getByRole('button', { name: /^Replay: \d+$/ }).click()
    await getsMoreThan(tested)
    expect(received.at(-1)!.id).toBe(received[0]!.id)

    // Its attempts, by keyboard.
    await page.getByRole('row', { name: /webhook\.test/ }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: /^Attempts of delivery/ }).waitFor()
    expect(new URL(page.url()).search).toContain('delivery=')
    // Also that of the replay, which is not under way any more.
    await page.getByRole('cell', { name: '204' }).nth(1).waitFor()

    await page.getByRole('button', { name: 'Rotate the secret' }).click()
    await page.getByRole('dialog').getByText('an hour').click()
    await page.getByRole('dialog').getByRole('button', { name: 'Rotate the secret' }).click()
    expect(await secretIn(page)).not.toBe(first)
    await shows(page, 'The old secret signs until')

    const replayed = received.length
    await page.getByRole('button', { name: 'Replay since…' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Replay since…' }).click()
    await shows(page, '1 delivery is made again')
    await getsMoreThan(replayed)
    await page.getByRole('cell', { name: '204' }).nth(2).waitFor()

    await page.getByRole('button', { name: 'Switch off' }).click()
    await shows(page, 'Nothing is delivered until it is switched on again.')
    await page.getByRole('dialog').getByRole('button', { name: 'Switch off' }).click()
    await shows(page, 'off: somebody has asked for it')
    await page.getByRole('button', { name: 'Switch on' }).click()
    await page.getByText('off: somebody has asked for it').waitFor({ state: 'detached' })

    await page.getByRole('button', { name: 'Delete', exact: true }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
    await shows(page, 'There is no webhook yet')
    await page.context().close()
  })

  describe('pages', () => {
    let webhook: { id: number }
    beforeAll(async () => {
      const { orders } = dashboard.system
      const { body } = await dashboard.asAdmin(orders, 'POST', '/api/v1/webhooks', {
        url: receiverAt('/hook'),
        description: 'The ERP system',
        event_types: ['order.created'],
      })
      webhook = body as { id: number }
      await dashboard.asAdmin(orders, 'POST', `/api/v1/webhooks/${webhook.id}/test`, {})
    })

    const pages: [name: string, place: () => string, isThere: string][] = [
      ['webhooks', () => '/webhooks', 'The ERP system'],
      ['webhook', () => `/webhooks/${webhook.id}`, 'webhook.test'],
      ['webhook-filtered', () => `/webhooks/${webhook.id}?state=failed`, 'Nothing for this filter'],
    ]

    test.each(pages)(
      '%s has nothing against WCAG 2.2 AA, light and dark, and on a phone',
      async (name, place, text) => expect(await dashboard.violationsOf(name, place(), text)).toEqual([]),
    )

    test('a dialog has nothing against it either', async () => {
      const page = await dashboard.open(`/webhooks/${webhook.id}`, {
        token: dashboard.tokens.admin,
        dark: true,
      })
      await page.getByRole('button', { name: 'Rotate the secret' }).click()
      await shows(page, 'Deliveries are signed with both')
      expect(await violationsOn(page)).toEqual([])
      await page.context().close()
    })
  })

  test('in all of this no script failed, and nothing broke the content policy', () => {
    expect(dashboard.browser.complaints()).toEqual([])
  })
})
