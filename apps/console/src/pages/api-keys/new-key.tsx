import { useState } from 'react'
import { Textarea, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { ordinal } from '../../api/ordinal'
import { useChange } from '../../ui/mutate'
import { FormDialog } from '../../ui/form-dialog'
import { SecretDialog } from '../../ui/secret-dialog'
import { useApiKeysTexts } from './texts'

export function NewKey({ opened, onClose }: { opened: boolean; onClose: () => void }) {
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
      <FormDialog
        opened={opened}
        title={texts.make}
        error={make.error}
        isPending={make.isPending}
        onClose={onClose}
        onSubmit={form.onSubmit(() => make.mutate(undefined))}
      >
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
      </FormDialog>
      <SecretDialog secret={secret} title={texts.secret} onClose={() => setSecret(undefined)} />
    </>
  )
}
