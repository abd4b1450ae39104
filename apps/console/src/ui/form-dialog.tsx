import type { ComponentProps, ReactNode } from 'react'
import { Button, Group, Modal, Stack } from '@mantine/core'
import { FormError } from './form-error'
import { useTexts } from './texts'

interface FormDialogProps {
  opened: boolean
  title: string
  /** What the button says that sends it: the title, if not given. */
  action?: string
  dangerous?: boolean
  /** The fields. */
  children: ReactNode
  /** Why it was refused. */
  error: unknown
  isPending: boolean
  onClose: () => void
  onSubmit: ComponentProps<'form'>['onSubmit']
}

/** A form in a dialog: its fields, why it was refused, and the buttons that leave and send it. */
export function FormDialog(props: FormDialogProps) {
  const { opened, title, action = title, dangerous = false, onClose } = props
  const texts = useTexts()
  return (
    <Modal opened={opened} onClose={onClose} title={title} closeButtonProps={{ 'aria-label': texts.cancel }}>
      <form onSubmit={props.onSubmit}>
        <Stack>
          {props.children}
          <FormError error={props.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {texts.cancel}
            </Button>
            <Button type="submit" color={dangerous ? 'red.8' : undefined} loading={props.isPending}>
              {action}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
