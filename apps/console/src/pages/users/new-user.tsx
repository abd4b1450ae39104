import { NumberInput, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { ordinal } from '../../api/ordinal'
import { useChange } from '../../ui/mutate'
import { FormDialog } from '../../ui/form-dialog'
import { useUsersTexts } from './texts'

export function NewUser({ opened, onClose }: { opened: boolean; onClose: () => void }) {
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
    <FormDialog
      opened={opened}
      title={texts.make}
      error={make.error}
      isPending={make.isPending}
      onClose={onClose}
      onSubmit={form.onSubmit(() => make.mutate(undefined))}
    >
      <TextInput data-autofocus label={texts.name} required {...form.getInputProps('name')} />
      <TextInput label={texts.email} type="email" required {...form.getInputProps('email')} />
      <NumberInput label={texts.age} required min={0} max={150} {...form.getInputProps('age')} />
    </FormDialog>
  )
}
