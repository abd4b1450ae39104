import { setTimeout as delay } from 'node:timers/promises'
import type { DeliveryFilter, NewWebhook, Ordinal, WebhookAttempt } from '@ordinal/client'
import { Option, type Command } from 'commander'
import { exitCodes } from './exit-codes'
import type { Run } from './run'
import { collect, firstOf, integer, moment, wholeFromZero } from './values'

const columns = ['id', 'enabled', 'off_reason', 'url', 'event_types', 'failing_since', 'last_success_at']
const attemptColumns = ['id', 'delivery_id', 'nth', 'at', 'duration_ms', 'status', 'error']
const lookMs = 250

type EventTypes = NewWebhook['event_types']
const collectTypes = (type: string, before?: string[]) => collect(type, before) as EventTypes

/** The commands about webhooks: who gets the events of orders over HTTP. */
export function addWebhookCommands(program: Command, run: Run): void {
  const webhooks = program.command('webhooks').description('webhooks: who gets events over HTTP')
  addSubscriptionCommands(webhooks, run)
  addDeliveryCommands(webhooks, run)
}

function addSubscriptionCommands(webhooks: Command, run: Run): void {
  webhooks
    .command('list')
    .description('list the webhooks, the oldest first')
    .action(run(({ ordinal, output }) => output.many(ordinal.webhooks.list(), columns)))
  webhooks
    .command('get')
    .argument('<id>', 'of the webhook', integer)
    .description('show a webhook')
    .action(run(async ({ ordinal, output }, id: number) => output.one(await ordinal.webhooks.get(id))))
  webhooks
    .command('create <url>')
    .description('make a webhook; its secret is shown this once')
    .requiredOption('--event <type>', 'as order.created; several times for more', collectTypes)
    .option('--description <text>', 'for people')
    .option('--off', 'make it switched off')
    .option('--key <key>', 'the same key gives the same webhook, and its secret, again')
    .action(
      run(async ({ ordinal, output }, url: string, { event, description, off, key }: CreateOptions) =>
        output.one(
          await ordinal.webhooks.create(
            { url, event_types: event, description: description ?? '', enabled: !off },
            { idempotencyKey: key },
          ),
        ),
      ),
    )
  webhooks
    .command('update')
    .argument('<id>', 'of the webhook', integer)
    .description('change a webhook, or switch it off and on')
    .option('--url <url>', 'where events go')
    .option('--event <type>', 'replaces the types that it gets; several times for more', collectTypes)
    .option('--description <text>', 'for people')
    .option('--on', 'switch it on: what waits is delivered')
    .addOption(new Option('--off', 'switch it off: what comes waits').conflicts('on'))
    .action(
      run(async ({ ordinal, output }, id: number, { event, on, off, ...rest }: UpdateOptions) => {
        const enabled = on ? true : off ? false : undefined
        const change = { url: rest.url, description: rest.description, event_types: event, enabled }
        output.one(await ordinal.webhooks.update(id, change))
      }),
    )
  webhooks
    .command('rotate')
    .argument('<id>', 'of the webhook', integer)
    .description('give a webhook another secret, which is shown this once')
    .option('--overlap <seconds>', 'for how long both sign: a day if not given', wholeFromZero)
    .option('--key <key>', 'the same key gives the same secret again')
    .action(
      run(async ({ ordinal, output }, id: number, { overlap, key }: RotateOptions) => {
        const rotation = { overlap_seconds: overlap }
        output.one(await ordinal.webhooks.rotate(id, rotation, { idempotencyKey: key }))
      }),
    )
  webhooks
    .command('delete')
    .argument('<id>', 'of the webhook', integer)
    .description('delete a webhook, with its deliveries')
    .action(
      run(async ({ ordinal, output }, id: number) => {
        await ordinal.webhooks.delete(id)
        output.line(`Webhook ${id} is deleted`)
      }),
    )
}

function addDeliveryCommands(webhooks: Command, run: Run): void {
  webhooks
    .command('test')
    .argument('<id>', 'of the webhook', integer)
    .description('send a test event, and show what comes of the first attempt')
    .option('--no-wait', 'only leave it to be sent')
    .action(
      run(async ({ ordinal, output, timeoutMs, setExitCode }, id: number, { wait }: { wait: boolean }) => {
        const delivery = await ordinal.webhooks.test(id)
        if (!wait) return output.one(delivery)
        const attempt = await firstAttempt(ordinal, id, delivery.id, timeoutMs)
        if (!attempt || !isTaken(attempt)) setExitCode(exitCodes.found)
        if (attempt) return output.one(attempt)
        output.line(`Nobody has tried to deliver it within ${timeoutMs / 1000} s`)
        output.record(delivery)
      }),
    )
  webhooks
    .command('deliveries')
    .argument('<id>', 'of the webhook', integer)
    .description('list what was delivered, waits, or has failed: the latest first')
    .addOption(new Option('--state <state>', 'only these').choices(['waiting', 'delivered', 'failed']))
    .option('--limit <n>', 'at most so many', integer, 50)
    .action(
      run(({ ordinal, output }, id: number, { state, limit }: DeliveryFilter & { limit: number }) =>
        output.many(flattened(firstOf(limit, ordinal.webhooks.deliveries(id, { state, page_size: 100 }))), [
          'id',
          'state',
          'event_type',
          'subject',
          'attempts',
          'due_at',
          'created_at',
          'settled_at',
        ]),
      ),
    )
  webhooks
    .command('attempts')
    .argument('<id>', 'of the webhook', integer)
    .description('list what came of each attempt: the latest first')
    .option('--delivery <id>', 'only of this delivery', integer)
    .option('--limit <n>', 'at most so many', integer, 50)
    .action(
      run(({ ordinal, output }, id: number, { delivery, limit }: { delivery?: number; limit: number }) =>
        output.many(
          firstOf(limit, ordinal.webhooks.attempts(id, { delivery_id: delivery, page_size: 100 })),
          attemptColumns,
        ),
      ),
    )
  webhooks
    .command('replay')
    .argument('<id>', 'of the webhook', integer)
    .description('deliver again: one delivery, or all whose events came since a moment')
    .option('--delivery <id>', 'this one', integer)
    .addOption(new Option('--since <moment>', 'all from here on').argParser(moment).conflicts('delivery'))
    .action(
      run(async ({ ordinal, output }, id: number, { delivery, since }: ReplayOptions) => {
        if (delivery !== undefined) return output.one(await ordinal.webhooks.replayDelivery(id, delivery))
        if (since === undefined) throw new Error('Which? Give --delivery ID, or --since MOMENT')
        output.one(await ordinal.webhooks.replay(id, { since }))
      }),
    )
}

interface CreateOptions {
  event: EventTypes
  description?: string
  off?: boolean
  key?: string
}
interface UpdateOptions {
  url?: string
  event?: EventTypes
  description?: string
  on?: boolean
  off?: boolean
}
interface RotateOptions {
  overlap?: number
  key?: string
}
interface ReplayOptions {
  delivery?: number
  since?: string
}

const isTaken = ({ status, error }: WebhookAttempt) =>
  error === null && status !== null && status >= 200 && status < 300

/** Undefined if there is none in time. */
async function firstAttempt(
  { webhooks }: Ordinal,
  id: number,
  delivery: number,
  withinMs: number,
): Promise<WebhookAttempt | undefined> {
  const end = performance.now() + withinMs
  do {
    for await (const attempt of webhooks.attempts(id, { delivery_id: delivery })) return attempt
    await delay(lookMs)
  } while (performance.now() < end)
  return undefined
}

/** With the type and the subject of its event as columns. */
async function* flattened<Delivery extends { event: { type: string; subject: string } }>(
  deliveries: AsyncIterable<Delivery>,
) {
  for await (const one of deliveries) yield { ...one, event_type: one.event.type, subject: one.event.subject }
}
