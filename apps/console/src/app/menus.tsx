import { Menu, SegmentedControl, Text } from '@mantine/core'
import { IconLogout } from '@tabler/icons-react'
import { signOut, type Session } from '../api/session'
import { choose, useSettings } from '../ui/settings'
import { useTexts } from '../ui/texts'
import { AccountButton, SettingsButton } from './menu-buttons'

export function SettingsMenu() {
  const texts = useTexts()
  const { time, language } = useSettings()
  return (
    <Menu position="bottom-end" closeOnItemClick={false} width={260}>
      <Menu.Target>
        <SettingsButton />
      </Menu.Target>
      <Menu.Dropdown p="sm">
        <Text size="sm" mb={4}>
          {texts.timeAs}
        </Text>
        <SegmentedControl
          fullWidth
          size="xs"
          aria-label={texts.timeAs}
          value={time}
          onChange={(value) => choose({ time: value })}
          data={[
            { value: 'relative', label: texts.relative },
            { value: 'local', label: texts.local },
            { value: 'utc', label: texts.utc },
          ]}
        />
        <Text size="sm" mt="sm" mb={4}>
          {texts.language}
        </Text>
        <SegmentedControl
          fullWidth
          size="xs"
          aria-label={texts.language}
          value={language}
          onChange={(value) => choose({ language: value })}
          data={[
            { value: 'en', label: 'English' },
            { value: 'de', label: 'Deutsch' },
          ]}
        />
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
