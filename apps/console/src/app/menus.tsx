import { Menu, Popover, Stack } from '@mantine/core'
import { IconLogout } from '@tabler/icons-react'
import { signOut, type Session } from '../api/session'
import { Choice } from '../ui/choice'
import { choose, useSettings } from '../ui/settings'
import { useTexts } from '../ui/texts'
import { AccountButton, SettingsButton } from './menu-buttons'

const languages = { en: 'English', de: 'Deutsch' }

export function SettingsMenu({ opensAtOnce }: { opensAtOnce: boolean }) {
  const texts = useTexts()
  const { time, language } = useSettings()
  const { relative, local, utc } = texts
  return (
    // No menu: what it has are groups of radio buttons.
    <Popover position="bottom-end" width={260} trapFocus returnFocus defaultOpened={opensAtOnce}>
      <Popover.Target>
        <SettingsButton />
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

export function AccountMenu({ session, opensAtOnce }: { session: Session; opensAtOnce: boolean }) {
  const texts = useTexts()
  return (
    <Menu position="bottom-end" defaultOpened={opensAtOnce}>
      <Menu.Target>
        <AccountButton session={session} />
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
