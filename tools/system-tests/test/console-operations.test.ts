import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Page, Request } from 'playwright-core'
import { ask, eventually } from '../src/calls'
import { startSystem, type System } from '../src/system'
import { consoleSecret, inBrowser, openBrowser, picture, signedTokens, violationsOn } from './console-browser'
import type { ConsoleBrowser } from './console-browser'

inBrowser('operations and demonstrations in a browser', () => {
  let system: System
  let browser: ConsoleBrowser
  let tokens: Awaited<ReturnType<typeof signedTokens>>
  let receiver: Server
  let received: { path: string; id: string }[]
  const folder = mkdtempSync(path.join(tmpdir(), 'imports-'))

  beforeAll(async () => {
    tokens = await signedTokens()
    system = await startSystem({
      REQUIRE_AUTHENTICATION: 'true',
      JWT_SECRET: consoleSecret,
      ORDER_SERVICE_WEBHOOK_ALLOWED_NETWORKS: '127.0.0.0/8',
      ORDER_SERVICE_EVENT_ATTEMPTS: '1',
    })
    browser = await openBrowser()
    received = []
    receiver = createServer((request, response) => {
      received.push({ path: request.url!, id: request.headers['webhook-id'] as string })
      request.resume().on('end', () => response.writeHead(request.url === '/broken' ? 500 : 204).end())
    })
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  })
  afterAll(async () => {
    rmSync(folder, { recursive: true })
    await browser.close()
    await system.stop()
    receiver.closeAllConnections()
    await new Promise((resolve) => receiver.close(resolve))
  })

  const at = (place: string) => `${system.sequencer.url}/dashboard${place}`
  const receiverAt = (place: string) => `http://127.0.0.1:${(receiver.address() as AddressInfo).port}${place}`
  const shows = (page: Page, text: string | RegExp) => page.getByText(text).first().waitFor()
  const secretIn = async (page: Page) => {
    const dialog = page.getByRole('dialog')
    await dialog.getByText('This is shown once.').waitFor()
    const secret = await dialog.locator('code').innerText()
    await page.keyboard.press('Escape')
    await dialog.getByRole('button', { name: 'I have kept it' }).click()
    await page.getByText(secret).waitFor({ state: 'detached' })
    return secret
  }
  const asKey = (key: string) =>
    ask(system.sequencer, 'GET', '/api/v1/audit', undefined, { 'X-API-Key': key })
  const gets = (count: number) =>
    eventually(
      () => received.length,
      (length) => length === count,
    )
  const isRefused = (key: string) =>
    eventually(
      async () => (await asKey(key)).status,
      (status) => status === 401,
    )

  test.each(['reduce', 'no-preference'] as const)(
    'a dialog appears where it stays, so that no click falls beside its button: motion %s',
    async (reducedMotion) => {
      const page = await browser.open(at('/webhooks'), { token: tokens.admin })
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
    const page = await browser.open(at('/webhooks'), { token: tokens.admin })
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
    expect(received).toHaveLength(1)
    await page.getByRole('button', { name: /^Replay: \d+$/ }).click()
    await gets(2)
    expect(received[1]!.id).toBe(received[0]!.id)

    // Its attempts, by keyboard.
    await page.getByRole('row', { name: /webhook\.test/ }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: /^Attempts of delivery/ }).waitFor()
    expect(new URL(page.url()).search).toContain('delivery=')
    await page.getByRole('cell', { name: '204' }).first().waitFor()

    await page.getByRole('button', { name: 'Rotate the secret' }).click()
    await page.getByRole('dialog').getByText('an hour').click()
    await page.getByRole('dialog').getByRole('button', { name: 'Rotate the secret' }).click()
    expect(await secretIn(page)).not.toBe(first)
    await shows(page, 'The old secret signs until')

    await page.getByRole('button', { name: 'Replay since…' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Replay since…' }).click()
    await shows(page, '1 delivery is made again')
    await gets(3)

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

  test('a key is made with scopes, used, rotated and revoked; each is refused when it has ended', async () => {
    const page = await browser.open(at('/api-keys'), { token: tokens.admin })
    await shows(page, 'There is no managed key yet')
    await page.getByRole('button', { name: 'New key' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Name').fill('erp')
    await dialog.getByLabel('Scopes').fill('audit:reed')
    await dialog.getByRole('button', { name: 'New key' }).click()
    await page.getByRole('alert').getByText('is no scope').first().waitFor()
    await dialog.getByLabel('Scopes').fill('audit:read')
    await dialog.getByRole('button', { name: 'New key' }).click()
    const first = await secretIn(page)
    expect((await asKey(first)).status).toBe(200)
    await page.getByRole('link', { name: 'erp' }).click()
    await shows(page, 'audit:read')

    await page.getByRole('button', { name: 'Rotate' }).click()
    await dialog.getByText('not at all').click()
    await dialog.getByLabel('Reason').fill('it was in a chat')
    await dialog.getByRole('button', { name: 'Rotate' }).click()
    const second = await secretIn(page)
    await shows(page, 'Replaces')
    await isRefused(first)
    expect((await asKey(second)).status).toBe(200)

    await page.getByRole('button', { name: 'Revoke' }).click()
    await shows(page, 'Within seconds every service refuses it')
    await dialog.getByLabel('Reason').fill('the ERP is gone')
    await dialog.getByRole('button', { name: 'Revoke' }).click()
    await shows(page, '“the ERP is gone”')
    await isRefused(second)
    expect(await page.getByRole('button', { name: 'Revoke' }).count()).toBe(0)
    await page.context().close()
  })

  test('a file is tried first, which writes nothing, and then imported; what is refused is named', async () => {
    const year = new Date().getUTCFullYear()
    const file = path.join(folder, 'old-numbers.csv')
    writeFileSync(
      file,
      `number,client_id,colour\nINV${year}-0001,acme,red\nINV${year}-0002,acme,red\nnonsense,acme,red\n`,
    )
    const page = await browser.open(at('/imports?prefix=INV'), { token: tokens.admin })
    const [chooser] = await Promise.all([
      page.waitForEvent('filechooser'),
      page.getByLabel('File', { exact: true }).click(),
    ])
    await chooser.setFiles(file)
    expect(await page.getByRole('button', { name: 'Import', exact: true }).isDisabled()).toBe(true)
    await page.getByRole('button', { name: 'Try it' }).click()
    await shows(page, 'Report of the dry run: nothing was written')
    await page.getByRole('row', { name: /nonsense/ }).waitFor()
    await shows(page, 'colour')
    const ofInv = async () => (await ask(system.sequencer, 'GET', '/api/v1/status/INV')).body.current_counter
    expect(await ofInv()).toBe(0)

    await page.getByRole('button', { name: 'Import', exact: true }).click()
    await shows(page, '2 numbers are written to the ledger')
    await page.getByRole('dialog').getByRole('button', { name: 'Import' }).click()
    await page.getByRole('heading', { name: 'Report', exact: true }).waitFor()
    expect(await ofInv()).toBe(2)
    await page.context().close()
  })

  test('a file that was changed after it was chosen is named, and is chosen again', async () => {
    const file = path.join(folder, 'changing.csv')
    const page = await browser.open(at('/imports?prefix=PO'), { token: tokens.admin })
    const choose = async () => {
      const [chooser] = await Promise.all([
        page.waitForEvent('filechooser'),
        page.getByLabel('File', { exact: true }).click(),
      ])
      await chooser.setFiles(file)
    }
    writeFileSync(file, 'number\nnonsense\n')
    await choose()
    await page.getByRole('button', { name: 'Try it' }).click()
    await page.getByRole('row', { name: /nonsense/ }).waitFor()
    writeFileSync(file, 'number\nrubbish\nand more\n')
    await page.getByRole('button', { name: 'Try it' }).click()
    await shows(page, 'The file has changed since it was chosen. Choose it again.')
    await choose()
    await page.getByRole('button', { name: 'Try it' }).click()
    await page.getByRole('row', { name: /rubbish/ }).waitFor()

    // One that was tried, and could be imported: it is named before anybody is asked.
    const month = new Date().toISOString().slice(0, 7).replace('-', '')
    writeFileSync(file, `number\nPO${month}-00000001\n`)
    await choose()
    await page.getByRole('button', { name: 'Try it' }).click()
    await page.getByRole('heading', { name: 'Report of the dry run: nothing was written' }).waitFor()
    writeFileSync(file, `number\nPO${month}-00000001\nPO${month}-00000002\n`)
    await page.getByRole('button', { name: 'Import', exact: true }).click()
    await shows(page, 'The file has changed since it was chosen. Choose it again.')
    expect(await page.getByRole('dialog').count()).toBe(0)
    await page.context().close()
  })

  test('an import that cannot be read says so in the words of the service', async () => {
    const file = path.join(folder, 'wrong.csv')
    writeFileSync(file, 'nummer\n1\n')
    const page = await browser.open(at('/imports?prefix=SG'), { token: tokens.admin })
    const [chooser] = await Promise.all([
      page.waitForEvent('filechooser'),
      page.getByLabel('File', { exact: true }).click(),
    ])
    await chooser.setFiles(file)
    await page.getByRole('button', { name: 'Try it' }).click()
    await page.getByText('import_unreadable').waitFor()
    await page.context().close()
  })

  test.each([
    ['All sites, one order', 8],
    ['Clients at the same time', 100],
    ['A gap is filled', 9],
    ['Numbers a second', 1_000],
  ])('the demonstration "%s" is played by one click, to its verdict', async (name, numbers) => {
    const page = await browser.open(at('/demos'), { token: tokens.operator })
    await page.getByRole('button', { name: `Run: ${name}` }).click()
    await page.locator('[data-verdict="true"]').waitFor({ timeout: 60_000 })
    await shows(page, 'No number is given while a document holds it')
    expect(await page.getByRole('img', { name: 'kept' }).count()).toBeGreaterThanOrEqual(3)
    expect(await page.getByRole('img', { name: 'broken' }).count()).toBe(0)
    await shows(page, new RegExp(`^${numbers.toLocaleString('en-GB')} numbers`))
    await page.context().close()
  })

  test('a viewer is told why it may not, on each page of operations; in German all is German', async () => {
    for (const [place, button] of [
      ['/demos', 'Run: A gap is filled'],
      ['/imports', 'Try it'],
    ] as const) {
      const page = await browser.open(at(place), { token: tokens.viewer })
      await page
        .getByRole('note', { name: /^Your role does not allow this: it needs/ })
        .first()
        .waitFor()
      expect(await page.getByRole('button', { name: button }).isDisabled()).toBe(true)
      await shows(page, 'viewer · read only')
      await page.context().close()
    }
    const page = await browser.open(at('/demos'), { token: tokens.operator, language: 'de' })
    await page.getByRole('button', { name: 'Vorführen: Eine Lücke wird gefüllt' }).click()
    await page.locator('[data-verdict="true"]').waitFor()
    await shows(page, 'Eine Lücke wird von der nächsten Nummer gefüllt')
    expect(await page.getByText(/invoice|released|were|numbers in/i).count()).toBe(0)
    await page.context().close()
  })

  test('no page asks the services for what the role of a viewer does not get', async () => {
    const page = await browser.open(at('/'), { token: tokens.viewer })
    const unanswered = new Set<Request>()
    const refused: string[] = []
    page.on('request', (request) => unanswered.add(request))
    page.on('requestfailed', (request) => unanswered.delete(request))
    page.on('response', (response) => {
      unanswered.delete(response.request())
      if (response.status() === 401 || response.status() === 403) refused.push(response.url())
    })
    const look = async (place: string, ...texts: string[]) => {
      // What the page before is asking now goes with it.
      unanswered.clear()
      await page.goto(at(place))
      await page.getByRole('heading', { level: 1 }).waitFor()
      for (const text of texts) await shows(page, text)
      await eventually(
        async () => unanswered.size + (await page.locator('.mantine-Skeleton-root').count()),
        (left) => left === 0,
      )
    }

    // As a control: a request of a page that is refused is seen here.
    const forbidden = `${system.orders.url}/api/v1/webhooks`
    await page.evaluate(
      `fetch('${forbidden}', { headers: { Authorization: 'Bearer ${tokens.viewer}' } }).then(({ status }) => status)`,
    )
    await eventually(
      () => refused.length,
      (count) => count === 1,
    )

    for (const place of ['/events', '/webhooks', '/webhooks/1', '/api-keys', '/api-keys/some'])
      await look(place, 'You may not see this', 'Your role does not allow this: it needs admin.')
    for (const place of [
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
    ])
      await look(place)
    expect(refused).toEqual([forbidden])
    await page.context().close()
  })

  describe('pages', () => {
    let key: { id: string }
    let webhook: { id: number }
    beforeAll(async () => {
      // eslint-disable-next-line @typescript-eslint/no-explicit-any
      const make = async (service: { url: string }, place: string, body: object): Promise<any> => {
        const answer = await fetch(service.url + place, {
          method: 'POST',
          headers: { Authorization: `Bearer ${tokens.admin}`, 'Content-Type': 'application/json' },
          body: JSON.stringify(body),
        })
        return answer.json()
      }
      key = (
        await make(system.sequencer, '/api/v1/api-keys', { name: 'billing', scopes: ['numbers:issue:INV'] })
      ).api_key
      webhook = await make(system.orders, '/api/v1/webhooks', {
        url: receiverAt('/hook'),
        description: 'The ERP system',
        event_types: ['order.created'],
      })
      await make(system.orders, `/api/v1/webhooks/${webhook.id}/test`, {})
    })

    const pages: [name: string, place: () => string, isThere: string][] = [
      ['webhooks', () => '/webhooks', 'The ERP system'],
      ['webhook', () => `/webhooks/${webhook.id}`, 'webhook.test'],
      ['webhook-filtered', () => `/webhooks/${webhook.id}?state=failed`, 'Nothing for this filter'],
      ['api-keys', () => '/api-keys', 'billing'],
      ['api-key', () => `/api-keys/${key.id}`, 'numbers:issue:INV'],
      ['imports', () => '/imports?prefix=INV', 'Try it'],
      ['demos', () => '/demos', 'A gap is filled'],
    ]

    test.each(pages)(
      '%s has nothing against WCAG 2.2 AA, light and dark, and on a phone',
      async (name, place, text) => {
        for (const how of [{}, { dark: true }, { phone: true }]) {
          const page = await browser.open(at(place()), { token: tokens.admin, ...how })
          await shows(page, text)
          await page.locator('.mantine-Skeleton-root').first().waitFor({ state: 'detached' })
          expect([how, await violationsOn(page)]).toEqual([how, []])
          await picture(page, name, how)
          await page.context().close()
        }
      },
    )

    test('dialogs and results have nothing against it either, and a demonstration is run by keyboard', async () => {
      const page = await browser.open(at(`/webhooks/${webhook.id}`), { token: tokens.admin, dark: true })
      await page.getByRole('button', { name: 'Rotate the secret' }).click()
      await shows(page, 'Deliveries are signed with both')
      expect(await violationsOn(page)).toEqual([])
      await page.goto(at('/demos'))
      await page.getByRole('button', { name: 'Run: A gap is filled' }).focus()
      await page.keyboard.press('Enter')
      await page.locator('[data-verdict="true"]').waitFor()
      expect(await violationsOn(page)).toEqual([])
      await picture(page, 'demo', { dark: true })
      await page.context().close()
    })
  })

  test('in all of this no script failed, and nothing broke the content policy', () => {
    expect(browser.complaints()).toEqual([])
  })
})
