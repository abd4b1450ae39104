import { Group, NumberInput, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { ordinal } from '../../api/ordinal'
import { useChange } from '../../ui/mutate'
import { FormDialog } from '../../ui/form-dialog'
import { useOrdersTexts } from './texts'

interface PlaceOrderProps {
  opened: boolean
  /** Whose order it will be, if that is known. */
  userId?: number | undefined
  onClose: () => void
}

export function PlaceOrder({ opened, userId, onClose }: PlaceOrderProps) {
  const texts = useOrdersTexts()
  const form = useForm({
    initialValues: { user: userId ?? '', product: '', quantity: 1, price: 0 },
  })
  const place = useChange({
    run: () => {
      const { user, product, quantity, price } = form.getValues()
      return ordinal().orders.create({
        user_id: Number(user),
        product_id: product,
        quantity,
        total_price: price,
      })
    },
    changes: ['orders', 'numbers'],
    done: ({ order_number, reference }) => texts.placedDone(order_number ?? reference),
    onDone: () => {
      form.reset()
      onClose()
    },
  })
  return (
    <FormDialog
      opened={opened}
      title={texts.place}
      error={place.error}
      isPending={place.isPending}
      onClose={onClose}
      onSubmit={form.onSubmit(() => place.mutate(undefined))}
    >
      <NumberInput
        data-autofocus
        label={texts.user}
        description={texts.userHelp}
        required
        min={1}
        hideControls
        {...form.getInputProps('user')}
      />
      <TextInput label={texts.product} placeholder="PROD-123" required {...form.getInputProps('product')} />
      <Group grow>
        <NumberInput label={texts.quantity} required min={1} {...form.getInputProps('quantity')} />
        <NumberInput
          label={texts.total}
          required
          min={0}
          decimalScale={2}
          fixedDecimalScale
          {...form.getInputProps('price')}
        />
      </Group>
    </FormDialog>
  )
}
