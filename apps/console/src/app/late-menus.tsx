import { Suspense, useCallback, useRef, useState } from 'react'
import type { Session } from '../api/session'
import { late } from '../ui/late'
import { AccountButton, SettingsButton } from './menu-buttons'

// Loaded after the page: what they need is not part of the first load. A click before that opens them once they are there.
const SettingsMenu = late(() => import('./menus').then(({ SettingsMenu }) => SettingsMenu))
const AccountMenu = late(() => import('./menus').then(({ AccountMenu }) => AccountMenu))

/** The button at the top for times and language. */
export function Settings() {
  const { before, early } = useEarlyButton()
  return (
    <Suspense fallback={<SettingsButton {...early} />}>
      <SettingsMenu before={before} />
    </Suspense>
  )
}

/** The button at the top of whoever is signed in. */
export function Account({ session }: { session: Session }) {
  const { before, early } = useEarlyButton()
  return (
    <Suspense fallback={<AccountButton session={session} {...early} />}>
      <AccountMenu session={session} before={before} />
    </Suspense>
  )
}

/** What happened to the button until the menu's own took its place. */
export interface EarlyButton {
  pressed: boolean
  focused: boolean
}

function useEarlyButton() {
  const before = useRef<EarlyButton>({ pressed: false, focused: false })
  const [pressed, setPressed] = useState(false)
  const ref = useCallback(
    (button: HTMLButtonElement) => () => {
      // It is about to go.
      before.current.focused = document.activeElement === button
    },
    [],
  )
  const onClick = () => {
    before.current.pressed = true
    setPressed(true)
  }
  return { before, early: { ref, onClick, 'aria-busy': pressed } }
}
