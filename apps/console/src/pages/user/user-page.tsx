import { useState } from 'react'
import { Alert, Button, Checkbox, Group, NumberInput, Stack, Text, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { ChangedMeanwhileError, type User } from '@ordinal/client'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { ordersOf, userOf } from '../../api/document-queries'
import { ordinal, services } from '../../api/ordinal'
import { CopyMenu } from '../../ui/copy-menu'
import { useChange } from '../../ui/mutate'
import { Amount } from '../../ui/numbers'
import { Card, Mono, NeedsRole, Page } from '../../ui/page'
import { FormError } from '../../ui/form-error'
import { ReasonDialog } from '../../ui/reason-dialog'
import { dataOf, QueryState } from '../../ui/states'
import { useTexts } from '../../ui/texts'
import { OrderBadge } from '../orders/order-badge'
import { ActiveBadge } from '../users/users-page'
import { useUsersTexts } from '../users/texts'

const route = getRouteApi('/users/$id')

export function UserPage() {
  const shared = useTexts()
  const { id } = route.useParams()
  const query = useQuery({ ...userOf(Number(id)), staleTime: Infinity })
  const user = dataOf(query)
  return (
    <Page
      title={user?.name ?? shared.goTo.user(id)}
      badge={user && <ActiveBadge active={user.active} />}
      about={user?.email}
      actions={
        user && (
          <CopyMenu
            call={{ service: 'users', path: `/api/v1/users/${id}`, code: `ordinal.users.get(${id})` }}
            json={user}
          />
        )
      }
    >
      <QueryState query={query} others={{ to: '/users', name: shared.users }}>
        {(found) => (
          <div className="grid-wide">
            <Edit key={found.version} user={found} onReload={() => void query.refetch()} />
            <Orders userId={found.id} />
          </div>
        )}
      </QueryState>
    </Page>
  )
}

/** Changes a user, if it still is as it was read. */
function Edit({ user, onReload }: { user: User; onReload: () => void }) {
  const shared = useTexts()
  const texts = useUsersTexts()
  const { name, email, age, active, version } = user
  const form = useForm({ initialValues: { name, email, age, active } })
  const save = useChange({
    run: () => ordinal().users.update(user.id, form.getValues(), { ifVersion: version }),
    changes: ['users'],
    done: (saved) => texts.saved(saved.name),
  })
  const isChanged = save.error instanceof ChangedMeanwhileError
  const [asked, setAsked] = useState(false)
  return (
    <Card title={texts.edit}>
      <form
        onSubmit={form.onSubmit(({ active: remains }) => {
          if (active && !remains) setAsked(true)
          else save.mutate(undefined)
        })}
      >
        <Stack gap="sm">
          <TextInput label={texts.name} required {...form.getInputProps('name')} />
          <TextInput label={texts.email} type="email" required {...form.getInputProps('email')} />
          <NumberInput label={texts.age} required min={0} max={150} {...form.getInputProps('age')} />
          <Checkbox label={texts.isActive} {...form.getInputProps('active', { type: 'checkbox' })} />
          {isChanged ? (
            <Alert color="yellow" role="alert">
              <Stack gap="xs" align="flex-start">
                {shared.changedMeanwhile}
                <Button variant="default" onClick={onReload}>
                  {shared.refresh}
                </Button>
              </Stack>
            </Alert>
          ) : (
            <FormError error={save.error} />
          )}
          <NeedsRole role="operator" openIn="users" saysWhy>
            {(allowed, whyNot) => (
              <Group>
                <Button
                  type="submit"
                  disabled={!allowed || isChanged}
                  aria-describedby={whyNot}
                  loading={save.isPending}
                >
                  {shared.save}
                </Button>
                <Text size="sm" c="dimmed">
                  {texts.version} {version}
                </Text>
              </Group>
            )}
          </NeedsRole>
        </Stack>
      </form>
      <ReasonDialog
        opened={asked && !isChanged}
        title={texts.deactivateTitle(name)}
        consequence={texts.deactivateWill}
        action={texts.deactivate}
        dangerous
        asksReason={false}
        error={save.error}
        isPending={save.isPending}
        onClose={() => setAsked(false)}
        onConfirm={() => save.mutate(undefined)}
      />
    </Card>
  )
}

function Orders({ userId }: { userId: number }) {
  const texts = useUsersTexts()
  const query = useQuery({ ...ordersOf({ user: userId }), enabled: services().orders !== undefined })
  if (services().orders === undefined) return null
  return (
    <Card
      title={texts.orders}
      actions={
        <Link to="/orders" search={{ user: userId }} className="link">
          {texts.allOrders}
        </Link>
      }
    >
      <QueryState query={query}>
        {({ data }) =>
          data.length === 0 ? (
            <Text c="dimmed">{texts.noOrders}</Text>
          ) : (
            <ul className="plain-list feed" tabIndex={0} aria-label={texts.orders}>
              {data.slice(0, 20).map(({ id, order_number, status, total_price }) => (
                <li key={id}>
                  <Link to="/orders/$id" params={{ id: String(id) }} className="link mono">
                    {order_number ?? id}
                  </Link>
                  <OrderBadge status={status} />
                  <span className="feed-when">
                    <Mono>
                      <Amount of={total_price} />
                    </Mono>
                  </span>
                </li>
              ))}
            </ul>
          )
        }
      </QueryState>
    </Card>
  )
}
