import { useState } from 'react'
import { Button, Group, Modal, Stack, Textarea, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { ordinal } from '../../api/ordinal'
import { useChange } from '../../ui/mutate'
import { FormError } from '../../ui/reason-dialog'
import { SecretDialog } from '../../ui/secret-dialog'
import { useTexts } from '../../ui/texts'
import { useApiKeysTexts } from './texts'

export function NewKey({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const shared = useTexts()
  const texts = useApiKeysTexts()
  const [secret, setSecret] = useState<string>()
  const form = useForm({ initialValues: { name: '', scopes: '', end: '', reason: '' } })
  const make = useChange({
    run: () => {
      const { name, scopes, end, reason } = form.getValues()
      const wanted = scopes.split(/[\s,]+/).filter(Boolean)
      return ordinal().apiKeys.create({
        name,
        scopes: wanted.length > 0 ? wanted : null,
        expires_at: end ? new Date(end).toISOString() : null,
        ...(reason.trim() && { reason: reason.trim() }),
      })
    },
    changes: ['api-keys'],
    done: ({ api_key }) => texts.made(api_key.name),
    onDone: ({ key }) => {
      form.reset()
      onClose()
      setSecret(key)
    },
  })
  return (
    <>
      <Modal
        opened={opened}
        onClose={onClose}
        title={texts.make}
        closeButtonProps={{ 'aria-label': shared.cancel }}
      >
        <form onSubmit={form.onSubmit(() => make.mutate(undefined))}>
          <Stack>
            <TextInput
              data-autofocus
              label={texts.name}
              description={texts.nameHelp}
              placeholder="erp-system"
              required
              maxLength={64}
              {...form.getInputProps('name')}
            />
            <Textarea
              label={texts.scopes}
              description={texts.scopesHelp}
              rows={3}
              classNames={{ input: 'mono' }}
              {...form.getInputProps('scopes')}
            />
            <TextInput
              type="datetime-local"
              label={texts.expires}
              description={texts.expiresHelp}
              {...form.getInputProps('end')}
            />
            <TextInput label={texts.reasonOptional} maxLength={500} {...form.getInputProps('reason')} />
            <FormError error={make.error} />
            <Group justify="flex-end">
              <Button variant="default" onClick={onClose}>
                {shared.cancel}
              </Button>
              <Button type="submit" loading={make.isPending}>
                {texts.make}
              </Button>
            </Group>
          </Stack>
        </form>
      </Modal>
      <SecretDialog secret={secret} title={texts.secret} onClose={() => setSecret(undefined)} />
    </>
  )
}
