import { Menu, Stack } from '@mantine/core'
import { IconLogout } from '@tabler/icons-react'
import { signOut, type Session } from '../api/session'
import { Choice } from '../ui/choice'
import { choose, useSettings } from '../ui/settings'
import { useTexts } from '../ui/texts'
import { AccountButton, SettingsButton } from './menu-buttons'

const languages = { en: 'English', de: 'Deutsch' }

export function SettingsMenu() {
  const texts = useTexts()
  const { time, language } = useSettings()
  const { relative, local, utc } = texts
  return (
    <Menu position="bottom-end" closeOnItemClick={false} width={260}>
      <Menu.Target>
        <SettingsButton />
      </Menu.Target>
      <Menu.Dropdown p="sm">
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
      </Menu.Dropdown>
    </Menu>
  )
}

export function AccountMenu({ session }: { session: Session }) {
  const texts = useTexts()
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <AccountButton session={session} />
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{texts.signedInAs(session.name ?? texts.withKey)}</Menu.Label>
        {session.role === 'viewer' && <Menu.Label>{texts.readOnlyWhy}</Menu.Label>}
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={signOut}>
          {texts.signOut}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
