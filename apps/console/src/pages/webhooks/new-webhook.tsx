import { useState } from 'react'
import { Checkbox, Stack, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import type { NewWebhook as Wanted } from '@ordinal/client'
import { ordinal } from '../../api/ordinal'
import { useChange } from '../../ui/mutate'
import { FormDialog } from '../../ui/form-dialog'
import { SecretDialog } from '../../ui/secret-dialog'
import { useWebhooksTexts } from './texts'

const eventTypes: Wanted['event_types'] = ['order.created', 'order.updated', 'order.deleted']
const nothing: { url: string; description: string; types: string[] } = {
  url: '',
  description: '',
  types: eventTypes,
}

export function NewWebhook({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const texts = useWebhooksTexts()
  const [secret, setSecret] = useState<string>()
  const form = useForm({
    initialValues: nothing,
    validate: { types: (types) => (types.length === 0 ? texts.typesNeeded : null) },
  })
  const make = useChange({
    run: () => {
      const { url, description, types } = form.getValues()
      return ordinal().webhooks.create({
        url,
        description,
        event_types: types as Wanted['event_types'],
        enabled: true,
      })
    },
    changes: ['webhooks'],
    done: ({ url }) => texts.made(url),
    onDone: (made) => {
      form.reset()
      onClose()
      setSecret(made.secret)
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
          label={texts.url}
          description={texts.urlHelp}
          placeholder="https://receiver.example.com/orders"
          required
          {...form.getInputProps('url')}
        />
        <Checkbox.Group label={texts.types} {...form.getInputProps('types')}>
          <Stack gap="xs" mt="xs">
            {eventTypes.map((type) => (
              <Checkbox key={type} value={type} label={type} />
            ))}
          </Stack>
        </Checkbox.Group>
        <TextInput label={texts.description} maxLength={200} {...form.getInputProps('description')} />
      </FormDialog>
      <SecretDialog secret={secret} title={texts.secret} onClose={() => setSecret(undefined)} />
    </>
  )
}
