import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import type { Page } from 'playwright-core'
import { ownAddress, ownPort } from '@ordinal/testing'
import { eventually } from '../src/calls'
import { startSystem, type System } from '../src/system'
import { inBrowser, openBrowser, picture, violationsOn, type ConsoleBrowser } from './console-browser'

// So short that a test sees one renewed: the console renews half a minute before the end.
const tokenSeconds = 34

inBrowser('signing in at an identity provider, in a browser', () => {
  let system: System
  let browser: ConsoleBrowser
  let provider: ChildProcess
  let issuer: string

  beforeAll(async () => {
    issuer = `http://${ownAddress}:${await ownPort()}`
    system = await startSystem({
      REQUIRE_AUTHENTICATION: 'true',
      JWKS_URL: `${issuer}/jwks`,
      JWT_ISSUER: issuer,
      JWT_AUDIENCE: 'https://numbers.example.com',
      JWT_ROLES_CLAIM: 'realm_access.roles',
      JWT_ROLE_MAP: 'numbers-vera=viewer,numbers-ada=admin',
      SEQUENCER_CONSOLE_OIDC_ISSUER: issuer,
      SEQUENCER_CONSOLE_OIDC_CLIENT_ID: 'ordinal-console',
      SEQUENCER_CONSOLE_OIDC_SCOPES: 'openid offline_access',
      SEQUENCER_CONSOLE_OIDC_AUDIENCE: 'https://numbers.example.com',
    })
    const program = path.join(__dirname, '../src/openid-provider.mjs')
    provider = spawn(process.execPath, [program, issuer, at('/signed-in'), String(tokenSeconds)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(provider.stdout!, 'data')
    browser = await openBrowser()
  })
  afterAll(async () => {
    await browser.close()
    await system.stop()
    provider.kill('SIGKILL')
  })

  const at = (place: string) => `${system.sequencer.url}/dashboard${place}`
  const shows = (page: Page, text: string | RegExp) => page.getByText(text).first().waitFor()

  /** As a person would, who follows a link without being signed in. */
  async function signIn(page: Page, name: string): Promise<void> {
    await page.getByRole('button', { name: 'Sign in', exact: true }).first().click()
    await page.getByRole('button', { name: `Sign in at ${new URL(issuer).host}` }).click()
    await page.waitForURL(`${issuer}/**`)
    await page.locator('input[name="login"]').fill(name)
    await page.locator('input[name="password"]').fill('any')
    await page.locator('button[type="submit"]').click()
    await page.locator('input[name="prompt"][value="consent"]').waitFor({ state: 'attached' })
    await page.locator('button[type="submit"]').click()
    await page.waitForURL(`${system.sequencer.url}/**`)
  }
  const stored = (page: Page) =>
    page.evaluate<{ session: string; refresh: string; local: string }>(`({
      session: sessionStorage['ordinal.session'],
      refresh: sessionStorage['ordinal.refresh'],
      local: JSON.stringify(localStorage),
    })`)

  test('a link survives signing in; the token is accepted by all services, and is in no address', async () => {
    const page = await browser.open(at('/sequences?q=INV'))
    const addresses: string[] = []
    page.on('framenavigated', (frame) => addresses.push(frame.url()))
    page.on('request', (request) => addresses.push(request.url()))
    await shows(page, 'Sign in to see this')
    await page.getByRole('button', { name: 'Sign in', exact: true }).first().click()
    await page.getByRole('button', { name: `Sign in at ${new URL(issuer).host}` }).waitFor()
    expect(await violationsOn(page)).toEqual([])
    await picture(page, 'sign-in')
    await page.keyboard.press('Escape')
    await signIn(page, 'ada')
    await page.getByRole('link', { name: 'INV' }).waitFor()
    expect(page.url()).toBe(at('/sequences?q=INV'))
    await page.getByRole('button', { name: 'admin' }).waitFor()
    for (const [place, text] of [
      ['/users', 'There is no user yet'],
      ['/orders', 'There is no order yet'],
      ['/webhooks', 'There is no webhook yet'],
    ] as const) {
      await page.goto(at(place))
      await shows(page, text)
    }
    const { session, refresh, local } = await stored(page)
    expect(session.split('.')).toHaveLength(3)
    expect(addresses.filter((url) => url.includes(session) || url.includes(refresh))).toEqual([])
    expect(local).not.toContain(session)
    // The code, which is spent, is in no entry of the history either.
    await page.goBack()
    expect(page.url()).not.toContain('code=')
    await page.context().close()
  })

  test('the role is read as the services read it: who may only look is told so', async () => {
    const page = await browser.open(at('/demos'))
    await signIn(page, 'vera')
    await page.getByRole('button', { name: 'viewer · read only' }).waitFor()
    await page
      .getByRole('note', { name: 'Your role does not allow this: it needs operator.' })
      .first()
      .waitFor()
    await page.context().close()
  })

  test('a token that ends is renewed, and the page goes on; without that it is asked for again', async () => {
    const page = await browser.open(at('/sequences'))
    await signIn(page, 'ada')
    await page.getByRole('link', { name: 'INV' }).waitFor()
    const first = await stored(page)
    const sessionSeen = async () => {
      // What is asked for renews it.
      await page.getByRole('link', { name: 'Overview' }).click()
      await page.getByRole('link', { name: 'Sequences' }).click()
      await page.getByRole('link', { name: 'INV' }).waitFor()
      return (await stored(page)).session
    }
    await eventually(sessionSeen, (session) => session !== first.session, tokenSeconds * 1_000)
    expect((await stored(page)).refresh).not.toBe(first.refresh)

    await page.evaluate(`sessionStorage.removeItem('ordinal.refresh')`)
    await page.getByText('This token has expired. Sign in with a new one.').waitFor({
      timeout: (tokenSeconds + 20) * 1_000,
    })
    await page.getByRole('status').getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('button', { name: `Sign in at ${new URL(issuer).host}` }).waitFor()
    await page.context().close()
  })

  test('an export of the ledger is sent with a token that is renewed first', async () => {
    const page = await browser.open(at('/audit'))
    await signIn(page, 'ada')
    const button = page.getByRole('button', { name: 'NDJSON, to verify' })
    await button.waitFor()
    await page.evaluate('delete window.showSaveFilePicker')
    const { session } = await stored(page)
    // To the page it is later, and the token about to end; nothing else of this page asks for anything now.
    await page.clock.setFixedTime(Date.now() + 10_000)
    const [request] = await Promise.all([
      page.waitForRequest((asked) => asked.url().includes('/api/v1/audit/export')),
      button.click(),
    ])
    const sent = await request.headerValue('Authorization')
    expect(sent).toMatch(/^Bearer ey/)
    expect(sent).not.toBe(`Bearer ${session}`)
    await page.context().close()
  })

  test('whoever refuses at the provider is told so, and an answer that nobody asked for signs nobody in', async () => {
    const page = await browser.open(at('/orders'))
    await page.getByRole('button', { name: 'Sign in', exact: true }).first().click()
    await page.getByRole('button', { name: `Sign in at ${new URL(issuer).host}` }).click()
    await page.waitForURL(`${issuer}/**`)
    await page.getByRole('link', { name: 'Cancel' }).click()
    await page.waitForURL(`${system.sequencer.url}/**`)
    await page.getByRole('alert').getByText('Signing in has failed').waitFor()
    expect(page.url()).toBe(at('/orders'))

    await page.goto(at('/signed-in?code=stolen&state=made-up'))
    await shows(page, 'Sign in to see this')
    expect(page.url()).toBe(at('/'))
    expect((await stored(page)).session).toBeUndefined()
    await page.context().close()
  })

  test('in all of this no script failed, and nothing broke the content policy', () => {
    expect(browser.complaints()).toEqual([])
  })
})
