import { useEffect, useRef, type RefObject } from 'react'
import { Menu, Popover, Stack } from '@mantine/core'
import { IconLogout } from '@tabler/icons-react'
import { signOut, type Session } from '../api/session'
import { Choice } from '../ui/choice'
import { choose, useSettings } from '../ui/settings'
import { useTexts } from '../ui/texts'
import type { EarlyButton } from './late-menus'
import { AccountButton, SettingsButton } from './menu-buttons'

const languages = { en: 'English', de: 'Deutsch' }

interface MenuProps {
  /** What has happened to the button that stood in the place of this one. */
  before: RefObject<EarlyButton>
}

export function SettingsMenu({ before }: MenuProps) {
  const texts = useTexts()
  const button = useGoOnFrom(before)
  const { time, language } = useSettings()
  const { relative, local, utc } = texts
  return (
    // No menu: what it has are groups of radio buttons.
    <Popover position="bottom-end" width={260} trapFocus returnFocus>
      <Popover.Target>
        <SettingsButton ref={button} />
      </Popover.Target>
      <Popover.Dropdown p="sm" aria-label={texts.settings}>
        <Stack gap="sm">
          <Choice
            label={texts.timeAs}
            value={time}
            names={{ relative, local, utc }}
            onChange={(chosen) => choose({ time: chosen })}
          />
          <Choice
            label={texts.language}
            value={language}
            names={languages}
            onChange={(chosen) => choose({ language: chosen })}
          />
        </Stack>
      </Popover.Dropdown>
    </Popover>
  )
}

export function AccountMenu({ session, before }: MenuProps & { session: Session }) {
  const texts = useTexts()
  const button = useGoOnFrom(before)
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <AccountButton session={session} ref={button} />
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {session.kind === 'key' ? texts.signedInWithKey : texts.signedInAs(session.name)}
        </Menu.Label>
        {session.role === 'viewer' && <Menu.Label>{texts.readOnlyWhy}</Menu.Label>}
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={signOut}>
          {texts.signOut}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

/** Takes over the focus of the button before, from which it also comes back to this one, and opens the menu if it was pressed. */
function useGoOnFrom(beforeRef: RefObject<EarlyButton>) {
  const button = useRef<HTMLButtonElement>(null)
  useEffect(() => {
    const { pressed, focused } = beforeRef.current
    beforeRef.current = { pressed: false, focused: false }
    if (focused) button.current?.focus()
    if (pressed) button.current?.click()
  }, [beforeRef])
  return button
}
