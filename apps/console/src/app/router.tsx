import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  type ErrorComponentProps,
} from '@tanstack/react-router'
import { consoleUrl } from '../api/config'
import { Failure } from '../ui/states'
import { NotFound } from './not-found'
import { Shell } from './shell'

// Each page is a folder of ../pages, loaded when it is first opened.
const root = createRootRoute({ component: Shell, notFoundComponent: NotFound })

const overview = createRoute({
  getParentRoute: () => root,
  path: '/',
  component: lazyRouteComponent(() => import('../pages/overview/overview-page'), 'OverviewPage'),
})

const routeTree = root.addChildren([overview])

export const router = createRouter({
  routeTree,
  basepath: consoleUrl.pathname.replace(/\/$/, ''),
  defaultPreload: 'intent',
  scrollRestoration: false,
  defaultErrorComponent: ({ error, reset }: ErrorComponentProps) => <Failure error={error} retry={reset} />,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
