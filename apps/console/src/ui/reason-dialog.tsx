import { useState, type ReactNode } from 'react'
import { TextInput } from '@mantine/core'
import { FormDialog } from './form-dialog'
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
    <FormDialog
      opened={opened}
      title={title}
      action={action}
      dangerous={dangerous}
      error={error}
      isPending={isPending}
      onClose={props.onClose}
      onSubmit={(event) => {
        event.preventDefault()
        props.onConfirm(reason.trim())
      }}
    >
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
    </FormDialog>
  )
}
