import { useState } from 'react'
import { Alert, Button, Divider, Group, Modal, PasswordInput, Stack, Text } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { ProblemError } from '@ordinal/client'
import type { OidcConfig } from '../api/config'
import { identityProvider, signInFailure } from '../api/identity-provider'
import { requireTaken } from '../api/ordinal'
import { read, signIn, type Session } from '../api/session'
import { ProblemLine } from './states'
import { useTexts } from './texts'
import { insert } from './typed'

interface SignInDialogProps {
  opened: boolean
  /** What was typed before the dialog was there. */
  takeTyped: () => string
  onClose: () => void
}

/** The form for signing in: a token or a key is pasted. */
export function SignInDialog({ opened, takeTyped, onClose }: SignInDialogProps) {
  const texts = useTexts()
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={texts.signIn}
      closeButtonProps={{ 'aria-label': texts.cancel }}
    >
      <Provider />
      <SignInForm takeTyped={takeTyped} onDone={onClose} />
    </Modal>
  )
}

/** Signing in at the identity provider, if there is one. */
function Provider() {
  const provider = identityProvider()
  return provider ? <AtProvider provider={provider} /> : null
}

function AtProvider({ provider }: { provider: OidcConfig }) {
  const texts = useTexts()
  const leave = useMutation({
    mutationFn: async () => (await import('../api/oidc')).leaveToSignIn(provider),
  })
  const failure = leave.error ?? signInFailure()
  return (
    <Stack mb="md">
      {failure && (
        <Alert color="red" role="alert" title={texts.signInFailed}>
          {reasonOf(failure)}
        </Alert>
      )}
      <Button data-autofocus loading={leave.isPending || leave.isSuccess} onClick={() => leave.mutate()}>
        {texts.signInAt(new URL(provider.issuer).host)}
      </Button>
      <Divider label={texts.or} />
    </Stack>
  )
}

/** In the provider's own words, where it has any. */
const reasonOf = (error: Error & { error_description?: string }) =>
  error.error_description ? `${error.message}: ${error.error_description}` : error.message

function SignInForm({ takeTyped, onDone }: { takeTyped: () => string; onDone: () => void }) {
  const texts = useTexts()
  // Beside an identity provider the field does not get the focus by itself.
  const [pasted, setPasted] = useState(() => (identityProvider() ? takeTyped() : ''))
  const [isEmpty, setEmpty] = useState(false)
  const enter = useMutation({
    mutationFn: async (session: Session) => {
      await requireTaken(session)
      signIn(pasted)
    },
    onSuccess: onDone,
  })
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        const session = read(pasted)
        setEmpty(!session)
        if (session) enter.mutate(session)
      }}
    >
      <Stack>
        {enter.error instanceof ProblemError && (
          <Alert color="red" title={texts.signInFailed}>
            <ProblemLine error={enter.error} align="flex-start" />
          </Alert>
        )}
        <PasswordInput
          data-autofocus={identityProvider() ? undefined : true}
          label={texts.token}
          value={pasted}
          onFocus={({ currentTarget }) => insert(currentTarget, takeTyped())}
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
          <Button type="submit" loading={enter.isPending}>
            {texts.signIn}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
