import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  notFound,
  type ErrorComponentProps,
} from '@tanstack/react-router'
import { eventNames, invoiceTypes, type AuditSearch } from '../api/audit-search'
import { consoleUrl } from '../api/config'
import type { OrderSearch, UserSearch } from '../api/document-queries'
import { orderStatuses } from '../api/queries'
import { countOf, oneOf, textOf } from '../api/search-params'
import { gapStates, type GapSearch } from '../api/sequence-queries'
import { Failure, Loading } from '../ui/states'
import { NotFound } from './not-found'
import { Shell } from './shell'

/** Without the fields that are undefined, so that they are not in the address. */
const defined = <Fields extends object>(
  fields: Fields,
): { [Name in keyof Fields]?: NonNullable<Fields[Name]> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never

/** Of an order, a user or a webhook. @throws what the router shows as a page that is not there */
function requireId({ params: { id } }: { params: { id: string } }): void {
  if (!Number.isSafeInteger(Number(id)) || Number(id) < 1) notFound({ throw: true })
}

/** Of an API key. @throws what the router shows as a page that is not there */
function requireKeyId({ params: { id } }: { params: { id: string } }): void {
  if (!/^[A-Za-z0-9]{12}$/.test(id)) notFound({ throw: true })
}

// Each page is a folder of ../pages, loaded when it is first opened, or before that by load-pages.ts.
const root = createRootRoute({ component: Shell, notFoundComponent: NotFound })

const overview = createRoute({
  getParentRoute: () => root,
  path: '/',
  component: lazyRouteComponent(() => import('../pages/overview/overview-page'), 'OverviewPage'),
})

const sequences = createRoute({
  getParentRoute: () => root,
  path: '/sequences',
  validateSearch: ({ q }: Record<string, unknown>): { q?: string } => defined({ q: textOf(q) }),
  component: lazyRouteComponent(() => import('../pages/sequences/sequences-page'), 'SequencesPage'),
})

const newSequence = createRoute({
  getParentRoute: () => root,
  path: '/sequences/new',
  component: lazyRouteComponent(() => import('../pages/rules/rules-page'), 'NewSequencePage'),
})

const sequence = createRoute({
  getParentRoute: () => root,
  path: '/sequences/$prefix',
  component: lazyRouteComponent(() => import('../pages/sequence/sequence-page'), 'SequencePage'),
})

const rules = createRoute({
  getParentRoute: () => root,
  path: '/sequences/$prefix/rules',
  component: lazyRouteComponent(() => import('../pages/rules/rules-page'), 'RulesPage'),
})

const number = createRoute({
  getParentRoute: () => root,
  path: '/numbers/$number',
  validateSearch: ({ prefix }: Record<string, unknown>): { prefix?: string } =>
    defined({ prefix: textOf(prefix) }),
  component: lazyRouteComponent(() => import('../pages/number/number-page'), 'NumberPage'),
})

const gaps = createRoute({
  getParentRoute: () => root,
  path: '/gaps',
  validateSearch: ({ prefix, period, state, from, to }: Record<string, unknown>): GapSearch =>
    defined({
      prefix: textOf(prefix),
      period: textOf(period),
      state: oneOf(gapStates, state),
      from: countOf(from),
      to: countOf(to),
    }),
  component: lazyRouteComponent(() => import('../pages/gaps/gaps-page'), 'GapsPage'),
})

const gapsExplained = createRoute({
  getParentRoute: () => root,
  path: '/gaps/explained',
  validateSearch: ({ prefix, period }: Record<string, unknown>): { prefix?: string; period?: string } =>
    defined({ prefix: textOf(prefix), period: textOf(period) }),
  component: lazyRouteComponent(() => import('../pages/gaps/explained-page'), 'ExplainedPage'),
})

const sites = createRoute({
  getParentRoute: () => root,
  path: '/sites',
  component: lazyRouteComponent(() => import('../pages/sites/sites-page'), 'SitesPage'),
})

const audit = createRoute({
  getParentRoute: () => root,
  path: '/audit',
  validateSearch: ({
    view,
    prefix,
    number,
    client,
    site,
    request,
    event,
    type,
    from,
    to,
  }: Record<string, unknown>): AuditSearch =>
    defined({
      view: oneOf(['live'] as const, view),
      prefix: textOf(prefix),
      number: textOf(number),
      client: textOf(client),
      site: textOf(site),
      request: textOf(request),
      event: oneOf(eventNames, event),
      type: oneOf(invoiceTypes, type),
      from: textOf(from),
      to: textOf(to),
    }),
  component: lazyRouteComponent(() => import('../pages/audit/audit-page'), 'AuditPage'),
})

const orders = createRoute({
  getParentRoute: () => root,
  path: '/orders',
  validateSearch: ({ status, numbered, user, product, cursor }: Record<string, unknown>): OrderSearch =>
    defined({
      status: oneOf(orderStatuses, status),
      numbered: oneOf(['no'] as const, numbered),
      user: countOf(user),
      product: textOf(product),
      cursor: textOf(cursor),
    }),
  component: lazyRouteComponent(() => import('../pages/orders/orders-page'), 'OrdersPage'),
})

const order = createRoute({
  getParentRoute: () => root,
  path: '/orders/$id',
  beforeLoad: requireId,
  component: lazyRouteComponent(() => import('../pages/order/order-page'), 'OrderPage'),
})

const users = createRoute({
  getParentRoute: () => root,
  path: '/users',
  validateSearch: ({ q, active, cursor }: Record<string, unknown>): UserSearch =>
    defined({ q: textOf(q), active: oneOf(['yes', 'no'] as const, active), cursor: textOf(cursor) }),
  component: lazyRouteComponent(() => import('../pages/users/users-page'), 'UsersPage'),
})

const user = createRoute({
  getParentRoute: () => root,
  path: '/users/$id',
  beforeLoad: requireId,
  component: lazyRouteComponent(() => import('../pages/user/user-page'), 'UserPage'),
})

const events = createRoute({
  getParentRoute: () => root,
  path: '/events',
  validateSearch: ({ type, consumer, cursor, letter, waiting }: Record<string, unknown>) =>
    defined({
      type: textOf(type),
      consumer: textOf(consumer),
      cursor: textOf(cursor),
      letter: textOf(letter),
      waiting: countOf(waiting),
    }),
  component: lazyRouteComponent(() => import('../pages/events/events-page'), 'EventsPage'),
})

const webhooks = createRoute({
  getParentRoute: () => root,
  path: '/webhooks',
  component: lazyRouteComponent(() => import('../pages/webhooks/webhooks-page'), 'WebhooksPage'),
})

const webhook = createRoute({
  getParentRoute: () => root,
  path: '/webhooks/$id',
  beforeLoad: requireId,
  validateSearch: ({ state, delivery, count }: Record<string, unknown>) =>
    defined({
      state: oneOf(['waiting', 'delivered', 'failed'] as const, state),
      delivery: countOf(delivery),
      count: countOf(count),
    }),
  component: lazyRouteComponent(() => import('../pages/webhook/webhook-page'), 'WebhookPage'),
})

const apiKeys = createRoute({
  getParentRoute: () => root,
  path: '/api-keys',
  validateSearch: ({ active, count }: Record<string, unknown>) =>
    defined({ active: oneOf(['yes', 'no'] as const, active), count: countOf(count) }),
  component: lazyRouteComponent(() => import('../pages/api-keys/api-keys-page'), 'ApiKeysPage'),
})

const apiKey = createRoute({
  getParentRoute: () => root,
  path: '/api-keys/$id',
  beforeLoad: requireKeyId,
  component: lazyRouteComponent(() => import('../pages/api-key/api-key-page'), 'ApiKeyPage'),
})

const imports = createRoute({
  getParentRoute: () => root,
  path: '/imports',
  validateSearch: ({ prefix }: Record<string, unknown>): { prefix?: string } =>
    defined({ prefix: textOf(prefix) }),
  component: lazyRouteComponent(() => import('../pages/imports/imports-page'), 'ImportsPage'),
})

const demos = createRoute({
  getParentRoute: () => root,
  path: '/demos',
  validateSearch: ({ threads, each, total }: Record<string, unknown>) =>
    defined({ threads: countOf(threads), each: countOf(each), total: countOf(total) }),
  component: lazyRouteComponent(() => import('../pages/demos/demos-page'), 'DemosPage'),
})

const routeTree = root.addChildren([
  overview,
  sequences,
  newSequence,
  sequence,
  rules,
  number,
  gaps,
  gapsExplained,
  sites,
  audit,
  orders,
  order,
  users,
  user,
  events,
  webhooks,
  webhook,
  apiKeys,
  apiKey,
  imports,
  demos,
])

export const router = createRouter({
  routeTree,
  basepath: consoleUrl.pathname.replace(/\/$/, ''),
  defaultPreload: 'intent',
  scrollRestoration: false,
  // While the code of a page has not arrived for a second.
  defaultPendingComponent: Loading,
  defaultErrorComponent: ({ error, reset }: ErrorComponentProps) => <Failure error={error} retry={reset} />,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
