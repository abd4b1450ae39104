import { useState } from 'react'
import { Button, Group, Modal, PasswordInput, Stack, Text } from '@mantine/core'
import { signIn } from '../api/session'
import { useTexts } from './texts'

/** The form for signing in: a token or a key is pasted. */
export function SignInDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const texts = useTexts()
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={texts.signIn}
      closeButtonProps={{ 'aria-label': texts.cancel }}
    >
      <SignInForm onDone={onClose} />
    </Modal>
  )
}

function SignInForm({ onDone }: { onDone: () => void }) {
  const texts = useTexts()
  const [pasted, setPasted] = useState('')
  const [isEmpty, setEmpty] = useState(false)
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (signIn(pasted)) onDone()
        else setEmpty(true)
      }}
    >
      <Stack>
        <PasswordInput
          data-autofocus
          label={texts.token}
          value={pasted}
          onChange={(event) => setPasted(event.currentTarget.value)}
          error={isEmpty && texts.tokenNeeded}
          autoComplete="off"
          spellCheck={false}
          classNames={{ innerInput: 'mono' }}
        />
        <Text size="sm" c="dimmed">
          {texts.tokenHelp}
        </Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={onDone}>
            {texts.cancel}
          </Button>
          <Button type="submit">{texts.signIn}</Button>
        </Group>
      </Stack>
    </form>
  )
}
