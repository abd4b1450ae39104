import { Button, Group, Modal, NumberInput, Stack, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { ordinal } from '../../api/ordinal'
import { useChange } from '../../ui/mutate'
import { FormError } from '../../ui/reason-dialog'
import { useTexts } from '../../ui/texts'
import { useUsersTexts } from './texts'

export function NewUser({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const shared = useTexts()
  const texts = useUsersTexts()
  const form = useForm({ initialValues: { name: '', email: '', age: 30 } })
  const make = useChange({
    run: () => ordinal().users.create(form.getValues()),
    changes: ['users'],
    done: ({ name }) => texts.made(name),
    onDone: () => {
      form.reset()
      onClose()
    },
  })
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={texts.make}
      closeButtonProps={{ 'aria-label': shared.cancel }}
    >
      <form onSubmit={form.onSubmit(() => make.mutate(undefined))}>
        <Stack>
          <TextInput data-autofocus label={texts.name} required {...form.getInputProps('name')} />
          <TextInput label={texts.email} type="email" required {...form.getInputProps('email')} />
          <NumberInput label={texts.age} required min={0} max={150} {...form.getInputProps('age')} />
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
  )
}
