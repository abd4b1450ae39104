import { StrictMode } from 'react'
import { MantineProvider } from '@mantine/core'
import { Notifications } from '@mantine/notifications'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { createRoot } from 'react-dom/client'
import { loadConfig } from './api/config'
import { setIdentityProvider } from './api/identity-provider'
import { setServices } from './api/ordinal'
import { untilAnswered } from './api/refresh'
import { readRolesAs, subscribe } from './api/session'
import { loadPages } from './app/load-pages'
import { router } from './app/router'
import { SignInProvider } from './ui/sign-in'
import { Failure } from './ui/states'
import { cssVariables, theme } from './ui/theme'
import './ui/styles'
import './ui/ui.css'

// The policy allows only styles that carry it; components that write styles at run time take it from here.
const nonce = document.querySelector('meta[property="csp-nonce"]')?.getAttribute('content') ?? undefined
Object.assign(globalThis, { __webpack_nonce__: nonce })

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 2_000,
      // The client has tried again already.
      retry: false,
      refetchInterval: untilAnswered,
    },
  },
})
// Another caller may see other things.
subscribe(() => void queries.resetQueries())

function Console({ failure }: { failure: unknown }) {
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      defaultColorScheme="auto"
      getStyleNonce={() => nonce ?? ''}
    >
      <QueryClientProvider client={queries}>
        <Notifications position="bottom-right" />
        <SignInProvider>
          {failure === undefined ? (
            <RouterProvider router={router} />
          ) : (
            <Failure error={failure} retry={() => location.reload()} />
          )}
        </SignInProvider>
      </QueryClientProvider>
    </MantineProvider>
  )
}

// Not awaited up here: pages import what is in this file's bundle, and would wait until this file has ended.
void start()

async function start(): Promise<void> {
  const failure = await configure().catch((error: unknown) => error)
  createRoot(document.getElementById('root')!).render(
    <StrictMode>
      <Console failure={failure} />
    </StrictMode>,
  )
  void loadPages()
}

/** What the first drawing needs: where the services are, who has signed in, and the code of the page. */
async function configure(): Promise<void> {
  const config = await loadConfig()
  setServices(config)
  readRolesAs(config.roles)
  await setIdentityProvider(config.oidc)
  // Until then what index.html has stays, but no longer than the router waits before it shows that a page is late.
  await Promise.race([
    router.load(),
    new Promise((resolve) => setTimeout(resolve, router.options.defaultPendingMs)),
  ])
}
