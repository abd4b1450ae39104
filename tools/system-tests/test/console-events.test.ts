import { createOrdinal } from '@ordinal/client'
import type { Page } from 'playwright-core'
import { createUser, eventually, placeOrder } from '../src/calls'
import { query } from '../src/databases'
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

inBrowser('events in a browser', () => {
  let system: System
  let browser: ConsoleBrowser
  let tokens: Awaited<ReturnType<typeof signedTokens>>

  beforeAll(async () => {
    tokens = await signedTokens()
    system = await startSystem({
      REQUIRE_AUTHENTICATION: 'true',
      JWT_SECRET: consoleSecret,
      ORDER_SERVICE_EVENT_ATTEMPTS: '1',
    })
    browser = await openBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    await system?.stop()
  })

  const sql = <Row extends object>(text: string, values: unknown[] = []) =>
    query<Row>(system.databases.orders, text, values)
  const at = (place: string) => `${system.sequencer.url}/dashboard${place}`
  const open = (place: string, how: { token?: string; language?: string } = {}) =>
    browser.open(at(place), { token: tokens.admin, ...how })
  const shows = (page: Page, text: string | RegExp) => page.getByText(text).first().waitFor()
  /** A label with its figure. */
  const figure = (page: Page, label: string) => page.getByText(label, { exact: true }).first().locator('..')
  const confirmed = async () =>
    (await sql<{ id: string }>(`SELECT id FROM orders WHERE status = 'confirmed' ORDER BY id`)).length

  /** While it is there, no order can be confirmed: the consumer of the events fails. */
  const breakConfirmation = () =>
    sql(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
           IF NEW.status = 'confirmed' THEN RAISE 'the warehouse is closed'; END IF; RETURN NEW; END $$;
         CREATE TRIGGER refuse BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION refuse()`)
  const mendConfirmation = () => sql('DROP TRIGGER refuse ON orders; DROP FUNCTION refuse')

  /** So many dead letters more, as long as something looks at them. */
  async function withLetters(count: number, look: () => Promise<void>) {
    await sql(
      `INSERT INTO dead_events (consumer, reason, attempts, event)
       SELECT 'flood', 'letter ' || n, 1, json_build_object('id', n::text, 'type', 'order.flood', 'subject', 'a')
       FROM generate_series(1, $1::int) AS n`,
      [count],
    )
    try {
      await look()
    } finally {
      await sql(`DELETE FROM dead_events WHERE consumer = 'flood'`)
    }
  }

  test('with nothing to show, each list says so; a stopped service does, too, and its return', async () => {
    const page = await open('/events')
    await shows(page, 'No event waits')
    await shows(page, 'There is no dead letter')
    await shows(page, 'none waits')
    expect(await page.getByRole('button', { name: 'Replay all: 0' }).isDisabled()).toBe(true)
    await page.context().close()
    await system.orders.end('SIGKILL')
    const alone = await open('/events')
    await shows(alone, 'The service does not answer')
    await system.orders.start()
    await shows(alone, 'No event waits')
    await alone.context().close()
  })

  test('events that could not be handled are seen with their reason, and replayed: one, and all of a filter', async () => {
    await breakConfirmation()
    const user = await createUser(system)
    for (let n = 0; n < 3; n += 1) await placeOrder(system, user)
    await eventually(
      () => sql('SELECT FROM dead_events'),
      ({ length }) => length === 3,
    )
    await sql(
      `INSERT INTO dead_events (consumer, reason, attempts, event)
       SELECT 'gone', 'nobody of this name', 1, event FROM dead_events LIMIT 1`,
    )
    const page = await open('/')
    await shows(page, '4 events are dead')
    await page.getByRole('listitem').filter({ hasText: '4 events are dead' }).getByRole('link').click()
    const rows = page.getByRole('region', { name: 'Dead letters' }).locator('tbody tr')
    await rows.nth(3).waitFor()
    await shows(page, /the warehouse is closed/)
    await mendConfirmation()

    // One, by keyboard; the page names what will happen first.
    await page.keyboard.press('k')
    await page.keyboard.press('k')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: /^Dead letter \d+$/ }).waitFor()
    expect(new URL(page.url()).search).toContain('letter=')
    await rows
      .first()
      .getByRole('button', { name: /^Replay: / })
      .click()
    const dialog = page.getByRole('dialog', { name: /^Replay order\.created of / })
    await dialog.getByText('to confirm-orders and to nobody else').waitFor()
    expect(await violationsOn(page)).toEqual([])
    await dialog.getByRole('button', { name: 'Replay' }).click()
    await shows(page, 'The event is delivered again')
    await rows.nth(3).waitFor({ state: 'detached' })
    await eventually(confirmed, (count) => count === 1)

    // All of a filter, and not the others.
    await page.getByRole('combobox', { name: 'Consumer' }).click()
    await page.getByRole('option', { name: 'confirm-orders' }).click()
    await page.getByRole('button', { name: 'Replay all: 2' }).click()
    await page.getByRole('dialog', { name: 'Replay 2 dead letters for confirm-orders?' }).waitFor()
    await page.getByRole('dialog').getByRole('button', { name: 'Replay' }).click()
    await shows(page, '2 events are delivered again')
    await shows(page, 'Nothing for this filter')
    await eventually(confirmed, (count) => count === 3)
    expect(await sql('SELECT consumer FROM dead_events')).toEqual([{ consumer: 'gone' }])
    const again = await open(
      new URL(page.url()).pathname.replace('/dashboard', '') + new URL(page.url()).search,
    )
    await shows(again, 'Nothing for this filter')
    await again.getByRole('button', { name: 'Clear the filter' }).first().click()
    await shows(again, 'nobody of this name')
    await again.context().close()
    await page.context().close()
  })

  test('a letter that somebody else has replayed meanwhile is not replayed again', async () => {
    const page = await open('/events')
    await page.getByRole('button', { name: 'Replay all: 1' }).click()
    await sql('DELETE FROM dead_events')
    await page.getByRole('dialog').getByRole('button', { name: 'Replay' }).click()
    await shows(page, 'Nothing was left to replay: somebody else was first')
    await page.context().close()
  })

  test('letters beyond the oldest 1,000 are seen, page by page; one of which none is left leads to the first', () =>
    withLetters(1_060, async () => {
      const ordinal = createOrdinal({ orders: system.orders.url, token: tokens.admin })
      let cursor = '0'
      for (let pages = 0; pages < 10; pages += 1) {
        const { pagination } = await ordinal.events.deadLettersPage({ cursor, page_size: 100 })
        cursor = pagination.next_cursor!
      }
      const page = await open(`/events?cursor=${cursor}`)
      await shows(page, '50 of 1,060 in view')
      await shows(page, 'letter 1001')
      await page.getByRole('button', { name: 'Next', exact: true }).click()
      await shows(page, '10 of 1,060 in view')
      await shows(page, 'letter 1060')
      await sql(`DELETE FROM dead_events WHERE reason IN (SELECT 'letter ' || generate_series(1051, 1060))`)
      await shows(page, 'Nothing is left on this page')
      expect(await page.getByRole('button', { name: 'Clear the filter' }).count()).toBe(0)
      await page.getByRole('button', { name: 'First' }).click()
      await page.getByRole('cell', { name: 'letter 1', exact: true }).waitFor()
      await shows(page, '50 of 1,050 in view')
      await page.context().close()
    }))

  test('until the letters are counted no number of them is shown, and they are not replayed all at once', () =>
    withLetters(2, async () => {
      const page = await open('/')
      let count = () => {}
      const counted = new Promise<void>((resolve) => (count = resolve))
      await page.route(
        ({ pathname, searchParams }) => pathname.endsWith('/dead-letters') && !searchParams.has('cursor'),
        async (route) => {
          await counted
          await route.continue()
        },
      )
      await page.goto(at('/events'))
      await page.getByText('2 in view', { exact: true }).waitFor()
      expect(await page.getByRole('button', { name: 'Replay all: –' }).isDisabled()).toBe(true)
      count()
      await shows(page, '2 of 2 in view')
      expect(await page.getByRole('button', { name: 'Replay all: 2' }).isEnabled()).toBe(true)
      await page.context().close()
    }))

  test('while the database does not say how many events wait, a dash stands for them, and not "none"', async () => {
    const events = await open('/events')
    const overview = await open('/')
    const show = async (waiting: string, oldest: string) => {
      await figure(events, 'Waiting').getByText(waiting, { exact: true }).waitFor()
      await figure(events, 'Oldest event').getByText(oldest, { exact: true }).waitFor()
      await figure(overview, 'Events that wait').getByText(waiting, { exact: true }).waitFor()
    }
    await show('0', 'none waits')
    await sql('ALTER TABLE outbox RENAME TO outbox_elsewhere')
    try {
      await show('–', '–')
    } finally {
      await sql('ALTER TABLE outbox_elsewhere RENAME TO outbox')
    }
    await show('0', 'none waits')
    await events.context().close()
    await overview.context().close()
  })

  test('a viewer sees how many there are, and is told why no more', async () => {
    const page = await open('/events', { token: tokens.viewer })
    await shows(page, 'You may not see this')
    await shows(page, 'Oldest event')
    expect(await page.getByRole('button', { name: /^Replay/ }).count()).toBe(0)
    await page.context().close()
  })

  describe('pages', () => {
    beforeAll(async () => {
      const orders = await sql<{ id: string }>('SELECT id FROM orders')
      expect(orders).toHaveLength(3)
      for (const [type, minutes] of [
        ['order.updated', 3],
        ['order.updated', 2],
        ['order.deleted', 1],
      ] as const)
        await sql(
          `INSERT INTO outbox (subject, event, created_at, attempts, deliver_after)
           SELECT subject, jsonb_set(event::jsonb, '{type}', to_jsonb($1::text))::json,
                  now() - $2 * interval '1 minute', 4, now() + interval '1 hour'
           FROM outbox WHERE event->>'type' = 'order.created' LIMIT 1`,
          [type, minutes],
        )
      await sql(
        `INSERT INTO dead_events (consumer, reason, attempts, event)
         SELECT 'confirm-orders', 'error: the warehouse is closed', 10, event FROM outbox
         WHERE event->>'type' = 'order.created' AND consumer IS NULL`,
      )
    })

    test('what waits is counted by type and service; a row narrows the lists to its type', async () => {
      const page = await open('/events')
      const counted = page.getByRole('region', { name: 'What waits, by type' })
      await counted.getByRole('row', { name: /order\.updated order-service 2/ }).focus()
      await page.keyboard.press('Enter')
      const waiting = page.getByRole('region', { name: 'Events that wait' }).last()
      await page.getByText('2 in view').waitFor()
      expect(new URL(page.url()).search).toBe('?type=order.updated')
      await waiting.getByRole('link').first().click()
      await shows(page, 'What comes next')
      await page.context().close()
    })

    test('in German all of it is German', async () => {
      const page = await open('/events', { language: 'de' })
      await shows(page, 'Wartende Ereignisse')
      await page.getByRole('button', { name: 'Alle wiederholen: 3' }).click()
      await shows(page, '3 unzustellbare Ereignisse wiederholen?')
      expect(await page.getByText(/waits|dead letter|replay|attempt/i).count()).toBe(0)
      await page.context().close()
    })

    test.each([
      ['events', '/events', 'error: the warehouse is closed'],
      ['events-nothing', '/events?type=order.gone', 'Nothing for this filter'],
      ['events-viewer', '/events', 'You may not see this'],
    ])('%s has nothing against WCAG 2.2 AA, light and dark, and on a phone', async (name, place, text) => {
      const token = name === 'events-viewer' ? tokens.viewer : tokens.admin
      for (const how of [{}, { dark: true }, { phone: true }]) {
        const page = await open(place, { token, ...how })
        await shows(page, text)
        await page.locator('.mantine-Skeleton-root').first().waitFor({ state: 'detached' })
        expect([how, await violationsOn(page)]).toEqual([how, []])
        await picture(page, name, how)
        await page.context().close()
      }
    })
  })

  test('in all of this no script failed, and nothing broke the content policy', () => {
    expect(browser.complaints()).toEqual([])
  })
})
