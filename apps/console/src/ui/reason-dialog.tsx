import { useState, type ReactNode } from 'react'
import { Button, Group, Modal, Stack, TextInput } from '@mantine/core'
import { ProblemError } from '@ordinal/client'
import { Failure, ProblemLine } from './states'
import { useTexts } from './texts'

interface ReasonDialogProps {
  opened: boolean
  /** Names what it is about. */
  title: string
  /** What will be so afterwards. */
  consequence: ReactNode
  action: string
  dangerous?: boolean
  /** Whether there is a record for a reason; without it only the consequence is confirmed. */
  asksReason?: boolean
  /** Further fields of the form. */
  children?: ReactNode
  error: unknown
  isPending: boolean
  onClose: () => void
  onConfirm: (reason: string) => void
}

/** Names the consequence of what cannot be taken back, and asks for the reason where it stays on record. */
export function ReasonDialog(props: ReasonDialogProps) {
  const { opened, title, consequence, action, dangerous = false, asksReason = true, error, isPending } = props
  const texts = useTexts()
  const [reason, setReason] = useState('')
  return (
    <Modal
      opened={opened}
      onClose={props.onClose}
      title={title}
      closeButtonProps={{ 'aria-label': texts.cancel }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault()
          props.onConfirm(reason.trim())
        }}
      >
        <Stack>
          <div>{consequence}</div>
          {props.children}
          {asksReason && (
            <TextInput
              data-autofocus
              label={texts.reason}
              description={texts.reasonHelp}
              value={reason}
              onChange={(event) => setReason(event.currentTarget.value)}
              required
              maxLength={500}
            />
          )}
          <FormError error={error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={props.onClose}>
              {texts.cancel}
            </Button>
            <Button type="submit" color={dangerous ? 'red.8' : undefined} loading={isPending}>
              {action}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}

/** Why what was asked for in a form was refused. */
export function FormError({ error }: { error: unknown }) {
  if (!error) return null
  if (error instanceof ProblemError && error.status !== 401) {
    return (
      <div className="form-error">
        <ProblemLine error={error} align="flex-start" />
      </div>
    )
  }
  return <Failure error={error} />
}
