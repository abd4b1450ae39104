import type { ComponentProps } from 'react'
import { ActionIcon, Button } from '@mantine/core'
import { IconSettings, IconUser } from '@tabler/icons-react'
import type { Session } from '../api/session'
import { useTexts } from '../ui/texts'

// What opens the menus at the top; they are there before the menus are loaded.

export function SettingsButton(props: ComponentProps<typeof ActionIcon<'button'>>) {
  const texts = useTexts()
  return (
    <ActionIcon variant="subtle" color="gray" aria-label={texts.settings} {...props}>
      <IconSettings size={18} />
    </ActionIcon>
  )
}

export function AccountButton({
  session,
  ...props
}: ComponentProps<typeof Button<'button'>> & { session: Session }) {
  const texts = useTexts()
  return (
    <Button size="xs" variant="default" leftSection={<IconUser size={14} aria-hidden />} {...props}>
      {session.role ?? texts.kinds[session.kind]}
      {session.role === 'viewer' && ` · ${texts.readOnly}`}
    </Button>
  )
}
