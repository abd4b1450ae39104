import { lazy, Suspense, useState } from 'react'
import type { Session } from '../api/session'
import { AccountButton, SettingsButton } from './menu-buttons'

// Loaded after the page: what they need is not part of the first load. A click before that opens them once they are there.
const SettingsMenu = lazy(() => import('./menus').then(({ SettingsMenu }) => ({ default: SettingsMenu })))
const AccountMenu = lazy(() => import('./menus').then(({ AccountMenu }) => ({ default: AccountMenu })))

/** The button at the top for times and language. */
export function Settings() {
  const [asked, setAsked] = useState(false)
  return (
    <Suspense fallback={<SettingsButton aria-busy={asked} onClick={() => setAsked(true)} />}>
      <SettingsMenu opensAtOnce={asked} />
    </Suspense>
  )
}

/** The button at the top of whoever is signed in. */
export function Account({ session }: { session: Session }) {
  const [asked, setAsked] = useState(false)
  return (
    <Suspense fallback={<AccountButton session={session} aria-busy={asked} onClick={() => setAsked(true)} />}>
      <AccountMenu session={session} opensAtOnce={asked} />
    </Suspense>
  )
}
