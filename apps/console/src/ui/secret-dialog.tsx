import { Alert, Button, Group, Modal, Stack } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { IconCopy } from '@tabler/icons-react'
import { useTexts } from './texts'

interface SecretDialogProps {
  /** Undefined: nothing is shown. */
  secret: string | undefined
  title: string
  onClose: () => void
}

/** Shows a secret, which nobody is shown again. It is closed only by its button. */
export function SecretDialog({ secret, title, onClose }: SecretDialogProps) {
  const texts = useTexts()
  return (
    <Modal
      opened={secret !== undefined}
      onClose={onClose}
      title={title}
      withCloseButton={false}
      closeOnClickOutside={false}
      closeOnEscape={false}
    >
      <Stack>
        <Alert color="yellow">{texts.shownOnce}</Alert>
        <code className="secret" tabIndex={0}>
          {secret}
        </code>
        <Group justify="flex-end">
          <Button
            variant="default"
            leftSection={<IconCopy size={16} aria-hidden />}
            onClick={() =>
              void navigator.clipboard
                .writeText(secret ?? '')
                .then(() => notifications.show({ message: texts.copied }))
            }
          >
            {texts.copy}
          </Button>
          <Button data-autofocus onClick={onClose}>
            {texts.keptIt}
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}
