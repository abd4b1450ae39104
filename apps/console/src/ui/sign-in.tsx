import { createContext, useContext, useState, type ReactNode } from 'react'
import { Button, Group, Modal, PasswordInput, Stack, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { signIn } from '../api/session'
import { useTexts } from './texts'

const OpenSignIn = createContext<() => void>(() => {})

/** Opens the form for signing in. The page stays where it is. */
export const useSignIn = () => useContext(OpenSignIn)

export function SignInProvider({ children }: { children: ReactNode }) {
  const texts = useTexts()
  const [opened, { open, close }] = useDisclosure(false)
  return (
    <OpenSignIn value={open}>
      {children}
      <Modal
        opened={opened}
        onClose={close}
        title={texts.signIn}
        closeButtonProps={{ 'aria-label': texts.cancel }}
      >
        <SignInForm onDone={close} />
      </Modal>
    </OpenSignIn>
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
