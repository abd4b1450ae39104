import { ActionIcon, Menu } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { IconCopy } from '@tabler/icons-react'
import { copiesOf, type CopiedCall } from './copies'
import { useTexts } from './texts'

interface CopyMenuProps {
  call: CopiedCall
  /** What the call has given, once it is there. */
  json: unknown
}

/** Copies what is shown as curl, as code or as JSON. */
export function CopyMenu({ call, json }: CopyMenuProps) {
  const texts = useTexts()
  const { curl, code } = copiesOf(call)
  const copies = [
    [texts.copyCurl, curl],
    [texts.copyCode, code],
    ...(json === undefined ? [] : [[texts.copyJson, JSON.stringify(json, null, 2)] as const]),
  ] as const
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={texts.copy}>
          <IconCopy size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {copies.map(([name, text]) => (
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
