import { ActionIcon, Menu } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { IconCopy } from '@tabler/icons-react'
import { useTexts } from './texts'

/** Copies one of several texts, by what they are. A token stays a variable in them. */
export function CopyMenu({ what }: { what: Readonly<Record<string, string>> }) {
  const texts = useTexts()
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={texts.copy}>
          <IconCopy size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {Object.entries(what).map(([name, text]) => (
          <Menu.Item
            key={name}
            onClick={() =>
              void navigator.clipboard
                .writeText(text)
                .then(() => notifications.show({ message: texts.copied }))
            }
          >
            {name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}
