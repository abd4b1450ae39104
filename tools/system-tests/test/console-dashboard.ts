import type { Page } from 'playwright-core'
import { ask } from '../src/calls'
import type { Environment } from '../src/service'
import { startSystem } from '../src/system'
import { consoleSecret, openBrowser, picture, signedTokens, violationsOn } from './console-browser'

type Look = Parameters<Awaited<ReturnType<typeof openBrowser>>['open']>[1]

/** How each page is looked at. */
const looks = [{}, { dark: true }, { phone: true }] as const

/** Shows itself, or the test fails. */
export const shows = (page: Page, text: string | RegExp) => page.getByText(text).first().waitFor()

/** The secret in a dialog that shows it once, which is closed by its button alone. */
export async function secretIn(page: Page): Promise<string> {
  const dialog = page.getByRole('dialog')
  await dialog.getByText('This is shown once.').waitFor()
  const secret = await dialog.locator('code').innerText()
  await page.keyboard.press('Escape')
  await dialog.getByRole('button', { name: 'I have kept it' }).click()
  await page.getByText(secret).waitFor({ state: 'detached' })
  return secret
}

/** The whole system, closed to strangers as in production, with a browser and a token of each role. */
export async function startDashboard(environment: Environment = {}) {
  const system = await startSystem({
    REQUIRE_AUTHENTICATION: 'true',
    JWT_SECRET: consoleSecret,
    ...environment,
  })
  const browser = await openBrowser()
  const tokens = await signedTokens()

  const at = (place: string) => `${system.sequencer.url}/dashboard${place}`
  const open = (place: string, look?: Look) => browser.open(at(place), look)

  return {
    system,
    browser,
    tokens,
    /** The address of a page. */
    at,
    /** Opens a page, for nobody unless a token says for whom. */
    open,

    /** Draws numbers as another program. */
    issue: (prefix: string, more: object = {}) =>
      ask(system.sequencer, 'POST', `/api/v1/next/${prefix}`, more),

    /** Asks a service as an administrator, who has a token and no key. */
    async asAdmin(service: { url: string }, method: string, place: string, body?: object) {
      const answer = await fetch(service.url + place, {
        method,
        headers: { Authorization: `Bearer ${tokens.admin}`, 'Content-Type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
      })
      // eslint-disable-next-line @typescript-eslint/no-explicit-any
      return { status: answer.status, body: (await answer.json()) as any }
    },

    /** What axe has against a page, light and dark, and on a phone. Its pictures are kept under the name. */
    async violationsOf(
      name: string,
      place: string,
      isThere: string | RegExp,
      token = tokens.admin,
    ): Promise<string[]> {
      const found: string[] = []
      for (const look of looks) {
        const page = await open(place, { token, ...look })
        await shows(page, isThere)
        await page.locator('.mantine-Skeleton-root').first().waitFor({ state: 'detached' })
        const [as = 'light'] = Object.keys(look)
        found.push(...(await violationsOn(page)).map((violation) => `${as}: ${violation}`))
        await picture(page, name, look)
        await page.context().close()
      }
      return found
    },

    async stop(): Promise<void> {
      await browser.close()
      await system.stop()
    },
  }
}

export type Dashboard = Awaited<ReturnType<typeof startDashboard>>
